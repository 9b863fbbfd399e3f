import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '../../foundation/log.ts';
import type { RunStore } from '../core/run-store.ts';
import { treeOf } from '../core/tree-of-files.ts';
import type { Database } from '../store/database.ts';
import { createPostgresRunStore } from '../store/postgres-run-store.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing/open-test-database.ts';
import { beginInOrder, markApplied, turnOf } from './merge-order.ts';
import { planRollout } from './plan-rollout.ts';
import { beginRun } from './preview-stack.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import { newerRollout } from './rollout-wait.ts';
import type { Services } from './services.ts';

/** The real database and the real decisions; workflows are played, so that the order of their every statement is chosen, and each may be killed there. */
let opened: TestDatabase;
let database: Database;
let store: RunStore;

before(async () => {
  opened = await openTestDatabase();
  ({ database } = opened);
  // Nothing here waits for the disk.
  store = createPostgresRunStore({ ...database, ...database.withinSteps });
});
after(async () => {
  await opened?.close();
});

class Killed extends Error {}

/** Lets one actor at a time do one statement, in an order that is given. */
class Order {
  readonly #choices: Iterator<number>;
  readonly #parked: ((kill: boolean) => void)[] = [];
  #busy = 0;

  constructor(choices: Iterator<number>) {
    this.#choices = choices;
  }

  /** Begins an actor. A step that is killed is done again, as a workflow's is. */
  begin(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    const ended = work();
    void ended.finally(() => this.#leave()).catch(() => {});
    return ended;
  }

  async turn(): Promise<void> {
    const kill = await new Promise<boolean>((go) => {
      this.#parked.push(go);
      this.#leave();
    });
    if (kill) throw new Killed();
  }

  /** Waits without being in the way of others. */
  async waitFor<T>(promise: Promise<T>): Promise<T> {
    this.#leave();
    try {
      return await promise;
    } finally {
      this.#busy += 1;
    }
  }

  #leave(): void {
    this.#busy -= 1;
    // What follows from the last step begins first.
    setImmediate(() => {
      if (this.#busy > 0 || this.#parked.length === 0) return;
      const choice: number = this.#choices.next().value ?? 0;
      const [next] = this.#parked.splice(choice % this.#parked.length, 1);
      this.#busy += 1;
      next!(choice % 13 === 12);
    });
  }
}

const STACKS = ['a/dev', 'b/dev'] as const;
type Content = Readonly<Record<(typeof STACKS)[number], string>>;

/** One head of the base branch after the other: what is in it for each stack, as a commit. */
const HEADS = fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.constantFrom('x', 'y')), { minLength: 2, maxLength: 4 });

interface World {
  readonly services: Services;
  readonly repository: string;
  readonly order: Order;
  /** What each stack is made of. */
  readonly made: Map<string, string>;
  readonly queues: Map<string, Promise<void>>;
  readonly failing: (run: string) => boolean;
}

const commitOf = ([a, b]: readonly [string, string]) => Buffer.from(`${a}${b}`).toString('hex').padEnd(40, '0');
const contentOf = (commit: string): Content => {
  const [a, b] = Buffer.from(commit.slice(0, 4), 'hex').toString();
  return { 'a/dev': a!, 'b/dev': b! };
};

function treeAt(commit: string) {
  const content = contentOf(commit);
  const files: Record<string, string> = {};
  for (const stack of STACKS) {
    const project = stack.split('/')[0]!;
    files[`${project}/Pulumi.yaml`] = `name: ${project}\nruntime: nodejs\n`;
    files[`${project}/Pulumi.dev.yaml`] = `config:\n  ${project}:is: ${content[stack]}\n`;
    files[`${project}/index.ts`] = '';
  }
  return treeOf(files);
}

/** Every call waits for its turn. */
function inTurns<T extends object>(part: T, order: Order): T {
  return new Proxy(part, {
    get: (target, name, receiver) => {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value === 'object' && value !== null) return inTurns(value, order);
      if (typeof value !== 'function') return value;
      return async (...args: readonly unknown[]) => {
        await order.turn();
        return Reflect.apply(value, target, args);
      };
    },
  });
}

let worlds = 0;

async function worldOf(choices: Iterator<number>, failing: World['failing']): Promise<World> {
  worlds += 1;
  const repository = `estate-${worlds}`;
  const order = new Order(choices);
  const mirror = {
    tree: async (commit: string) => treeAt(commit),
    contains: async () => true,
    brings: async () => true,
  };
  const services = {
    store: inTurns(store, order),
    repositories: new Map([[repository, { id: repository, base: 'main', mirror, forge: {} }]]),
    clock: { now: () => Date.now(), sleep: async () => {} },
    log: silentLog,
    tell: () => {},
  } as unknown as Services;
  return { services, repository, order, made: new Map(), queues: new Map(), failing };
}

/** A durable step: done again until it is done. */
async function step<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
}

/** As `update-stack` does it. */
async function update({ services, made, order, failing }: World, id: string): Promise<void> {
  const { runs } = services.store;
  const ended = await step(async () => {
    const run = await beginRun(services, id);
    if ((await beginInOrder(services, run)) === undefined) return undefined;
    return 'superseded' as const;
  });
  const state =
    ended ??
    (await step(async () => {
      const run = await beginRun(services, id);
      if ((await beginInOrder(services, run)) !== undefined) return 'failed' as const;
      made.set(run.stack, 'half');
      await order.turn();
      if (failing(id)) return 'failed' as const;
      made.set(run.stack, contentOf(run.commit)[run.stack as keyof Content]);
      await order.turn();
      await markApplied(services, run);
      return 'succeeded' as const;
    }));
  await step(() => runs.set(id, { state }));
}

/** As `receive-event` and `roll-out` do it, for one environment. Returns when its updates have ended. */
async function rollOut(world: World, at: RolloutAt): Promise<void> {
  const { services, order, queues } = world;
  const { rollouts, runs } = services.store;
  const id = rolloutId(at);
  const end = (state: 'succeeded' | 'overtaken' | 'waiting') => step(() => rollouts.set(id, { state }));
  const plan = await step(() => planRollout(services, at));
  if (plan.overtakenBy !== undefined || (await step(() => newerRollout(services, at))) !== undefined)
    return end('overtaken');
  const all = Object.entries(plan.runs).map(([stack, run]) => {
    const key = `${at.repository}:${stack}`;
    const turn = (queues.get(key) ?? Promise.resolve()).then(() => order.begin(() => update(world, run)));
    queues.set(key, turn);
    return turn;
  });
  await order.waitFor(Promise.all(all));
  const states = await Promise.all(Object.values(plan.runs).map((run) => store.runs.get(run)));
  const good = states.every((run) => run?.state === 'succeeded');
  if (good) return end('succeeded');
  await end((await step(() => newerRollout(services, at))) === undefined ? 'waiting' : 'overtaken');
  // A run that was never begun is not looked at any more.
  for (const run of states) if (run?.state === 'queued') await step(() => runs.set(run.id, { state: 'superseded' }));
}

async function play(heads: readonly (readonly [string, string])[], world: World): Promise<void> {
  const { repository, services, order } = world;
  const first = commitOf(['x', 'x']);
  await store.stacks.ensure(
    repository,
    STACKS.map((id, position) => ({ id, name: 'dev', environment: 'dev', position })),
  );
  for (const stack of STACKS) {
    await store.stacks.setApplied(repository, stack, { commit: first });
    world.made.set(stack, 'x');
  }
  const started = new Set<string>();
  const ended: Promise<void>[] = [];
  await order.begin(async () => {
    for (const [index, head] of heads.entries()) {
      const commit = commitOf(head);
      const event = {
        id: `${repository}/main#${index + 1}:${commit}`,
        repository,
        kind: 'base-moved',
        head: commit,
      } as const;
      await store.events.add(event);
      ended.push(
        order.begin(async () => {
          const at = await step(() => turnOf(services, event));
          if (started.has(rolloutId(at))) return;
          started.add(rolloutId(at));
          await rollOut(world, at);
        }),
      );
      await step(() => order.turn());
    }
  });
  await Promise.all(ended);
}

/** Nothing is on its way any more: each stack is what the newest head says, and known as that, or its update to it has failed. */
async function checkAligned(heads: readonly (readonly [string, string])[], world: World): Promise<void> {
  const newest = commitOf(heads.at(-1)!);
  const [rollout] = await store.rollouts.list(world.repository, 1);
  assert.equal(rollout?.commit, newest, 'the newest head was rolled out last');
  for (const { id, appliedCommit } of await store.stacks.list(world.repository)) {
    const [last] = await store.runs.list({ repository: world.repository, stack: id, rollout: rollout.id });
    if (last?.state === 'failed' && world.failing(last.id)) continue;
    assert.equal(world.made.get(id), contentOf(newest)[id as keyof Content], `${id} is made of what the head says`);
    assert.equal(appliedCommit, newest, `${id} is known to be at the head`);
  }
}

test('leaves every stack at the newest head, in whatever order plans and updates run, come late and die', async () => {
  const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 40, maxLength: 400 });
  await fc.assert(
    fc.asyncProperty(HEADS, choices, fc.nat({ max: 3 }), async (heads, picked, failure) => {
      const failing = (run: string) => failure > 0 && (run.charCodeAt(run.length - 1) + failure) % 4 === 0;
      const world = await worldOf(picked.values(), failing);
      await play(heads, world);
      await checkAligned(heads, world);
    }),
    { numRuns: Number(process.env.MAINSTAY_ORDERS ?? 30) },
  );
});

/** Services over the database without turns; `before` is done once before the first call of the name. */
async function plainWorld(before: Readonly<Record<string, () => Promise<unknown>>> = {}): Promise<World> {
  const world = await worldOf([].values(), () => false);
  const left = new Map(Object.entries(before));
  const stacks = new Proxy(store.stacks, {
    get:
      (target, name: keyof RunStore['stacks']) =>
      async (...args: readonly unknown[]) => {
        const first = left.get(name);
        left.delete(name);
        await first?.();
        return Reflect.apply(target[name], target, args);
      },
  });
  for (const stack of STACKS) {
    await store.stacks.ensure(
      world.repository,
      STACKS.map((id, position) => ({ id, name: 'dev', environment: 'dev', position })),
    );
    await store.stacks.setApplied(world.repository, stack, { commit: commitOf(['x', 'x']) });
  }
  return { ...world, services: { ...world.services, store: { ...store, stacks } } };
}

const at = ({ repository }: World, position: number, ...head: readonly [string, string]) => ({
  ...{ repository, position, turn: position, commit: commitOf(head) },
});

const appliedOf = async ({ repository }: World) =>
  Object.fromEntries((await store.stacks.list(repository)).map(({ id, appliedCommit }) => [id, appliedCommit]));

test('does nothing for an update that comes after a newer commit has taken its change back', async () => {
  const world = await plainWorld();
  const { runs } = await planRollout(world.services, at(world, 1, 'y', 'x'));
  const taken = await planRollout(world.services, at(world, 2, 'x', 'x'));
  assert.deepEqual(taken.runs, {});
  const run = await beginRun(world.services, runs['a/dev']!);
  assert.equal(await beginInOrder(world.services, run), commitOf(['x', 'x']).slice(0, 8));
  assert.equal((await store.runs.get(run.id))?.startedAt, undefined);
  // Nothing was begun, so the next commit has nothing to put right.
  assert.deepEqual((await planRollout(world.services, at(world, 3, 'x', 'y'))).runs['a/dev'], undefined);
});

test('decides anew about a stack whose update begins between the look and the decision', async () => {
  const world = await plainWorld();
  const older = await planRollout(world.services, at(world, 1, 'y', 'x'));
  const begin = async () => {
    const run = await beginRun({ ...world.services, store }, older.runs['a/dev']!);
    assert.equal(await beginInOrder({ store }, run), undefined);
  };
  const { services } = await plainWorld({ settle: begin });
  const { runs } = await planRollout(
    { ...services, repositories: world.services.repositories },
    at(world, 2, 'x', 'x'),
  );
  assert.deepEqual(Object.keys(runs), ['a/dev']);
});

test('knows a stack as at the newest commit that is decided while its update ends', async () => {
  const world = await plainWorld();
  const newer = at(world, 2, 'y', 'y');
  const { runs } = await planRollout(world.services, at(world, 1, 'y', 'x'));
  const run = await beginRun(world.services, runs['a/dev']!);
  const settle = async () => {
    await store.rollouts.add({ ...newer, id: rolloutId(newer), stages: [], changes: [] });
    await store.stacks.settle(world.repository, await store.stacks.list(world.repository), newer);
  };
  const { services } = await plainWorld({ setApplied: settle });
  await markApplied({ ...services, repositories: world.services.repositories }, run);
  assert.equal((await appliedOf(world))['a/dev'], newer.commit);
});

test('leaves to a newer rollout what it has listed and decided', async () => {
  const world = await plainWorld();
  const more = { id: 'c/dev', name: 'dev', environment: 'dev', position: 2 };
  const [first] = await store.stacks.list(world.repository);
  await store.rollouts.add({ ...at(world, 5, 'x', 'x'), id: `${world.repository}@5`, stages: [], changes: [] });
  await store.stacks.ensure(world.repository, [first!, more], 5);
  await store.stacks.ensure(world.repository, [{ ...more, id: 'd/dev' }], 4);
  assert.deepEqual(Object.keys(await appliedOf(world)), ['a/dev', 'c/dev']);
  const known = await store.stacks.list(world.repository);
  assert.ok(await store.stacks.settle(world.repository, known, { commit: 'five', position: 5 }));
  const again = await store.stacks.list(world.repository);
  assert.ok(await store.stacks.settle(world.repository, again, { commit: 'four', position: 4 }));
  assert.deepEqual(await appliedOf(world), { 'a/dev': 'five', 'c/dev': 'five' });
  assert.ok(!(await store.stacks.settle(world.repository, known, { commit: 'six', position: 6 })));
});
