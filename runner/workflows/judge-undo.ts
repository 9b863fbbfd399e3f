import { DBOS } from '@dbos-inc/dbos-sdk';
import { isMainstayError, messageOf } from '../../foundation/errors.ts';
import type { Run, Undo } from '../core/run.ts';
import { UNDONE_BY_DESTROY, undoFromRevert, undoOf } from '../core/undo.ts';
import { type ChangeAt, changeId } from './change-at.ts';
import { repositoryOf, type Services } from './services.ts';
import { checkOut, openStack, stackAt } from './with-checkout.ts';

/** How many stacks are judged at once: it is nobody's wait, and must not be in the way of those who do. */
const AT_ONCE = 2;

/**
 * Previews the revert of a change, stack by stack, after its own previews are told: the program of the base commit against the state that the change would
 * leave. Keeps the answer with each run. Resolves to whether one of them is another than the steps had suggested. Part of the change's workflow.
 */
export async function judgeUndo(services: Services, at: ChangeAt, runs: readonly string[]): Promise<boolean> {
  let news = false;
  for (let index = 0; index < runs.length; index += AT_ONCE) {
    const some = runs.slice(index, index + AT_ONCE);
    const changed = await Promise.all(
      some.map((id) => DBOS.runStep(() => judgeRun(services, at, id), { name: `undo ${id}` })),
    );
    news ||= changed.includes(true);
  }
  return news;
}

async function judgeRun(services: Services, at: ChangeAt, id: string): Promise<boolean> {
  const [run, change] = await Promise.all([services.store.runs.get(id), services.store.changes.get(changeId(at))]);
  // A newer push has its own runs, and what is merged is undone by a rollback.
  if (!run?.outcome || change?.state !== 'open' || change.head !== at.head || change.base !== at.base) return false;
  // A resource that only got another name changes nothing, and is lost on the way back: so nothing is left out here.
  if (run.state !== 'succeeded') return false;
  const undo = await undoAt(services, { run, base: at.base });
  if (!undo) return false;
  await services.store.runs.set(id, { outcome: { ...run.outcome, undo } });
  return undo.text !== undoOf(run.outcome).text;
}

/** A preview that cannot be made leaves what the steps say: it is an advice, and must not fail the change. */
async function undoAt(
  services: Services,
  { run, base }: { readonly run: Run; readonly base: string },
): Promise<Undo | undefined> {
  try {
    const old = { ...run, id: `${run.id}-undo`, commit: base };
    const tree = await repositoryOf(services, run.repository).mirror.tree(base);
    if (!tree.files.has((await stackAt(services, run)).stack.file)) return UNDONE_BY_DESTROY;
    return await previewBack(services, run, old);
  } catch (error) {
    services.ending.throwIfAborted();
    if (!isMainstayError(error)) services.log.warn({ run: run.id, error: messageOf(error) }, 'cannot judge an undo');
    return undefined;
  }
}

async function previewBack(services: Services, run: Run, old: Run): Promise<Undo | undefined> {
  const [now, before] = await Promise.all([stackAt(services, run), stackAt(services, old)]);
  if (!now.engine.previewRevert || now.engine !== before.engine) return undefined;
  const signal = AbortSignal.any([DBOS.stepStatus!.cancelSignal, services.ending]);
  const open = async (of: Run, at: typeof now) => {
    const checkout = await checkOut(services, of, at.stack);
    return { checkout, ...openStack({ run: of, ...at, checkout, signal }) };
  };
  const opened = await Promise.allSettled([open(run, now), open(old, before)]);
  try {
    const [after, earlier] = opened.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value.work;
    });
    return undoFromRevert(run.outcome!, await now.engine.previewRevert(after!, earlier!));
  } finally {
    for (const result of opened) if (result.status === 'fulfilled') await result.value.checkout.remove();
  }
}
