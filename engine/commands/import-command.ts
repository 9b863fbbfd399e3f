import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, userError } from '../../foundation/errors.ts';
import type { ImportRequest } from '../deploy/deployment-options.ts';
import type { Registrar } from '../deploy/goal.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import { makeUrn } from '../deploy/urn.ts';
import type { OpenStack } from '../operations/open-stack.ts';
import { openStack, readStackConfig } from '../operations/open-stack.ts';
import { packagesOf } from '../operations/packages-of.ts';
import type { DefaultPackages } from '../plugins/default-packages.ts';
import {
  completeRequest,
  createDefaultProviders,
  type DefaultProviders,
  defaultProviderName,
} from '../plugins/default-providers.ts';
import type { StackConfig } from '../project/stack-config.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import { importFlags } from './operation-flags.ts';
import { operationOptions } from './operation-options-from-flags.ts';
import { perform, performPreview } from './perform.ts';

/** One resource of an import file (pkg/importer; `pulumi import --file`). */
interface ImportSpec {
  readonly type?: string;
  readonly name?: string;
  readonly id?: string;
  readonly parent?: string;
  readonly provider?: string;
  readonly version?: string;
  readonly pluginDownloadUrl?: string;
  readonly properties?: readonly string[];
  readonly component?: boolean;
  readonly remote?: boolean;
  readonly logicalName?: string;
}

interface ImportFile {
  readonly nameTable?: Readonly<Record<string, string>>;
  readonly resources?: readonly ImportSpec[];
}

export const importCommand: Command = {
  name: 'import',
  summary: 'Import resources into an existing stack',
  usage: '[type] [name] [id]',
  arguments: { minimum: 0, maximum: 3 },
  flags: importFlags,
  async run(context, args, flags) {
    if (flags.boolean('generate-code', true) && flags.isSet('generate-code'))
      throw new CommandFailure(
        'Cannot generate code for the imported resources as the embedded engine has no generator. Give --generate-code=false, or use the official Pulumi CLI.',
      );
    const stack = await openStack(context, { name: flags.text('stack'), configFile: flags.text('config-file') });
    const file = await importFileOf(context, args, flags);
    const config = await readStackConfig(stack);
    const { resources } = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
    const packages = await packagesOf(stack, { resources });
    const imports = importRequests(file, {
      stack,
      defaults: sharedDefaults(config, packages),
      packages,
      resources,
      protect: flags.boolean('protect', true),
    });
    const options = { ...operationOptions('import', context, flags), imports };
    const operation = { context, flags, stack, options };
    return flags.boolean('preview-only') ? performPreview(operation) : perform(operation);
  },
};

async function importFileOf(context: CommandContext, args: readonly string[], flags: Flags): Promise<ImportFile> {
  const path = flags.text('file');
  if (path !== undefined) {
    if (args.length > 0)
      throw new CommandFailure('an inline resource may not be specified in conjunction with an import file');
    return readImportFile(resolve(context.directory, path));
  }
  const [type, name, id] = args;
  if (type === undefined || name === undefined || id === undefined)
    throw new CommandFailure('an inline resource must be specified if no import file is used: <type> <name> <id>');
  const table: Record<string, string> = {};
  const reference = (flag: 'parent' | 'provider') => {
    const text = flags.text(flag);
    if (text === undefined) return undefined;
    const cut = text.indexOf('=');
    if (cut < 1)
      throw new CommandFailure(
        `could not parse --${flag} value ${JSON.stringify(text)}: it must be of the form name=URN`,
      );
    table[text.slice(0, cut)] = text.slice(cut + 1);
    return text.slice(0, cut);
  };
  const spec = {
    type,
    name,
    id,
    parent: reference('parent'),
    provider: reference('provider'),
    properties: flags.list('properties'),
  };
  return { nameTable: table, resources: [spec] };
}

async function readImportFile(file: string): Promise<ImportFile> {
  try {
    const content = JSON.parse(await readFile(file, 'utf8')) as ImportFile | null;
    if (!Array.isArray(content?.resources)) throw new Error('it has no list "resources"');
    return content;
  } catch (cause) {
    throw userError(`Cannot read the import file: ${messageOf(cause)}. Correct it.`, { place: { file }, cause });
  }
}

interface ImportContext {
  readonly stack: OpenStack;
  readonly defaults: (registrar: Registrar) => DefaultProviders;
  readonly packages: DefaultPackages;
  readonly protect: boolean;
  /** The state. */
  readonly resources: readonly ResourceState[];
}

function importRequests(file: ImportFile, context: ImportContext): readonly ImportRequest[] {
  const urns = new Map(Object.entries(file.nameTable ?? {}));
  return (file.resources ?? []).map((spec, index) => {
    const request = importRequest(spec, index, { ...context, urns });
    urns.set(spec.name!, urnOf(request, context.stack));
    return request;
  });
}

function importRequest(
  spec: ImportSpec,
  index: number,
  context: ImportContext & { readonly urns: ReadonlyMap<string, string> },
): ImportRequest {
  const { type, name, id } = spec;
  if (!type || !name)
    throw new CommandFailure(`resource ${index} of the import has no type or no name: ${JSON.stringify(spec)}`);
  if (!id && !spec.component) throw new CommandFailure(`resource ${index} of the import has no id: ${type} ${name}`);
  if (spec.remote)
    throw new CommandFailure(
      `resource ${index} of the import is a remote component, which the embedded engine does not import: ${name}. Use the official Pulumi CLI.`,
    );
  const resolved = (reference: string | undefined, what: string) => {
    if (reference === undefined || reference === '') return '';
    const urn = context.urns.get(reference);
    if (urn === undefined)
      throw new CommandFailure(
        `the ${what} '${reference}' for resource '${name}' of type '${type}' has no entry in 'nameTable'`,
      );
    return urn;
  };
  const providerUrn = resolved(spec.provider, 'provider');
  return {
    type,
    name: spec.logicalName ?? name,
    id: id ?? '',
    component: spec.component === true,
    parent: resolved(spec.parent, 'parent'),
    provider: providerUrn !== '' ? explicitProvider(providerUrn, context.resources) : defaultProvider(spec, context),
    properties: spec.properties ?? [],
    protect: context.protect,
  };
}

/** The reference of a provider of the state. Throws if there is none of the URN. */
function explicitProvider(urn: string, resources: readonly ResourceState[]): string {
  const provider = resources.find((state) => state.urn === urn && !state.delete);
  if (provider === undefined || provider.id === '')
    throw new CommandFailure(
      `the provider of the import is not in the state: ${urn}. Look at \`pulumi stack --show-urns\`.`,
    );
  return `${urn}::${provider.id}`;
}

/** The default provider of the state, or one that the deployment makes: the same for all resources of one package. */
function defaultProvider(spec: ImportSpec, context: ImportContext): ImportRequest['provider'] {
  const request = completeRequest(
    {
      package: spec.type!.split(':')[0]!,
      version: spec.version ?? '',
      pluginDownloadURL: spec.pluginDownloadUrl ?? '',
    },
    context.packages,
  );
  const { project, stack } = context.stack.identity;
  const type = `pulumi:providers:${request.package}`;
  const name = defaultProviderName(request);
  const urn = makeUrn({ stack, project, parent: '', type, name });
  const existing = context.resources.find((state) => state.urn === urn && !state.delete && state.id !== '');
  return existing ? `${urn}::${existing.id}` : (registrar) => context.defaults(registrar).reference(request);
}

/** One table of default providers for each deployment (the preview is one of its own): each provider is registered once. */
function sharedDefaults(
  { values, secretKeys }: StackConfig,
  packages: DefaultPackages,
): (registrar: Registrar) => DefaultProviders {
  const tables = new WeakMap<Registrar, DefaultProviders>();
  return (registrar) => {
    const known =
      tables.get(registrar) ??
      createDefaultProviders({ registrar, config: values, configSecretKeys: secretKeys, packages });
    tables.set(registrar, known);
    return known;
  };
}

function urnOf(request: ImportRequest, { identity }: OpenStack): string {
  return makeUrn({
    stack: identity.stack,
    project: identity.project,
    parent: request.parent,
    type: request.type,
    name: request.name,
  });
}
