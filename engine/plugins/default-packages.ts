import semver from 'semver';
import { userError } from '../../foundation/errors.ts';
import { isPropertyMap, type PropertyMap } from '../../protocol/property-value.ts';
import type { InstalledSdk } from '../language/required-packages.ts';
import type { DefaultProviderRequest } from './default-providers.ts';
import { describeProvider, internalKey, type Parameterization } from './provider-inputs.ts';

/** What default providers are made of where a resource does not say it: by package. */
export type DefaultPackages = ReadonlyMap<string, DefaultProviderRequest>;

/** What is known of packages before the program runs. */
export interface PackageSources {
  /** The SDKs that the program has. */
  readonly sdks: readonly InstalledSdk[];
  /** The state's resources: the providers among them count where the program has no SDK at all. */
  readonly resources: readonly { readonly type: string; readonly inputs: PropertyMap }[];
}

interface Candidate extends DefaultProviderRequest {
  readonly parsed: semver.SemVer | null;
}

/**
 * The newest of each package, of the program's SDKs or else of the state's providers (pkg/engine/plugins.go,
 * computeDefaultProviderPackages). Throws a user error where two plugins claim to be one package, or where a version is none.
 */
export function defaultPackages({ sdks, resources }: PackageSources): DefaultPackages {
  const candidates = sdks.length > 0 ? sdks.map(ofSdk) : ofState(resources);
  const newest = new Map<string, Candidate>();
  for (const candidate of candidates.sort(byVersion)) {
    const name = nameOf(candidate);
    const other = newest.get(name);
    if (other !== undefined && other.package !== candidate.package) throw ambiguous(name, other, candidate);
    newest.set(name, candidate);
  }
  return newest;
}

function nameOf({ parameterization, package: plugin }: DefaultProviderRequest): string {
  return parameterization?.name ?? plugin;
}

function byVersion(a: Candidate, b: Candidate): number {
  if (a.parsed === null || b.parsed === null) return Number(a.parsed !== null) - Number(b.parsed !== null);
  // Of the same version one without a place of its own comes last, and counts: which one it is must not depend on any order.
  const keys = [a, b].map(({ pluginDownloadURL: url, parsed }) => JSON.stringify([parsed?.raw, url === '', url]));
  return semver.compare(a.parsed, b.parsed) || (keys[0]! < keys[1]! ? -1 : keys[0] === keys[1] ? 0 : 1);
}

function ofSdk({ name, version, downloadUrl, parameterization, file }: InstalledSdk): Candidate {
  const plugin = parsedVersion(version, file);
  const parameter = parameterization && {
    ...parameterization,
    version: parsedVersion(parameterization.version, file).version,
    value: Buffer.from(parameterization.value ?? '', 'base64'),
  };
  return candidate({ package: name, version: full(plugin), pluginDownloadURL: downloadUrl }, parameter);
}

function candidate(request: DefaultProviderRequest, parameterization: Parameterization | undefined): Candidate {
  const parsed = semver.parse(parameterization?.version ?? request.version);
  return { ...request, ...(parameterization && { parameterization }), parsed };
}

function full({ version, build }: semver.SemVer): string {
  return build.length === 0 ? version : `${version}+${build.join('.')}`;
}

function parsedVersion(text: string, file: string): semver.SemVer {
  const parsed = semver.parse(text, { loose: true }) ?? (/^v?\d+(\.\d+)?$/.test(text) ? semver.coerce(text) : null);
  if (parsed !== null) return parsed;
  throw userError(
    `Cannot tell which provider the program needs as the version of an SDK is none: ${JSON.stringify(text)}. Install the package anew.`,
    { place: { file } },
  );
}

function ofState(resources: PackageSources['resources']): Candidate[] {
  return resources
    .filter(({ type }) => type.startsWith('pulumi:providers:'))
    .map(({ type, inputs }) => {
      const { plugin, parameterization } = describeProvider(type, inputs);
      const { package: name, version, downloadUrl } = plugin;
      const request = { package: name, version, pluginDownloadURL: downloadUrl, ...checksumsOf(inputs) };
      return candidate(request, parameterization);
    });
}

/** They are written in hexadecimal. */
function checksumsOf({ [internalKey]: internal }: PropertyMap): Pick<DefaultProviderRequest, 'pluginChecksums'> {
  const sums = isPropertyMap(internal) ? internal.pluginChecksums : undefined;
  if (!isPropertyMap(sums)) return {};
  const decoded = Object.entries(sums).map(([platform, sum]) => [platform, Buffer.from(String(sum), 'hex')] as const);
  return { pluginChecksums: Object.fromEntries(decoded) };
}

function ambiguous(name: string, a: DefaultProviderRequest, b: DefaultProviderRequest): Error {
  return userError(
    `Cannot choose the provider of the package ${name} as more than one plugin provides it: ${described(a)} and ${described(b)}. ` +
      'Remove one of the packages, or give each resource the option `provider`.',
  );
}

function described({ package: plugin, version, parameterization }: DefaultProviderRequest): string {
  const text = `${plugin}${version === '' ? '' : ` v${version}`}`;
  return parameterization ? `${text} with the parameters of ${parameterization.name}` : text;
}
