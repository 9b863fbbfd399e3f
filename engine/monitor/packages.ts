import { randomUUID } from 'node:crypto';
import semver from 'semver';
import type { DefaultPackages } from '../plugins/default-packages.ts';
import type { DefaultProviderRequest } from '../plugins/default-providers.ts';
import type { PackageMessage } from './monitor-messages.ts';

/** What a request says of the provider that it needs, beside the package of its type. */
export interface ProviderNeeds {
  readonly version: string;
  readonly pluginDownloadUrl: string;
  readonly pluginChecksums: Readonly<Record<string, Uint8Array>>;
  readonly packageRef: string;
}

/** Packages that the program described ahead of using them. The same description has the same reference. */
export class PackageTable {
  readonly #references = new Map<string, string>();
  readonly #packages = new Map<string, DefaultProviderRequest>();
  readonly #defaults: DefaultPackages;

  constructor(defaults: DefaultPackages) {
    this.#defaults = defaults;
  }

  /** What providers of a package are made of where neither resource nor program says it. */
  defaultOf(packageName: string): DefaultProviderRequest | undefined {
    return this.#defaults.get(packageName);
  }

  /** Throws on an extension parameterization, which this engine does not have. */
  register(described: PackageMessage): string {
    if (described.extension)
      throw new Error(
        `package ${described.name} uses an extension parameterization, which this engine does not support. Use the official pulumi CLI.`,
      );
    const { name, version, downloadUrl, checksums, parameterization } = described;
    const value = Buffer.from(parameterization?.value ?? []).toString('base64');
    const key = JSON.stringify([name, version, downloadUrl, parameterization?.name, parameterization?.version, value]);
    const known = this.#references.get(key);
    if (known !== undefined) return known;
    const reference = randomUUID();
    this.#references.set(key, reference);
    this.#packages.set(reference, {
      package: name,
      version,
      pluginDownloadURL: downloadUrl,
      ...(Object.keys(checksums).length > 0 && { pluginChecksums: checksums }),
      ...(parameterization && {
        parameterization: {
          name: parameterization.name ?? '',
          version: parameterization.version ?? '',
          value: parameterization.value ?? new Uint8Array(),
        },
      }),
    });
    return reference;
  }

  /** The default provider that a request needs. Throws if it refers to a package that was never registered, or if its version is none. */
  requestFor(packageName: string, needs: ProviderNeeds): DefaultProviderRequest {
    if (needs.packageRef !== '') {
      const found = this.#packages.get(needs.packageRef);
      if (!found) throw new Error(`unknown provider package '${needs.packageRef}'`);
      return found;
    }
    const { version, pluginDownloadUrl, pluginChecksums } = needs;
    if (version !== '' && (semver.valid(version) === null || version.startsWith('v')))
      throw new Error(`the version of the provider of ${packageName} is none: ${JSON.stringify(version)}`);
    return {
      package: packageName,
      version,
      pluginDownloadURL: pluginDownloadUrl,
      ...(Object.keys(pluginChecksums).length > 0 && { pluginChecksums }),
    };
  }
}

/** Throws where a token has not the three parts that resources need. */
export function checkTypeToken(token: string): void {
  const parts = token.split(':');
  if (parts.length !== 3 || parts.some((part) => part === ''))
    throw new Error(`Type '${token}' is not a valid type token (must have format '*:*:*')`);
}

/** The package of a type or function token: `aws` of `aws:ec2/vpc:Vpc`, of `pulumi:providers:aws` and of its methods. */
export function packageOfToken(token: string): string {
  const [first = '', second, third = ''] = token.split(':');
  return first === 'pulumi' && second === 'providers' ? third.split('/')[0]! : first;
}
