import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import semver from 'semver';
import { userError } from '../../foundation/errors.ts';

/** The `@pulumi/pulumi` that a program uses, and the provider SDKs beside it. */
export interface PulumiSdk {
  /** Real path of the package. */
  readonly directory: string;
  readonly version: string;
  /** `cmd/run`, which runs programs (facts 2.1). */
  readonly runPath: string;
  /** Entry points of the SDKs that the program's package.json names: they only define classes, so they can be loaded ahead. */
  readonly packages: readonly string[];
  /** Changes when one of them is installed anew. */
  readonly stamp: string;
}

/** Programs of other major versions speak another protocol. */
const supportedMajor = 3;

/**
 * Finds the SDK as the program itself would: from its directory upwards. Throws a user error where it is not installed, or where its
 * major version is not the one that this engine speaks.
 */
export function findPulumiSdk(programDirectory: string): PulumiSdk {
  const require = createRequire(join(programDirectory, 'index.js'));
  let runPath: string;
  try {
    runPath = require.resolve('@pulumi/pulumi/cmd/run');
  } catch (cause) {
    throw userError(
      `Cannot run the program as @pulumi/pulumi is not installed for it: ${programDirectory}. Run npm install (or your package manager) there.`,
      { cause },
    );
  }
  const directory = realpathSync(join(dirname(runPath), '..', '..'));
  const version = readPackage(directory)?.version ?? '';
  if (semver.parse(version)?.major !== supportedMajor)
    throw userError(
      `Cannot run the program as its @pulumi/pulumi is not of version ${supportedMajor}: ${version || 'unknown'} (${directory}). ` +
        `Install @pulumi/pulumi ${supportedMajor}.x, or use the official Pulumi CLI of that version.`,
    );
  const providers = providerSdks(programDirectory, require);
  const stamp = [directory, ...providers.map(({ root }) => root)].map(stampOf).join(' ');
  return { directory, version, runPath, packages: providers.map(({ main }) => main), stamp };
}

interface PackageFile {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Every provider SDK says so: it has no effect when it is loaded but to define its resources. */
  readonly pulumi?: { readonly resource?: boolean };
}

function readPackage(directory: string): PackageFile | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as PackageFile;
  } catch {
    return undefined;
  }
}

function stampOf(directory: string): string {
  const { mtimeMs, ino } = statSync(join(directory, 'package.json'));
  return `${ino}:${mtimeMs}`;
}

interface ProviderSdk {
  readonly root: string;
  readonly main: string;
}

function providerSdks(programDirectory: string, require: NodeJS.Require): ProviderSdk[] {
  const names = Object.keys(nearestPackage(programDirectory)?.dependencies ?? {});
  return names.flatMap((name) => {
    try {
      const main = require.resolve(name);
      const root = main.slice(0, main.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
      return readPackage(root)?.pulumi?.resource === true ? [{ root, main }] : [];
    } catch {
      return [];
    }
  });
}

/** The package.json that governs a directory: its own or the nearest one above. */
function nearestPackage(directory: string): PackageFile | undefined {
  for (let current = directory; ; current = dirname(current)) {
    if (existsSync(join(current, 'package.json'))) return readPackage(current);
    if (dirname(current) === current) return undefined;
  }
}
