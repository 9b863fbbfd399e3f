import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KnownHead } from '../core/run-store.ts';
import { eventsBetween } from './sweep.ts';

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
