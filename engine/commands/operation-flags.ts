import type { FlagSpec } from './flags.ts';
import { cloudFlags, jsonFlag, showSecretsFlag, stackFlag, yesFlag } from './shared-flags.ts';

/** Flags of preview, up, refresh, destroy and import. */
const commonFlags: readonly FlagSpec[] = [
  stackFlag,
  jsonFlag,
  { name: 'config-file', kind: 'text', summary: 'Use the settings of this file' },
  { name: 'debug', short: 'd', kind: 'boolean', summary: 'Show debug messages' },
  { name: 'diff', kind: 'boolean', summary: 'Show what changes in each resource' },
  { name: 'event-log', kind: 'text', summary: 'Log the events to a file, or to a server at tcp://host:port' },
  { name: 'message', short: 'm', kind: 'text', summary: 'A message to keep with the update' },
  { name: 'parallel', short: 'p', kind: 'integer', summary: 'How many resource operations run at once' },
  { name: 'suppress-outputs', kind: 'boolean', summary: "Do not show the stack's outputs" },
  { name: 'suppress-permalink', kind: 'optional', whenBare: 'true', summary: 'Accepted; there is no permalink' },
  { name: 'suppress-progress', kind: 'boolean', summary: 'Show only what was done' },
  { name: 'skip-plugin-pre-install', kind: 'boolean', summary: 'As ever here: plugins are never installed beforehand' },
  { name: 'urns', kind: 'boolean', summary: 'Show URNs in full' },
  // The Automation API's own, hidden by the official CLI too.
  { name: 'exec-kind', kind: 'text', summary: 'Who runs the command', hidden: true },
  { name: 'exec-agent', kind: 'text', summary: 'Who runs the command', hidden: true },
  { name: 'client', kind: 'text', summary: 'Address of an inline program', hidden: true },
];

const configFlags: readonly FlagSpec[] = [
  { name: 'config', short: 'c', kind: 'list', summary: 'A setting, key=value, to use and to save in the stack file' },
  { name: 'config-path', kind: 'boolean', summary: 'The keys of --config are paths' },
  {
    name: 'skip-config-validation',
    kind: 'boolean',
    summary: '',
    unsupported: 'it always checks settings against the declarations of Pulumi.yaml',
  },
];

const scopeFlags: readonly FlagSpec[] = [
  {
    name: 'target',
    short: 't',
    kind: 'list',
    summary: 'URN or pattern of a resource to work on; others are left alone',
  },
  { name: 'target-dependents', kind: 'boolean', summary: 'Also what depends on the targets' },
  { name: 'exclude', short: 'x', kind: 'list', summary: 'URN or pattern of a resource to leave alone' },
  { name: 'exclude-dependents', kind: 'boolean', summary: 'Also what depends on the excluded ones' },
  { name: 'run-program', kind: 'boolean', summary: 'Run the program for its providers and hooks' },
];

const showFlags: readonly FlagSpec[] = [
  { name: 'show-config', kind: 'boolean', summary: 'Show the settings' },
  { name: 'show-full-output', kind: 'boolean', summary: 'Show long values in full' },
  { name: 'show-replacement-steps', kind: 'boolean', summary: 'Show the creates and deletes of replacements' },
  { name: 'show-sames', kind: 'boolean', summary: 'Show resources that do not change' },
  { name: 'show-reads', kind: 'boolean', summary: 'Show resources that are read' },
  showSecretsFlag,
];

const refreshFirstFlag: FlagSpec = {
  name: 'refresh',
  short: 'r',
  kind: 'optional',
  whenBare: 'true',
  summary: 'Refresh first',
};

const expectNoChangesFlag: FlagSpec = {
  name: 'expect-no-changes',
  kind: 'boolean',
  summary: 'Fail if anything changes',
};

const confirmFlags: readonly FlagSpec[] = [
  yesFlag,
  { name: 'skip-preview', short: 'f', kind: 'boolean', summary: 'No preview before' },
];

const previewOnlyFlag: FlagSpec = { name: 'preview-only', kind: 'boolean', summary: 'Only a preview' };

const ignoreProtectFlag: FlagSpec = {
  name: 'ignore-protect',
  kind: 'boolean',
  summary: '',
  unsupported: 'it never acts against a protection; remove it with `pulumi state unprotect`',
};

const debuggerFlag: FlagSpec = {
  name: 'attach-debugger',
  kind: 'optional',
  summary: '',
  unsupported: 'it starts programs without a debugger',
};

const programFlags: readonly FlagSpec[] = [
  ...configFlags,
  ...scopeFlags,
  ...showFlags,
  refreshFirstFlag,
  expectNoChangesFlag,
  ignoreProtectFlag,
  debuggerFlag,
  { name: 'replace', kind: 'list', summary: 'URN or pattern of a resource to replace' },
  { name: 'target-replace', kind: 'list', summary: 'Both --target and --replace' },
  { name: 'policy-pack', kind: 'comma-list', summary: 'Folder of a policy pack to run' },
  { name: 'policy-pack-config', kind: 'comma-list', summary: 'Configuration file of a policy pack' },
  {
    name: 'show-policy-remediations',
    kind: 'boolean',
    summary: 'Show each remediation with what it changes',
  },
];

const secretsProviderFlag: FlagSpec = {
  name: 'secrets-provider',
  kind: 'text',
  summary: '',
  unsupported: 'it makes no stacks here; use `pulumi stack init --secrets-provider`',
};

export const previewFlags: readonly FlagSpec[] = [
  ...commonFlags,
  ...programFlags,
  ...cloudFlags,
  { name: 'save-plan', kind: 'text', summary: 'Save the planned steps, for `up --plan`' },
  { name: 'import-file', kind: 'text', summary: 'Write what would be created to a file for `import --file`' },
];

export const upFlags: readonly FlagSpec[] = [
  ...commonFlags,
  ...programFlags,
  ...confirmFlags,
  ...cloudFlags,
  secretsProviderFlag,
  { name: 'continue-on-error', kind: 'boolean', summary: 'Go on with what does not depend on a failed resource' },
  { name: 'plan', kind: 'text', summary: 'Allow only the steps of this plan' },
  {
    name: 'strict',
    kind: 'boolean',
    summary: '',
    unsupported: 'save a plan with `preview --save-plan` and give it with --plan',
  },
];

export const refreshFlags: readonly FlagSpec[] = [
  ...commonFlags,
  ...configFlags,
  ...scopeFlags,
  ...showFlags,
  ...confirmFlags,
  ...cloudFlags,
  previewOnlyFlag,
  expectNoChangesFlag,
  { name: 'clear-pending-creates', kind: 'boolean', summary: 'Forget creates that were interrupted' },
  { name: 'import-pending-creates', kind: 'list', summary: '', unsupported: 'import them with `pulumi import`' },
  { name: 'skip-pending-creates', kind: 'boolean', summary: 'Leave creates that were interrupted as they are' },
];

export const destroyFlags: readonly FlagSpec[] = [
  ...commonFlags,
  ...configFlags,
  ...scopeFlags,
  ...showFlags,
  ...confirmFlags,
  ...cloudFlags,
  previewOnlyFlag,
  refreshFirstFlag,
  ignoreProtectFlag,
  { name: 'continue-on-error', kind: 'boolean', summary: 'Go on with what does not depend on a failed resource' },
  { name: 'exclude-protected', kind: 'boolean', summary: 'Keep protected resources and what they need' },
  { name: 'remove', kind: 'boolean', summary: 'Remove the stack afterwards' },
];

export const importFlags: readonly FlagSpec[] = [
  ...commonFlags,
  ...confirmFlags.map((flag) => (flag.name === 'skip-preview' ? { ...flag, short: undefined } : flag)),
  ...showFlags,
  previewOnlyFlag,
  { name: 'file', short: 'f', kind: 'text', summary: 'JSON file of what to import' },
  { name: 'from', kind: 'text', summary: '', unsupported: 'it has no converters' },
  { name: 'generate-code', kind: 'boolean', summary: 'Only false: there is no code generation here' },
  { name: 'generate-resources', kind: 'text', summary: '', unsupported: 'it has no converters' },
  {
    name: 'out',
    short: 'o',
    kind: 'text',
    summary: '',
    unsupported: 'it generates no code; give --generate-code=false',
  },
  { name: 'parent', kind: 'text', summary: 'name=URN of the parent' },
  { name: 'properties', kind: 'comma-list', summary: 'Properties to import' },
  { name: 'protect', kind: 'boolean', summary: 'Protect what is imported (default)' },
  { name: 'provider', kind: 'text', summary: 'name=URN of the provider' },
];
