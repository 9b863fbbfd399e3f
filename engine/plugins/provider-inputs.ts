import { isPropertyMap, type PropertyMap, type PropertyValue } from '../../protocol/property-value.ts';
import { setKey } from '../../protocol/struct-marks.ts';
import type { PluginRequest } from './plugin-request.ts';

/** The key of a provider resource's inputs that belongs to the engine (pkg/resource/deploy/providers/registry.go). */
export const internalKey = '__internal';

/** A sub-package that a base provider offers once it is given `value`. */
export interface Parameterization {
  readonly name: string;
  readonly version: string;
  readonly value: Uint8Array;
}

/** What a provider resource's type and inputs say about the plugin to run. */
export interface ProviderDescription {
  readonly plugin: PluginRequest;
  /** The sandbox made its resources. */
  readonly sandbox: boolean;
  readonly parameterization: Parameterization | undefined;
  /** Variables to set for the plugin, by name of the variable that has the value. */
  readonly environmentMappings: Readonly<Record<string, string>>;
}

/** A mistake in one input of a provider resource. */
export class ProviderInputError extends Error {
  readonly property: string;
  constructor(property: string, message: string) {
    super(message);
    this.name = 'ProviderInputError';
    this.property = property;
  }
}

/**
 * Before the plugin's name in the state of a provider that the sandbox stood in for. So the state says it, and the official CLI looks
 * for a plugin of that name, finds none, and leaves the real cloud alone.
 */
const sandboxPrefix = 'mainstay-sandbox-';

/** The inputs of a provider resource, marked as made in the sandbox. */
export function markedAsSandbox(inputs: PropertyMap, { plugin }: ProviderDescription): PropertyMap {
  const internal = inputs[internalKey];
  const name = `${sandboxPrefix}${plugin.package}`;
  return { ...inputs, [internalKey]: { ...(isPropertyMap(internal) ? internal : {}), name } };
}

/** `aws` of `pulumi:providers:aws`. */
export function packageOf(providerType: string): string {
  return providerType.slice('pulumi:providers:'.length);
}

/** Throws a `ProviderInputError`. */
export function describeProvider(providerType: string, inputs: PropertyMap): ProviderDescription {
  const packageName = packageOf(providerType);
  const internal = internalOf(inputs);
  const parameter = optionalText(internal, 'parameterization', 'parameter');
  const version = optionalText(inputs, 'version', 'version') ?? '';
  const name = optionalText(internal, 'name', 'name') ?? packageName;
  if (name === '') throw new ProviderInputError('name', "'name' must not be empty");
  const sandbox = name.startsWith(sandboxPrefix);
  return {
    sandbox,
    plugin: {
      package: sandbox ? name.slice(sandboxPrefix.length) : name,
      // With a parameterization the outer version is that of the sub-package.
      version: parameter === undefined ? version : (optionalText(internal, 'version', 'version') ?? ''),
      downloadUrl: optionalText(internal, 'pluginDownloadURL', 'pluginDownloadURL') ?? '',
    },
    parameterization:
      parameter === undefined ? undefined : { name: packageName, version, value: Buffer.from(parameter, 'base64') },
    environmentMappings: mappingsOf(internal.envVarMappings),
  };
}

/** Where the engine's own inputs are; old states have them beside the others. */
function internalOf(inputs: PropertyMap): PropertyMap {
  const internal = inputs[internalKey];
  if (internal === undefined || internal === null) return inputs;
  if (isPropertyMap(internal)) return internal;
  throw new ProviderInputError('name', `'${internalKey}' must be an object`);
}

function optionalText(map: PropertyMap, key: string, property: string): string | undefined {
  const value = map[key];
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw new ProviderInputError(property, `'${key}' must be a string`);
}

function mappingsOf(value: PropertyValue | undefined): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isPropertyMap(value)) throw new ProviderInputError('envVarMappings', "'envVarMappings' must be an object");
  const mappings: Record<string, string> = {};
  for (const key of Object.keys(value)) {
    setKey(mappings, key, optionalText(value, key, 'envVarMappings') ?? '');
  }
  return mappings;
}

/** What the provider itself gets to see. */
export function withoutInternal(inputs: PropertyMap): PropertyMap {
  if (!Object.hasOwn(inputs, internalKey)) return inputs;
  const { [internalKey]: _, ...settings } = inputs;
  return settings;
}
