import { isMainstayError } from '../../foundation/errors.ts';
import { findAffected } from '../core/affected-stacks.ts';
import { short } from '../core/report-text.ts';
import type { BaseMoved } from '../core/repository-event.ts';
import type { Run } from '../core/run.ts';
import { readSettings } from '../core/settings.ts';
import { upstreamsOf } from './known-upstreams.ts';
import type { RolloutAt } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';

/*
 * The order of merges, whatever runs, dies and comes late:
 *
 *   1. Each head of the base branch has one rollout, and its position says which is newer.
 *   2. What an update of a stack does is never older than what a rollout has said or done about that stack before.
 *   3. When nothing is on its way any more, each stack is at the newest commit, or has a failed update of it.
 *
 * Who plans a commit adds its rollout first and reads what was begun then; who updates says that it begins first and asks then what was decided: so
 * one of the two sees the other. What was read before something else was decided counts no more (`revision`), and is read again.
 */

/** Which rollout a head of the base branch gets. A branch that is set back to a commit that it was at before has to be rolled out again. */
export async function turnOf({ store }: Pick<Services, 'store'>, event: BaseMoved): Promise<RolloutAt> {
  const { repository, head } = event;
  const position = Number(/#(\d+):/.exec(event.id)?.[1]);
  if (!Number.isInteger(position)) return { repository, commit: head };
  const at = { repository, commit: head, position };
  return (await store.events.wasBase(repository, { head, before: position })) ? { ...at, turn: position } : at;
}

/** Returns the newer commit by which an update came too late, if it did: then it must do nothing. The run has to be marked as begun before. */
export async function beginInOrder({ store }: Pick<Services, 'store'>, run: Run): Promise<string | undefined> {
  if (await store.stacks.begin(run)) return undefined;
  const [newest] = await store.rollouts.list(run.repository, 1);
  // Of an update that did nothing, nobody has to put anything right.
  await store.runs.set(run.id, { startedAt: undefined });
  return short(newest?.commit ?? run.commit);
}

/**
 * The stack is at this commit, and so at the newest one of the base branch if nothing since touches it. The commits themselves are asked: the newest may
 * not be planned yet.
 */
export async function markApplied(services: Services, run: Run): Promise<void> {
  const { store } = services;
  for (;;) {
    const known = (await store.stacks.list(run.repository)).find(({ id }) => id === run.stack);
    // The repository does not have it any more.
    if (!known) return;
    const [newest] = await store.rollouts.list(run.repository, 1);
    const own = { commit: run.commit, rollout: run.rollout };
    const isNewest = newest === undefined || newest.id === run.rollout;
    const at =
      isNewest || (await isTouched(services, run, newest.commit)) ? own : { commit: newest.commit, rollout: newest.id };
    if (await store.stacks.setApplied(run.repository, run.stack, { ...at, revision: known.revision })) return;
  }
}

/** Whether a later commit does anything to the stack of a run. One that cannot be read may. */
async function isTouched(services: Services, { repository, stack, commit }: Run, later: string): Promise<boolean> {
  const { mirror } = repositoryOf(services, repository);
  try {
    const [before, after] = await Promise.all([mirror.tree(commit), mirror.tree(later)]);
    const upstreams = upstreamsOf(await services.store.stacks.list(repository));
    const { affected } = await findAffected(before, after, { settings: await readSettings(after), upstreams });
    return affected.some((each) => each.stack.id === stack);
  } catch (error) {
    if (isMainstayError(error)) return true;
    throw error;
  }
}
