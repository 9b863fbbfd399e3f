import { messageOf } from '../../foundation/errors.ts';
import { repeat } from '../../foundation/repeat.ts';
import { decideEnvironments, type EnvironmentVerdict, environmentOf } from '../core/decide-environments.ts';
import type { PreviewEnvironment } from '../core/preview-environment.ts';
import { ENDED_STATES, type Run } from '../core/run.ts';
import { settingsOfBase } from './drift-facts.ts';
import { environmentFacts } from './environment-facts.ts';
import { findEnvironments } from './find-environments.ts';
import { runId } from './preview-change.ts';
import type { Services } from './services.ts';
import { settleEnvironment } from './settle-environment.ts';
import { tellEnvironments } from './tell-environments.ts';

const EVERY_MS = 1000;

/** Where nobody wants an environment and there is none, and where something could not be asked. */
const SELDOM_MS = 5000;

/** What the loop needs of the worker. */
export interface EnvironmentWorker {
  /** Starts the run of an environment, in its stack's turn. The same id is one run. */
  keepEnvironment(run: Pick<Run, 'id' | 'repository' | 'stack'>): Promise<void>;
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** What one life remembers, so as not to ask again. */
interface Memory {
  /** Repositories whose states were looked through for environments that the database knows nothing of. */
  readonly searched: Set<string>;
  /** Runs that were started. */
  readonly started: Set<string>;
}

/**
 * Compares every preview environment of a repository with what it should be, and starts what is missing. All that it goes by is in the database, the base
 * branch and the states: whatever came while no runner was there, it finds.
 */
async function lookAfter(
  services: Services,
  repository: string,
  { worker, memory }: { readonly worker: EnvironmentWorker; readonly memory: Memory },
): Promise<void> {
  const { store, clock } = services;
  const settings = await settingsOfBase(services, repository);
  if (!settings) return;
  const known = await store.environments.list({ repository });
  if (!memory.searched.has(repository)) {
    await findEnvironments(services, repository, settings);
    memory.searched.add(repository);
  }
  for (const environment of known) await settleEnded(services, environment);
  const facts = await environmentFacts(services, repository, settings);
  for (const verdict of decideEnvironments(facts))
    await carryOut(services, repository, {
      verdict,
      before: environmentOf(facts.environments, verdict),
      at: new Date(clock.now()),
    });
  for (const environment of await store.environments.list({ repository }))
    await ensureStarted(services, environment, { worker, memory });
}

/** Most repositories are not: they cost a question every few seconds. */
async function isConcerned(services: Services, repository: string): Promise<boolean> {
  if ((await services.store.environments.list({ repository })).length > 0) return true;
  return ((await settingsOfBase(services, repository))?.previewEnvironments.length ?? 0) > 0;
}

/** A run that somebody cancelled, or that ended without saying so here. */
async function settleEnded(services: Services, { repository, stack, state, run }: PreviewEnvironment): Promise<void> {
  if (run === undefined || (state !== 'making' && state !== 'removing')) return;
  const { items } = await services.store.runs.page({ repository, stack, limit: 5 });
  const newest = items.find(({ id }) => id === run);
  if (newest && ENDED_STATES.includes(newest.state)) await settleEnvironment(services, run);
}

interface CarryingOut<V extends EnvironmentVerdict = EnvironmentVerdict> {
  readonly verdict: V;
  readonly before: PreviewEnvironment | undefined;
  readonly at: Date;
}

/** Puts down what is to be, which is what makes it happen: a life that ends here leaves that to the next one. */
async function carryOut(services: Services, repository: string, { verdict, before, at }: CarryingOut): Promise<void> {
  const { environments } = services.store;
  switch (verdict.kind) {
    case 'make':
      return environments.put(makingOf(repository, { verdict, before, at }));
    case 'remove': {
      const { stack, why: summary, asked } = verdict;
      const turn = { turns: before!.turns + 1, turnedAt: at, unclear: asked && before!.unclear };
      const run = turnId(repository, { stack, at, ...turn });
      await environments.set(before!, { state: 'removing', summary, run, againAt: undefined, ...turn }, at);
      return;
    }
    case 'say':
      if (!before) return environments.put(waitingOf(repository, { verdict, before, at }));
      await environments.set(
        before,
        { ...(verdict.text !== undefined && { summary: verdict.text }), expiresAt: verdict.expiresAt },
        at,
      );
      return;
    case 'forget': {
      const { stack, template, change } = verdict;
      return environments.forget({ repository, stack, template, change });
    }
  }
}

function makingOf(
  repository: string,
  { verdict, before, at }: CarryingOut<Extract<EnvironmentVerdict, { kind: 'make' }>>,
): PreviewEnvironment {
  const { stack, template, change, commit, why, asked, expiresAt } = verdict;
  const turns = (before?.turns ?? 0) + 1;
  return {
    ...{ repository, stack, template: template.stack, change, state: 'making', summary: why, commit },
    ...{ settings: template.settings, run: turnId(repository, { stack, at, turns }), turns, turnedAt: at },
    ...{ claimed: before?.claimed ?? false, outputs: before?.outputs ?? {}, sandbox: before?.sandbox ?? false },
    ...{ unclear: asked && (before?.unclear ?? false), failures: 0, againAt: undefined, expiresAt, updatedAt: at },
  };
}

function waitingOf(
  repository: string,
  { verdict, at }: CarryingOut<Extract<EnvironmentVerdict, { kind: 'say' }>>,
): PreviewEnvironment {
  const { stack, template, change, text = '', expiresAt } = verdict;
  return {
    ...{ repository, stack, template, change, state: 'waiting', summary: text, commit: undefined, settings: undefined },
    ...{ run: undefined, turns: 0, claimed: false, outputs: {}, sandbox: false, unclear: false, failures: 0 },
    ...{ againAt: undefined, expiresAt, turnedAt: undefined, updatedAt: at },
  };
}

/** Never that of a turn before, also where the environment was forgotten meanwhile. */
function turnId(
  repository: string,
  { stack, turns, at }: { readonly stack: string; readonly turns: number; readonly at: Date },
): string {
  return runId('e', `${repository}/${stack}/${turns}/${at.toISOString()}`);
}

async function ensureStarted(
  { store }: Services,
  environment: PreviewEnvironment,
  { worker, memory }: { readonly worker: EnvironmentWorker; readonly memory: Memory },
): Promise<void> {
  const { repository, stack, change, state, summary, run: id, commit } = environment;
  if (id === undefined || commit === undefined || (state !== 'making' && state !== 'removing')) return;
  if (memory.started.has(id)) return;
  const kind = state === 'making' ? 'environment' : 'removal';
  const reasons = [{ kind: 'asked' as const, text: summary }];
  await store.runs.add({ id, repository, stack, kind, change, rollout: undefined, commit, reasons });
  await worker.keepEnvironment({ id, repository, stack });
  memory.started.add(id);
}

/** Looks after the environments of all repositories, again and again. Returns a function that stops it. */
export function startLookingAfter(services: Services, worker: EnvironmentWorker): () => Promise<void> {
  const memory: Memory = { searched: new Set(), started: new Set() };
  const loops = [...services.repositories.keys()].flatMap((repository) => [
    again(services, async () => {
      if (!(await isConcerned(services, repository))) return SELDOM_MS;
      await worker.alone(`environments of ${repository}`, () => lookAfter(services, repository, { worker, memory }));
      return EVERY_MS;
    }),
    // On its own: a forge that is slow keeps no environment from being destroyed.
    again(services, async () => {
      if ((await services.store.environments.list({ repository })).length === 0) return SELDOM_MS;
      await worker.alone(`environments told of ${repository}`, () => tellEnvironments(services, repository));
      return EVERY_MS;
    }),
  ]);
  return async () => void (await Promise.all(loops.map((stop) => stop())));
}

/** What fails is said once, and tried again. */
function again({ log, ending }: Services, work: () => Promise<number>): () => Promise<void> {
  let problem = '';
  return repeat(async () => {
    try {
      const wait = await work();
      problem = '';
      return wait;
    } catch (error) {
      const text = messageOf(error);
      if (text !== problem && !ending.aborted)
        log.warn({ error: text }, 'cannot look after preview environments; trying again');
      problem = text;
    }
    return SELDOM_MS;
  });
}
