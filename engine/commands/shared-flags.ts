import type { FlagSpec } from './flags.ts';

const cloud = 'it needs Pulumi Cloud';

/** Flags of every command. */
export const globalFlags: readonly FlagSpec[] = [
  { name: 'color', kind: 'text', summary: 'Colours: always, never, raw, auto (default)' },
  { name: 'cwd', short: 'C', kind: 'text', summary: 'Run as if started in another directory' },
  {
    name: 'disable-integrity-checking',
    kind: 'boolean',
    summary: '',
    unsupported: 'it never writes or uses a state that fails the check',
  },
  { name: 'emoji', short: 'e', kind: 'boolean', summary: 'An emoji in the line that shows that something runs' },
  { name: 'fully-qualify-stack-names', short: 'Q', kind: 'boolean', summary: 'Show fully-qualified stack names' },
  { name: 'logflow', kind: 'boolean', summary: 'Plugins log as this command does, too' },
  { name: 'logtostderr', kind: 'boolean', summary: 'Log to standard error, not to a file' },
  { name: 'memprofilerate', kind: 'integer', summary: '', unsupported: 'it profiles the official executable' },
  { name: 'non-interactive', kind: 'boolean', summary: 'Never ask' },
  { name: 'otel-traces', kind: 'text', summary: '', unsupported: 'it exports no traces' },
  { name: 'profiling', kind: 'text', summary: '', unsupported: 'it profiles the official executable' },
  { name: 'tracing', kind: 'text', summary: '', unsupported: 'it exports no traces' },
  { name: 'tracing-header', kind: 'text', summary: '', unsupported: 'it exports no traces' },
  { name: 'verbose', short: 'v', kind: 'integer', summary: 'Log what is done: 1 and above, debug messages from 2 on' },
];

export const stackFlag: FlagSpec = {
  name: 'stack',
  short: 's',
  kind: 'text',
  summary: 'The stack to work on. Default: the selected one',
};

export const yesFlag: FlagSpec = { name: 'yes', short: 'y', kind: 'boolean', summary: 'Do not ask for confirmation' };

export const showSecretsFlag: FlagSpec = {
  name: 'show-secrets',
  kind: 'boolean',
  summary: 'Show secrets in plain text',
};

export const jsonFlag: FlagSpec = { name: 'json', short: 'j', kind: 'boolean', summary: 'Write JSON' };

/** Newer commands take `--output json`, older ones `--json`. */
export const outputFlags: readonly FlagSpec[] = [
  jsonFlag,
  { name: 'output', kind: 'text', summary: 'Format: default or json' },
];

const remoteNames = [
  ...['remote', 'remote-inherit-settings', 'remote-skip-install-dependencies'].map(
    (name) => [name, 'boolean'] as const,
  ),
  ...[
    'remote-agent-pool-id',
    'remote-env',
    'remote-env-secret',
    'remote-executor-image',
    'remote-executor-image-password',
    'remote-executor-image-username',
    'remote-git-auth-access-token',
    'remote-git-auth-password',
    'remote-git-auth-ssh-private-key',
    'remote-git-auth-ssh-private-key-path',
    'remote-git-auth-username',
    'remote-git-branch',
    'remote-git-commit',
    'remote-git-repo-dir',
    'remote-pre-run-command',
  ].map((name) => [name, 'text'] as const),
];

/** Flags of operations that only Pulumi Cloud can serve. */
export const cloudFlags: readonly FlagSpec[] = [
  ...remoteNames.map(([name, kind]) => ({ name, kind, summary: '', unsupported: cloud })),
  { name: 'suppress-stream-logs', kind: 'boolean', summary: '', unsupported: cloud },
  { name: 'override-env', kind: 'list', summary: '', unsupported: cloud },
  { name: 'neo', kind: 'boolean', summary: '', unsupported: cloud },
  { name: 'neo-task-on-failure', kind: 'boolean', summary: '', unsupported: cloud },
];
