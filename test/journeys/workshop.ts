import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { git } from '../../cli/demo-repository.ts';
import type { Clock } from '../../foundation/clock.ts';
import { isMainstayError } from '../../foundation/errors.ts';
import { silentLog } from '../../foundation/log.ts';
import { World } from '../../providers/sandbox/world.ts';
import type { Forge } from '../../runner/core/forge.ts';
import type { RunnerPolicySettings } from '../../runner/core/policy-settings.ts';
import type { Rollout } from '../../runner/core/rollout.ts';
import type { RunStore } from '../../runner/core/run-store.ts';
import { createEngines } from '../../runner/engines/create-engines.ts';
import type { StackWork } from '../../runner/engines/engine.ts';
import { createPlainGitForge } from '../../runner/forges/plain-git/forge.ts';
import { createDependencyStore } from '../../runner/git/dependency-store.ts';
import { openMirror } from '../../runner/git/git-mirror.ts';
import { createRegistry, type RegistryAccount } from '../../runner/images/registry.ts';
import { openDatabase } from '../../runner/store/database.ts';
import { startEmbeddedPostgres } from '../../runner/store/embedded-postgres.ts';
import { migrate } from '../../runner/store/migrations.ts';
import { createPostgresRunStore } from '../../runner/store/postgres-run-store.ts';
import type { Repository, Services } from '../../runner/workflows/services.ts';
import { sweep } from '../../runner/workflows/sweep.ts';
import { startWorker, type Worker } from '../../runner/workflows/worker.ts';
import { createRepository, FIRST_FILES, mergeInto, pushTo } from './estate.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EACH_WITHIN_MS = 180_000;

/** A runner in the test's own process, with its real parts, and a clock that the test moves. One per process. */
export interface Workshop {
  readonly store: RunStore;
  readonly database: pg.Pool;
  readonly services: Services;
  readonly worker: Worker;
  readonly repository: Repository;
  readonly folder: string;
  /** Everything that the runner has said. */
  readonly said: readonly string[];
  /** Lets time go by, or jump back. */
  moveClock(milliseconds: number): void;
  push(branch: string, files: Readonly<Record<string, string | undefined>>): Promise<string>;
  merge(branch: string, style?: 'squash' | 'rebase'): Promise<string>;
  /** Looks at the repository once, as the runner does. */
  sweep(): Promise<void>;
  head(): Promise<string>;
  rollout(commit: string, ...states: readonly Rollout['state'][]): Promise<Rollout>;
  /** Asks until there is an answer. */
  until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T>;
  /** A stack of a commit, checked out for an engine. */
  checkedOut(stack: string, commit: string): Promise<StackWork>;
  /** The sandbox of a stack. */
  world(stack: string): World;
  close(): Promise<void>;
}

export interface WorkshopOptions {
  /** Where the clock begins. Default: now. */
  readonly now?: number;
  /** Where changes are proposed. Default: plain Git, where a pushed branch is one. Git itself is at `estate.git` all the same. */
  readonly forge?: Forge;
  /** Registries that images are looked for in. Default: those of the world. */
  readonly registries?: readonly RegistryAccount[];
  /** Policy packs of the runner itself. Default: none. */
  readonly policies?: readonly RunnerPolicySettings[];
}

export async function createWorkshop(
  files: Readonly<Record<string, string>> = FIRST_FILES,
  { now, forge: forgeAt, registries = [], policies = [] }: WorkshopOptions = {},
): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-workshop-'));
  chmodSync(folder, 0o755);
  const origin = join(folder, 'estate.git');
  await createRepository(origin, files);
  const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), log: silentLog });
  closing.push(() => postgres.end());
  const database = openDatabase(postgres.url, silentLog);
  closing.push(() => database.close());
  await migrate(database.pool);
  const store = createPostgresRunStore(database);
  for (const name of ['state', 'work']) mkdirSync(join(folder, name));
  const engines = await createEngines({
    settings: {
      ...{ backendUrl: `file://${folder}/state`, pulumiHome: join(folder, 'home') },
      ...{ passphrase: 'a passphrase of the workshop', passed: [] },
    },
    environment: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: process.env.HOME },
    processes: store.processes,
    parallel: 2,
    wanted: 'embedded',
  });
  closing.push(() => engines.close());
  const dependencies = createDependencyStore({ folder: join(folder, 'dependencies'), seeds: [ROOT] });
  const mirror = await openMirror({ folder: join(folder, 'mirror.git'), url: origin, dependencies });
  closing.push(() => mirror.close());
  const forge = forgeAt ?? createPlainGitForge({ url: origin, git: mirror.git });
  const repository: Repository = { id: 'estate', base: 'main', mirror, forge };
  const clock = movableClock(now);
  const said: string[] = [];
  const ending = new AbortController();
  const services: Services = {
    ...{ store, log: silentLog, clock: clock.clock, workFolder: join(folder, 'work'), ending: ending.signal },
    ...{ repositories: new Map([['estate', repository]]), engines: engines.byName, defaultEngine: 'embedded' },
    registriesOf: () => createRegistry(registries),
    policiesOf: () => policies,
    link: (path) => `http://127.0.0.1/${path}`,
    tell: (line) => said.push(line),
  };
  const worker = await startWorker({
    ...{ services, databaseUrl: postgres.url, name: 'workshop', log: silentLog },
    onLost: (error) => said.push(`lost: ${error.message}`),
    interrupt: () => ending.abort(new Error('the workshop ends')),
  });
  closing.push(() => worker.close());
  return {
    ...{ store, database: database.pool, services, worker, repository, folder, said, moveClock: clock.move },
    push: (branch, changed) => pushTo(origin, branch, changed),
    merge: (branch, style) => mergeInto(origin, branch, style),
    sweep: async () => void (await sweep(repository, { store, receive: worker.receive })),
    head: () => git(origin, 'rev-parse', 'main'),
    until: (what, ask) => until({ what, ask, said }),
    rollout: (commit, ...states) =>
      until({
        what: `the rollout of ${commit}, ${states.join(' or ') || 'ended'}`,
        said,
        ask: async () => {
          const found = (await store.rollouts.list('estate')).find((rollout) => rollout.commit === commit);
          const there = states.length === 0 ? found?.endedAt !== undefined : found && states.includes(found.state);
          return there ? found : undefined;
        },
      }),
    checkedOut: async (stack, commit) => {
      const place = join(folder, 'work', `by-hand-${stack}`);
      const checkout = await mirror.checkout(commit, { folder: place, program: 'infra' });
      return { repository: 'estate', stack: `journey/${stack}`, stackName: stack, folder: checkout.folder };
    },
    world: (stack) => new World(join(folder, `home/sandbox/organization-journey-${stack}.sqlite`)),
    close: async () => {
      for (const close of closing.toReversed()) await close();
    },
  };
}

function movableClock(start: number | undefined): { readonly clock: Clock; move(milliseconds: number): void } {
  let offset = start === undefined ? 0 : start - Date.now();
  return {
    clock: {
      now: () => Date.now() + offset,
      sleep: async (milliseconds, signal) => void (await delay(milliseconds, undefined, { signal })),
    },
    move: (milliseconds) => {
      offset += milliseconds;
    },
  };
}

async function until<T>({
  what,
  ask,
  said,
}: {
  readonly what: string;
  readonly ask: () => Promise<T | undefined | false>;
  readonly said: readonly string[];
}): Promise<T> {
  for (const deadline = performance.now() + EACH_WITHIN_MS; performance.now() < deadline; await delay(20)) {
    // A database that is slow for a moment is asked again.
    const answer = await ask().catch((error: unknown) => {
      if (isMainstayError(error, 'transient')) return undefined;
      throw error;
    });
    if (answer !== undefined && answer !== false) return answer;
  }
  throw new Error(`${what} did not come. The runner said:\n${said.join('\n')}`);
}
