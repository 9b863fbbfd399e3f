import { DBOS } from '@dbos-inc/dbos-sdk';
import { userError } from '../../foundation/errors.ts';
import { slugOf } from '../core/environment-texts.ts';
import { nameOf } from '../core/planned-step.ts';
import type { PreviewEnvironment } from '../core/preview-environment.ts';
import type { Run, RunState } from '../core/run.ts';
import { countsText, type RunEnd } from '../core/summarise.ts';
import type { Attempt } from './attempt.ts';
import { stacksOfBase } from './environment-facts.ts';
import { finishRun } from './finish-run.ts';
import { beginRun } from './preview-stack.ts';
import { runStep, type StepContext } from './run-step.ts';
import { repositoryOf, type Services } from './services.ts';
import { settleEnvironment } from './settle-environment.ts';
import { type OpenEnvironment, withEnvironment } from './with-environment.ts';

/** How soon a newer commit, or the end of its change, interrupts what is being made. */
const ASK_EVERY_MS = 500;

/** What a run of an environment did. */
interface Done {
  /** Creates of which a person has to say what became of them: then nothing was done. */
  readonly unclear: readonly string[];
  readonly retained: readonly string[];
  /** The state was not there. */
  readonly nothing: boolean;
}

/**
 * The workflow of one run of a preview environment: makes or updates it, or destroys it. It runs in the queue of the stack, one at a time. One that is
 * not the newest any more ends as soon as its engine has finished what it is at, and only then the newer one begins. After a crash the step is begun
 * again, once what was left of the earlier one has ended.
 */
export function keepEnvironment(services: Services) {
  return async (id: string): Promise<RunState> => {
    const newest = await DBOS.runStep(() => isNewest(services, id), { name: 'which turn' });
    const done = newest
      ? await runStep(services, { run: id, name: 'work' }, (told) => work(services, id, told))
      : undefined;
    return DBOS.runStep(() => finish(services, id, done), { name: 'finish' });
  };
}

async function isNewest({ store }: Services, id: string): Promise<boolean> {
  const run = await store.runs.get(id);
  return run !== undefined && (await store.environments.get(run.repository, run.stack))?.run === id;
}

async function work(services: Services, id: string, told: StepContext): Promise<Done> {
  const run = await beginRun(services, id);
  const environment = await services.store.environments.get(run.repository, run.stack);
  const change = run.change === undefined ? undefined : await services.store.changes.get(run.change);
  if (!environment?.settings || run.change === undefined) throw new Error(`no environment of the run ${id}`);
  if ((await stacksOfBase(services, run.repository)).some((stack) => stack.id === run.stack))
    throw userError(
      `Cannot go on with the preview environment as the repository has a stack of that name: ${run.stack}. Give one of them another name.`,
    );
  const newer = whenNewer(services, id);
  try {
    const signal = AbortSignal.any([told.signal, newer.signal]);
    const name = run.change.slice(run.repository.length + 1);
    const commit = run.kind === 'removal' ? await commitThere(services, run) : run.commit;
    const { repository, stack, template, settings } = environment;
    const at = { repository, stack, template, settings, change: slugOf(name), head: change?.head ?? commit, commit };
    return await withEnvironment(services, at, { run, signal }, (open) =>
      run.kind === 'removal'
        ? remove(services, { run, environment, open, told })
        : make(services, { run, environment, open, told }),
    );
  } finally {
    newer.stop();
  }
}

/** Aborted when a newer run of the environment has been asked for, by whichever runner. */
function whenNewer(services: Services, id: string): { readonly signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const ask = () => {
    // A database that is away says nothing: the run goes on.
    void isNewest(services, id).then(
      (newest) => void (newest || over.abort()),
      () => {},
    );
  };
  const timer = setInterval(ask, ASK_EVERY_MS);
  return { signal: over.signal, stop: () => clearInterval(timer) };
}

/** Commits of changes are gone from a mirror that was made anew: then the base branch's file is as good, as its secrets have the same key. */
async function commitThere(services: Services, { repository, commit }: Run): Promise<string> {
  const { mirror, base } = repositoryOf(services, repository);
  const isThere = await mirror.tree(commit).then(
    () => true,
    () => false,
  );
  const head = (await services.store.events.heads(repository)).get(base)?.commit;
  return isThere || !head ? commit : head;
}

interface Doing {
  readonly run: Run;
  readonly environment: PreviewEnvironment;
  readonly open: OpenEnvironment;
  readonly told: StepContext;
}

async function make(services: Services, doing: Doing): Promise<Done> {
  const { run, environment, told } = doing;
  const { engine, work: at } = doing.open;
  await claim(services, doing);
  const { done, unclear } = await engine.recover(at, { assumeNotCreated: environment.unclear });
  if (unclear.length > 0) return { unclear, retained: [], nothing: false };
  // A later life finds it by this, whatever becomes of our database.
  await engine.mark(at, markText(run));
  const outcome = await engine.update(at);
  told.note([...done, countsText('update', outcome)].join('; '));
  await services.store.runs.set(run.id, { outcome });
  return { unclear: [], retained: [], nothing: false };
}

async function remove(services: Services, { run, environment, open, told }: Doing): Promise<Done> {
  const { engine, work: at } = open;
  // One that was never begun is nothing: a state of that name is somebody else's.
  const isOurs = environment.claimed || changeOfMark((await engine.markOf(at)) ?? '')?.change === run.change;
  if (!isOurs) return { unclear: [], retained: [], nothing: true };
  const { done, unclear } = await engine.recover(at, { assumeNotCreated: environment.unclear });
  if (unclear.length > 0) return { unclear, retained: [], nothing: false };
  const { outcome, retained } = await engine.destroy(at);
  told.note([...done, outcome ? countsText('update', outcome) : 'there was nothing of it'].join('; '));
  if (outcome) await services.store.runs.set(run.id, { outcome });
  return { unclear: [], retained, nothing: outcome === undefined };
}

/** A state of that name that somebody else made is not ours to change, still less to destroy. Ours is put down as such before it is made. */
async function claim(services: Services, { run, environment, open: { engine, work: at } }: Doing): Promise<void> {
  if (environment.claimed) return;
  const isThere = await engine.exists(at);
  const whose = isThere ? changeOfMark((await engine.markOf(at)) ?? '')?.change : run.change;
  if (whose !== run.change)
    throw userError(
      `Cannot make the preview environment ${run.stack} as there is a state of that name which is not its own: ${whose ?? 'nobody has said what it is for'}. ` +
        'Destroy or rename that stack, or give `name` of previewEnvironments in mainstay.yaml another pattern.',
    );
  await services.store.environments.set(environment, { claimed: true }, new Date(services.clock.now()));
}

/** What a state says of whose environment it is, and at which commit. */
export function markText({ change, commit }: Pick<Run, 'change' | 'commit'>): string {
  return `environment of ${change}@${commit}`;
}

export function changeOfMark(text: string): { readonly change: string; readonly commit: string } | undefined {
  const [, change, commit] = /^environment of (.+)@([0-9a-f]{40})$/.exec(text) ?? [];
  return change === undefined || commit === undefined ? undefined : { change, commit };
}

async function finish(services: Services, id: string, done: Attempt<Done> | undefined): Promise<RunState> {
  const { store, clock } = services;
  const run = (await store.runs.get(id))!;
  if (!done || !(await isNewest(services, id)))
    return finishRun(services, id, { kind: 'superseded', by: 'a newer turn' });
  if (done.ok && done.value.nothing) {
    const summary = 'there was nothing of it';
    await store.runs.set(id, { state: 'succeeded', summary, endedAt: new Date(clock.now()) });
  } else await finishRun(services, id, endOf(run, done));
  const { unclear, retained } = done.ok ? done.value : { unclear: [], retained: [] };
  await settleEnvironment(services, id, { unclear: unclear.length > 0, retained: retained.map(nameOf) });
  return (await store.runs.get(id))!.state;
}

function endOf({ kind, outcome }: Run, done: Attempt<Done>): RunEnd {
  if (!done.ok) return { kind: 'error', error: done.error };
  const { unclear } = done.value;
  if (unclear.length === 0) return { kind: 'outcome', outcome: outcome! };
  const ask = kind === 'removal' ? '/environment down' : '/environment';
  const message =
    `Cannot go on as an earlier run was interrupted while it created ${unclear.join(', ')}, and nobody can say whether it did. ` +
    `See whether they exist, delete what does, then say \`${ask}\` again.`;
  return { kind: 'error', error: { kind: 'user', message } };
}
