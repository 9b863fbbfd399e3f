import { normalize, resolve, sep } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import { loadPolicyPack, type PolicyPack } from '../policy/load-policy-pack.ts';
import type { OperationSession, SessionRequest } from './operation-session.ts';

/** The policy packs of one operation. */
export interface PolicyPacks {
  readonly analyzers: readonly PolicyPack[];
  /** Names as events have them, `name|local|path` (pkg/engine/update.go, NameForEvents), to versions: for the summary. */
  readonly versions: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The path as it was given; of a long one the first two and the last two parts. */
function shortPath(path: string): string {
  const clean = normalize(path);
  const parts = clean.split(sep);
  if (clean.length <= 75 || parts.length <= 4) return clean;
  return [...parts.slice(0, 2), '...', ...parts.slice(-2)].join(sep);
}

/**
 * Starts the packs of `--policy-pack`, each with the configuration file at its place in `--policy-pack-config`. Rejects with a user error
 * where one cannot be started or configured; then none is left running.
 */
export async function startPolicyPacks(request: SessionRequest, session: OperationSession): Promise<PolicyPacks> {
  const { place, stack, options, preview, events } = request;
  const { policyPacks, policyPackConfigs } = options;
  if (policyPackConfigs.length > 0 && policyPackConfigs.length !== policyPacks.length) {
    throw userError('the number of "--policy-pack-config" flags must match the number of "--policy-pack" flags');
  }
  const analyzers: PolicyPack[] = [];
  const close = async () => void (await Promise.all(analyzers.map((pack) => pack.close())));
  try {
    for (const [index, path] of policyPacks.entries()) {
      const configFile = policyPackConfigs[index];
      const pack = await loadPolicyPack({
        path: resolve(place.directory, path),
        configFile: configFile === undefined ? undefined : resolve(place.directory, configFile),
        project: stack.identity.project,
        stack: stack.identity.stack,
        organization: 'organization',
        dryRun: preview,
        config: session.config.values,
        configSecretKeys: session.config.secretKeys,
        environment: place.environment,
        processes: await place.services.packProcesses(),
        log: (diagnostic) => events({ kind: 'diagnostic', diagnostic }),
      });
      analyzers.push(pack);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const versions = analyzers.map(({ name, version }, index) => [
    `${name}|local|${shortPath(policyPacks[index]!)}`,
    version,
  ]);
  return { analyzers, versions: Object.fromEntries(versions), close };
}
