import semver from 'semver';
import { userError } from '../../foundation/errors.ts';
import { type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import { plainGoal, type Registrar } from '../deploy/goal.ts';
import type { DefaultPackages } from './default-packages.ts';
import { dynamicPackage } from './find-plugin.ts';
import { internalKey, type Parameterization } from './provider-inputs.ts';

/** What a resource that names no provider says about the one that it needs. */
export interface DefaultProviderRequest {
  /** The package of the resource's type; with a parameterization, the base package. */
  readonly package: string;
  /** '' : not said. */
  readonly version: string;
  /** '' : not said. */
  readonly pluginDownloadURL: string;
  /** By platform. Default: none. */
  readonly pluginChecksums?: Readonly<Record<string, Uint8Array>>;
  readonly parameterization?: Parameterization;
}

export interface DefaultProvidersOptions {
  readonly registrar: Pick<Registrar, 'registerResource'>;
  /** Decrypted, keys `namespace:name`. */
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
  /** What is taken where a request does not say it. Default: nothing. */
  readonly packages?: DefaultPackages;
}

export interface DefaultProviders {
  /**
   * The reference (`urn::id`) of the default provider; registers it before its first use. Rejects with a user error where the stack
   * forbids default providers of the package, and as `registerResource` does.
   */
  reference(request: DefaultProviderRequest): Promise<string>;
}

/** The default providers of one operation (pkg/resource/deploy/default_providers.go). */
export function createDefaultProviders(options: DefaultProvidersOptions): DefaultProviders {
  const references = new Map<string, Promise<string>>();
  return {
    async reference(asked) {
      const request = completeRequest(asked, options.packages ?? new Map());
      refuseIfDisabled(request, options.config);
      const key = JSON.stringify([packageOf(request), versionOf(request), downloadUrl(request)]);
      let reference = references.get(key);
      if (reference === undefined) {
        reference = register(request, options);
        references.set(key, reference);
      }
      return reference;
    },
  };
}

function packageOf(request: DefaultProviderRequest): string {
  return request.parameterization?.name ?? request.package;
}

function versionOf(request: DefaultProviderRequest): string {
  return request.parameterization?.version ?? request.version;
}

function downloadUrl(request: DefaultProviderRequest): string {
  return request.pluginDownloadURL.replace(/\/$/, '');
}

/** The request with what it does not say taken from the packages. */
export function completeRequest(request: DefaultProviderRequest, packages: DefaultPackages): DefaultProviderRequest {
  const known = packages.get(packageOf(request));
  if (known === undefined) return request;
  return {
    package: request.package,
    version: request.version || known.version,
    pluginDownloadURL: request.pluginDownloadURL || known.pluginDownloadURL,
    pluginChecksums: request.pluginChecksums ?? known.pluginChecksums,
    parameterization: request.parameterization ?? known.parameterization,
  };
}

const disablingSetting = 'pulumi:disable-default-providers';

function refuseIfDisabled(request: DefaultProviderRequest, config: Readonly<Record<string, string>>): void {
  const name = packageOf(request);
  if (name === 'pulumi') return;
  const disabled = disabledPackages(config[disablingSetting]);
  if (!disabled.includes('*') && !disabled.includes(name)) return;
  throw userError(`Default provider for '${name}' disabled. '${name}' must use an explicit provider.`);
}

function disabledPackages(setting: string | undefined): readonly string[] {
  if (setting === undefined || setting === '') return [];
  let list: unknown;
  try {
    list = JSON.parse(setting);
  } catch {
    list = undefined;
  }
  if (Array.isArray(list) && list.every((name) => typeof name === 'string')) return list.map((name) => name.trim());
  throw userError(
    `Cannot use the setting ${disablingSetting} as it is no list of package names: ${JSON.stringify(setting)}. ` +
      'Write a list such as ["aws", "kubernetes"], or ["*"] for all.',
  );
}

async function register(request: DefaultProviderRequest, options: DefaultProvidersOptions): Promise<string> {
  const goal = plainGoal({
    type: `pulumi:providers:${packageOf(request)}`,
    name: defaultProviderName(request),
    inputs: defaultProviderInputs(request, options),
  });
  const { urn, id, result } = await options.registrar.registerResource(goal);
  if (result !== 'success')
    throw userError(`Cannot use the default provider of ${packageOf(request)} as it failed: ${urn}.`);
  // In a preview a new provider has no id yet; the registry knows it by the unknown one.
  return `${urn}::${id === '' ? unknownSentinels.string : id}`;
}

/**
 * `default`, then the version's parts joined by `_`, then the download URL with every run of characters that a name may not have
 * replaced by `_` (providers/provider.go, DefaultName; tokens.IntoQName).
 */
export function defaultProviderName(request: DefaultProviderRequest): string {
  const parsed = semver.parse(versionOf(request));
  const url = downloadUrl(request);
  const parts = parsed && [parsed.major, parsed.minor, parsed.patch, ...parsed.prerelease, ...parsed.build];
  const base = ['default', ...(parts ?? [])].join('_');
  return url === '' ? base : `${base}_${qualifiedName(url)}`;
}

/** A text as a Pulumi name: every byte that may not be in the parts between slashes becomes `_`. */
function qualifiedName(text: string): string {
  const parts = text.split('/').filter((part) => part !== '');
  const legal = parts.map((part) =>
    Buffer.from(part)
      .toString('latin1')
      .replaceAll(/[^A-Za-z0-9_.-]/g, '_'),
  );
  return legal.join('/') || '_';
}

function defaultProviderInputs(request: DefaultProviderRequest, options: DefaultProvidersOptions): PropertyMap {
  const inputs: Record<string, PropertyValue> = { ...packageConfig(packageOf(request), options) };
  const internal: Record<string, PropertyValue> = {};
  const { version, pluginChecksums, parameterization } = request;
  if (version !== '') inputs.version = version;
  if (request.pluginDownloadURL !== '') internal.pluginDownloadURL = downloadUrl(request);
  if (pluginChecksums !== undefined) internal.pluginChecksums = checksumTexts(pluginChecksums);
  if (parameterization !== undefined) {
    internal.name = request.package;
    if (version !== '') internal.version = version;
    inputs.version = parameterization.version;
    internal.parameterization = Buffer.from(parameterization.value).toString('base64');
  }
  const hasInternal = version !== '' || Object.keys(internal).length > 0;
  // The official engine leaves the empty object in the state as soon as there is a version.
  return hasInternal ? { ...inputs, [internalKey]: internal } : inputs;
}

function checksumTexts(checksums: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(checksums).map(([platform, sum]) => [platform, Buffer.from(sum).toString('hex')]),
  );
}

/** The settings of a package without its namespace; dynamic providers get every setting, with its namespace. */
function packageConfig(
  name: string,
  { config, configSecretKeys }: DefaultProvidersOptions,
): Record<string, PropertyValue> {
  const everything = name === dynamicPackage || name === 'pulumi-python';
  const settings: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!everything && !key.startsWith(`${name}:`)) continue;
    settings[everything ? key : key.slice(name.length + 1)] = configSecretKeys.includes(key)
      ? new Secret(value)
      : value;
  }
  return settings;
}
