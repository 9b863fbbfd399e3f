import semver from 'semver';
import { userError } from '../../foundation/errors.ts';
import { findPulumiSdk } from '../language/pulumi-sdk.ts';
import { engineVersion } from '../version.ts';

/**
 * Refuses to write what a newer SDK asks for: it may ask in ways that this engine does not know, and what is not understood would be left
 * out. Previews are let through. Throws a user error; a program without an SDK is the program host's to report.
 */
export function refuseNewerSdk(programDirectory: string): void {
  const { version, directory } = findPulumiSdk(programDirectory);
  const level = semver.parse(engineVersion)!;
  const sdk = semver.parse(version);
  if (!sdk || semver.compare(`${sdk.major}.${sdk.minor}.0`, `${level.major}.${level.minor}.0`) <= 0) return;
  throw userError(
    `Cannot update with this program as its @pulumi/pulumi is newer than what the embedded engine implements: ${version} (${directory}), where the engine is at ${engineVersion}. ` +
      `Install @pulumi/pulumi ${level.major}.${level.minor}, or use the official Pulumi CLI.`,
  );
}
