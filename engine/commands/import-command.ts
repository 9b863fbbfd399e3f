import { resolve } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { ImportRequest } from '../deploy/deployment-options.ts';
import { plainGoal, type Registrar } from '../deploy/goal.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import { isProviderType, makeUrn } from '../deploy/urn.ts';
import type { OpenStack } from '../operations/open-stack.ts';
import { existingSecrets, openStack, readStackConfig } from '../operations/open-stack.ts';
import { packagesOf } from '../operations/packages-of.ts';
import type { DefaultPackages } from '../plugins/default-packages.ts';
import {
  completeRequest,
  createDefaultProviders,
  type DefaultProviderRequest,
  type DefaultProviders,
  defaultProviderName,
} from '../plugins/default-providers.ts';
import { internalKey } from '../plugins/provider-inputs.ts';
import type { StackConfig } from '../project/stack-config.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { type JsonObject, mapFromJson } from '../state/property-json.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import {
  type ImportFile,
  type ImportSpec,
  inlineImport,
  type ResolvedSpec,
  readImportFile,
  resolveImports,
} from './import-file.ts';
import { importFlags } from './operation-flags.ts';
import { operationOptions } from './operation-options-from-flags.ts';
import { perform, performPreview } from './perform.ts';

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
      // Only a file that holds a secret needs the passphrase.
      secrets: JSON.stringify(file).includes('"ciphertext"') ? await existingSecrets(stack) : undefined,
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
  const [parent, provider] = [reference('parent'), reference('provider')];
  return inlineImport(table, { type, name, id, parent, provider, properties: [...flags.list('properties')] });
}

interface ImportContext {
  readonly stack: OpenStack;
  readonly defaults: (registrar: Registrar) => DefaultProviders;
  readonly packages: DefaultPackages;
  readonly protect: boolean;
  /** The state. */
  readonly resources: readonly ResourceState[];
  /** Decrypts what the file holds of secrets. */
  readonly secrets: SecretsManager | undefined;
}

function importRequests(file: ImportFile, context: ImportContext): readonly ImportRequest[] {
  const resolved = resolveImports(file, context.stack.identity);
  const declared = new Map(
    resolved
      .filter(({ spec }) => isProviderType(spec.type))
      .map((one) => [one.urn, declaredProvider(one, context)] as const),
  );
  return resolved.map(({ spec, urn, parent, provider }): ImportRequest => {
    const common = { type: spec.type, name: spec.logicalName, id: spec.id, parent, protect: context.protect };
    const own = declared.get(urn);
    if (own) return { ...common, provider: own, properties: [] };
    const explicit = provider !== '' && (declared.get(provider) ?? explicitProvider(provider, context.resources));
    return {
      ...common,
      component: spec.component,
      remote: spec.remote,
      provider: explicit || (spec.component && !spec.remote ? '' : defaultProvider(spec, context)),
      properties: spec.properties,
      inputs: properties(spec.inputs, context),
      outputs: properties(spec.outputs, context),
    };
  });
}

function properties(json: JsonObject | undefined, { secrets }: ImportContext): PropertyMap | undefined {
  return json && mapFromJson(json, secrets);
}

/** A provider of the file: the one of the state, or one that is made with the file's settings, once for each deployment. */
function declaredProvider({ spec, urn, parent }: ResolvedSpec, context: ImportContext): ImportRequest['provider'] {
  const existing = context.resources.find((state) => state.urn === urn && !state.delete && state.id !== '');
  if (existing) return `${urn}::${existing.id}`;
  const known = context.packages.get(spec.type.split(':')[2]!);
  const version = spec.version || known?.version || '';
  const pluginDownloadURL = spec.pluginDownloadUrl || known?.pluginDownloadURL || '';
  const inputs = {
    ...(version !== '' && { version }),
    ...(pluginDownloadURL !== '' && { [internalKey]: { pluginDownloadURL } }),
    ...properties(spec.inputs, context),
  };
  const goal = plainGoal({ type: spec.type, name: spec.logicalName, inputs, parent, custom: true });
  return once(async (registrar) => {
    const made = await registrar.registerResource(goal);
    if (made.result !== 'success') throw userError(`Cannot use the provider of the import file as it failed: ${urn}.`);
    return `${made.urn}::${made.id === '' ? unknownSentinels.string : made.id}`;
  });
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
  const request = completeRequest(defaultRequest(spec), context.packages);
  const { project, stack } = context.stack.identity;
  const type = `pulumi:providers:${request.parameterization?.name ?? request.package}`;
  const name = defaultProviderName(request);
  const urn = makeUrn({ stack, project, parent: '', type, name });
  const existing = context.resources.find((state) => state.urn === urn && !state.delete && state.id !== '');
  return existing ? `${urn}::${existing.id}` : (registrar) => context.defaults(registrar).reference(request);
}

function defaultRequest({ type, version, pluginDownloadUrl, parameterization }: ImportSpec): DefaultProviderRequest {
  const name = type.split(':')[0]!;
  if (!parameterization) return { package: name, version, pluginDownloadURL: pluginDownloadUrl };
  const { pluginName, pluginVersion, value } = parameterization;
  return {
    package: pluginName,
    version: pluginVersion,
    pluginDownloadURL: pluginDownloadUrl,
    parameterization: { name, version, value: Buffer.from(value, 'base64') },
  };
}

/** One table of default providers for each deployment (the preview is one of its own): each provider is registered once. */
function sharedDefaults(
  { values, secretKeys }: StackConfig,
  packages: DefaultPackages,
): (registrar: Registrar) => DefaultProviders {
  return once((registrar) =>
    createDefaultProviders({ registrar, config: values, configSecretKeys: secretKeys, packages }),
  );
}

/** Asked again by the same deployment, the first answer. */
function once<Answer>(ask: (registrar: Registrar) => Answer): (registrar: Registrar) => Answer {
  const answers = new WeakMap<Registrar, { readonly answer: Answer }>();
  return (registrar) => {
    const known = answers.get(registrar) ?? { answer: ask(registrar) };
    answers.set(registrar, known);
    return known.answer;
  };
}
