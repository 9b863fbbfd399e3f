import semver from 'semver';
import { engineVersion } from './version.ts';

/**
 * Why a program or project that asks for these versions of Pulumi cannot have this engine; undefined if it can. Ranges are those of
 * github.com/blang/semver: `!1.2.3` leaves one version out (pkg/resource/plugin/plugin.go, ValidatePulumiVersionRange).
 */
export function versionProblem(range: string): string | undefined {
  const allowed = semver.validRange(range.replaceAll(/(^|\s)!=?([\d.]+)/g, ''));
  const excluded = [...range.matchAll(/(?:^|\s)!=?([\d.]+)/g)].map(([, version]) => version);
  if (allowed === null) return `the required Pulumi version ${JSON.stringify(range)} is not a range`;
  if (semver.satisfies(engineVersion, allowed) && !excluded.includes(engineVersion)) return undefined;
  return `Pulumi CLI version ${engineVersion} does not satisfy the version range ${JSON.stringify(range)}`;
}
