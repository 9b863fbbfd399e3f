import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChangeEnd, OpenChange } from '../core/forge.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import type { KnownHead } from '../core/run-store.ts';
import { eventsBetween, isAmong, sweep } from './sweep.ts';

const repository = { id: 'estate', base: 'main' };
const branches = ['main', 'a', 'b', 'mainstay/own'];
const commits = ['1', '2', '3'];
const heads = fc.uniqueArray(fc.record({ branch: fc.constantFrom(...branches), commit: fc.constantFrom(...commits) }), {
  selector: ({ branch }) => branch,
});

test('reports each new head once, the base branch first, with an id that never comes twice', () => {
  fc.assert(
    fc.property(fc.array(heads, { maxLength: 8 }), (looks) => {
      const known = new Map<string, KnownHead>();
      const ids = new Set<string>();
      for (const look of looks) {
        const events = eventsBetween(repository, known, look);
        for (const { event, branch, head } of events) {
          assert.ok(!ids.has(event.id), event.id);
          ids.add(event.id);
          known.set(branch, { commit: head.commit ?? '', version: head.version });
        }
        const kinds = events.map(({ event }) => event.kind);
        assert.ok(!kinds.slice(1).includes('base-moved'));
        // What was taken is not reported again.
        assert.deepEqual(eventsBetween(repository, known, look), []);
        assert.ok(!known.has('mainstay/own'));
      }
    }),
  );
});

test('rolls out the head of another base branch, also one that was looked at as a change, as newer than all before', () => {
  const known = new Map<string, KnownHead>([
    ['', { commit: 'main', version: 1 }],
    ['main', { commit: 'm', version: 7 }],
    ['trunk', { commit: 't', version: 2 }],
    ['busy', { commit: 'b', version: 9 }],
  ]);
  const looked = [...known].flatMap(([branch, { commit }]) => (branch === '' ? [] : [{ branch, commit }]));
  const [moved, ...others] = eventsBetween({ id: 'estate', base: 'trunk' }, known, looked);
  assert.deepEqual(others, []);
  assert.deepEqual(moved!.event, { id: 'estate/trunk#10:t', repository: 'estate', kind: 'base-moved', head: 't' });
  assert.deepEqual(moved!.head, { commit: 't', version: 10 });
});

test('remembers which branch is the base, once its head is handed on', async () => {
  const { known, taken, look } = await sweepOf([]);
  assert.equal(known.get('')?.commit, 'main');
  const version = known.get('')?.version;
  await look();
  assert.deepEqual([known.get('')?.version, taken.length], [version, 1]);
});

test('sees a branch that is pushed back and forth each time', () => {
  const known = new Map<string, KnownHead>([
    ['main', { commit: 'm', version: 1 }],
    ['a', { commit: '1', version: 1 }],
  ]);
  const push = (commit: string) =>
    eventsBetween(repository, known, [
      { branch: 'main', commit: 'm' },
      { branch: 'a', commit },
    ])[0]!;
  const there = push('2');
  known.set('a', { commit: '2', version: there.head.version });
  const back = push('1');
  assert.notEqual(there.event.id, back.event.id);
});

/** A forge with pull requests, in memory, and what the sweep took. */
async function sweepOf(changes: readonly OpenChange[], ends: Readonly<Record<string, ChangeEnd>> = {}) {
  const known = new Map<string, KnownHead>();
  const taken: RepositoryEvent[] = [];
  const fetched: string[] = [];
  const store = {
    events: {
      add: async () => true,
      commentsRead: async () => undefined,
      setCommentsRead: async () => {},
      heads: async () => known,
      setHead: async (_repository: string, branch: string, head: { commit: string | undefined; version: number }) =>
        void known.set(branch, { commit: head.commit ?? '', version: head.version }),
    },
  };
  const proposals = {
    list: async () => changes,
    endOf: async (name: string) => ends[name] ?? 'open',
    permissionOf: async (account: string) => (account === 'ada' ? 'write' : 'read'),
  };
  const mirror = {
    fetch: async () => [
      { branch: 'main', commit: 'm' },
      { branch: 'more', commit: 'h' },
    ],
    fetchChange: async ({ ref }: { ref: string }) => void fetched.push(ref),
  };
  const look = () =>
    sweep({ ...repository, forge: { proposals }, mirror } as never, {
      store: store as never,
      receive: async (event) => void taken.push(event),
    });
  await look();
  return { known, taken, fetched, look };
}

const proposed: OpenChange = {
  ...{ name: '7', title: 'More', author: 'ada', head: 'h', base: 'main', ref: 'refs/pull/7/head', fork: false },
};

test('takes pull requests for changes where there are some, and no branch', async () => {
  const { taken, fetched, look } = await sweepOf([proposed]);
  assert.deepEqual(
    taken.map((event) => [event.kind, 'change' in event ? event.change : '']),
    [
      ['base-moved', ''],
      ['change-pushed', '7'],
    ],
  );
  assert.deepEqual(fetched, ['refs/pull/7/head']);
  const before = taken.length;
  const looked = await look();
  assert.equal(taken.length, before);
  assert.ok(isAmong(looked, { kind: 'change', change: '7', head: 'h', base: 'main' }));
  assert.ok(isAmong(looked, { kind: 'pushed', branch: 'main', head: 'm' }));
  assert.ok(!isAmong(looked, { kind: 'change', change: '7', head: 'newer', base: 'main' }));
  assert.ok(!isAmong(looked, { kind: 'look' }));
});

test("holds a fork's head, and that of an account that may not write, whoever it says it is", async () => {
  const rows: readonly (readonly [Partial<OpenChange>, string | undefined])[] = [
    [{}, undefined],
    [{ fork: true }, 'it comes from a fork'],
    [{ author: 'mallory' }, 'mallory may not write to the repository'],
    [{ author: '' }, 'its author may not write to the repository'],
  ];
  for (const [more, expected] of rows) {
    const { taken } = await sweepOf([{ ...proposed, ...more }]);
    const event = taken.find(({ kind }) => kind === 'change-pushed');
    assert.equal(event?.kind === 'change-pushed' ? event.held : 'none', expected);
  }
});

test('asks the forge how a pull request ended that is not open any more', async () => {
  const changes = [proposed];
  const { taken, look } = await sweepOf(changes, { 7: 'merged' });
  changes.length = 0;
  await look();
  const event = taken.at(-1)!;
  assert.equal(event.kind === 'change-removed' && event.end, 'merged');
});
