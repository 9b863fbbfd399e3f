import { userError } from '../../foundation/errors.ts';
import type { CommentMade } from '../core/repository-event.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Run } from '../core/run.ts';
import type { Services } from './services.ts';

/** A command that nobody has obeyed for so long is not what its author waits for. */
const OBEYED_WITHIN_MS = 24 * 3_600_000;

type Late = Pick<CommentMade, 'at'>;

/** Forges tell whole seconds: it was written within that one. */
function momentOf(at: string): Date {
  return new Date(Date.parse(at) + 1000);
}

/** Throws a user error for a command that is found too late. */
export function refuseOld({ clock }: Pick<Services, 'clock'>, { at }: Late): void {
  if (at === undefined || clock.now() - Date.parse(at) <= OBEYED_WITHIN_MS) return;
  throw userError(
    `Cannot do it as it was written ${at}, while the runner was away, and is read only now. Say it again.`,
  );
}

/** The runs that were there when it was written. */
export function knownThen<T extends Pick<Run, 'createdAt'>>({ at }: Late, runs: readonly T[]): readonly T[] {
  return at === undefined ? runs : runs.filter(({ createdAt }) => createdAt <= momentOf(at));
}

/** The runs that had ended when it was written. */
export function endedThen<T extends Pick<Run, 'endedAt'>>({ at }: Late, runs: readonly T[]): readonly T[] {
  return at === undefined ? runs : runs.filter(({ endedAt }) => endedAt !== undefined && endedAt <= momentOf(at));
}

/**
 * Throws a user error where somebody decided about what he could not have seen: what waits now was shown after that was written. Of an environment that
 * waits that is its last run, of an update its own preview.
 */
export async function refuseUnseen(
  { store }: Pick<Services, 'store'>,
  { at }: Late,
  waiting: { readonly rollouts: readonly Rollout[]; readonly runs: readonly Run[] },
): Promise<void> {
  if (at === undefined) return;
  const shown = waiting.runs.map(({ startedAt, createdAt }) => startedAt ?? createdAt);
  for (const { id, waits, stages } of waiting.rollouts) {
    const stacks = stages
      .filter(({ environment }) => environment === waits?.environment)
      .flatMap(({ groups }) => groups.flat());
    const runs = (await store.runs.list({ rollout: id, limit: 1000 })).filter(({ stack }) => stacks.includes(stack));
    shown.push(...runs.flatMap(({ endedAt }) => endedAt ?? []));
  }
  if (shown.some((time) => time > momentOf(at)))
    throw userError(
      `Cannot decide as what waits now was shown after that was written (${at}). Look at it, and say it again.`,
    );
}
