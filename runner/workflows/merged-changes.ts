import { isMainstayError } from '../../foundation/errors.ts';
import type { Change } from '../core/change.ts';
import type { Proposals } from '../core/forge.ts';
import { changeId } from './change-at.ts';
import { reportRollout } from './report-rollout.ts';
import { rolloutAtOf } from './rollout-at.ts';
import { type Repository, repositoryOf, type Services } from './services.ts';

/** Commits of the base branch that a forge is asked about for one rollout: of more, the newest. */
const ASKED_ABOUT = 50;

/** How many of them at a time. */
const ASKED_AT_ONCE = 5;

/** Waits in milliseconds for a forge that pushes a merge before it says that it is one. */
const PATIENCE_MS = [200, 500, 1000];

/** Rollouts that a change is looked for in which turns out to be merged. */
const LOOKED_BACK = 5;

/** What a base branch got: the commits in `to` that are not in `from`, if there was one. */
interface Span {
  readonly from: string | undefined;
  readonly to: string;
}

/**
 * The ids of the changes that came into the base branch with these commits. A merge has the change's head in its history. A squash or a rebase has
 * not: there the forge says whose a commit is, and what is left, plain Git above all, is told by trees: merging the change once more would change
 * nothing, and would have before.
 */
export async function mergedChanges(
  services: Services,
  repository: Repository,
  span: Span,
): Promise<readonly string[]> {
  const { mirror, forge } = repository;
  const merged = new Set<string>();
  const spent: Change[] = [];
  for (const change of await services.store.changes.list(repository.id, 'open'))
    if (await mirror.contains(span.to, change.head)) merged.add(change.id);
    else if (await isSpent(repository, change, span)) spent.push(change);
  if (!forge.proposals) return [...merged, ...spent.map(({ id }) => id)];
  for (const id of await namedByForge(services, repository, span)) merged.add(id);
  for (const change of spent)
    if (!merged.has(change.id) && (await isMergedThere(services, forge.proposals, change))) merged.add(change.id);
  return [...merged];
}

/** Whether an open change is in the base branch at `commit`, however it came there. */
export async function isMergedAt(services: Services, change: Change, commit: string): Promise<boolean> {
  const repository = repositoryOf(services, change.repository);
  if (await repository.mirror.contains(commit, change.head)) return true;
  if (!(await isSpent(repository, change, { from: undefined, to: commit }))) return false;
  const { proposals } = repository.forge;
  return proposals ? isMergedThere(services, proposals, change) : true;
}

/**
 * A change that the forge says was merged, and that the rollout did not know of when it was planned: it gets its outcome there. May be
 * repeated. One whose rollout is not found among the last ones stays without.
 */
export async function attachToRollout(services: Services, change: Change): Promise<void> {
  const repository = repositoryOf(services, change.repository);
  const rollouts = await services.store.rollouts.list(repository.id, LOOKED_BACK + 1);
  if (rollouts.some(({ changes }) => changes.includes(change.id))) return;
  for (const [index, rollout] of rollouts.slice(0, LOOKED_BACK).entries()) {
    const span = { from: rollouts[index + 1]?.commit, to: rollout.commit };
    if (!(await namedByForge(services, repository, span)).includes(change.id)) continue;
    await services.store.rollouts.set(rollout.id, { changes: [...rollout.changes, change.id] });
    return reportRollout(services, rolloutAtOf(rollout));
  }
}

/** Nothing is left to merge of it, and there was. A head without history in common is none of ours. */
async function isSpent({ mirror }: Repository, change: Change, { from, to }: Span): Promise<boolean> {
  const before = change.base ?? from;
  if (before === undefined || (await mirror.brings(to, change.head))) return false;
  return mirror.brings(before, change.head);
}

async function namedByForge(services: Services, repository: Repository, span: Span): Promise<readonly string[]> {
  const { mirror, forge, id } = repository;
  const commits = (await mirror.history({ ...span, all: false })).slice(0, ASKED_ABOUT).map(({ commit }) => commit);
  const names = new Set<string>();
  try {
    for (let at = 0; at < commits.length; at += ASKED_AT_ONCE) {
      const asked = commits.slice(at, at + ASKED_AT_ONCE).map((commit) => forge.proposals!.mergedBy(commit));
      for (const name of (await Promise.all(asked)).flat()) names.add(name);
    }
  } catch (error) {
    if (!isMainstayError(error)) throw error;
    services.log.error({ repository: id, error: error.message }, 'the forge did not say whose commits these are');
  }
  const known = [];
  for (const name of names) {
    const change = await services.store.changes.get(changeId({ repository: id, name }));
    if (change) known.push(change.id);
  }
  return known;
}

/** Asked again for a moment where it is open still; a forge that cannot be reached says nothing against it. */
async function isMergedThere(services: Services, proposals: Proposals, change: Change): Promise<boolean> {
  for (let tries = 0; ; tries += 1) {
    const end = await proposals.endOf(change.name).catch((error: unknown) => {
      if (isMainstayError(error)) return 'merged';
      throw error;
    });
    const wait = PATIENCE_MS[tries];
    if (end !== 'open' || wait === undefined) return end === 'merged';
    await services.clock.sleep(wait);
  }
}
