import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { comparePreviews, digestOf, stepFingerprints } from './digest.ts';
import type { PlannedStep } from './planned-step.ts';

const change = fc.record({
  path: fc.string(),
  kind: fc.constantFrom('add', 'update', 'delete'),
  before: fc.jsonValue(),
  after: fc.jsonValue(),
});
const step: fc.Arbitrary<PlannedStep> = fc.record({
  operation: fc.constantFrom('same', 'create', 'update', 'delete', 'replace'),
  urn: fc.string(),
  type: fc.string(),
  changes: fc.array(change, { maxLength: 4 }),
  replacedBy: fc.array(fc.string(), { maxLength: 2 }),
  protected: fc.boolean(),
});
const steps = fc.uniqueArray(step, { selector: ({ operation, urn }) => `${operation} ${urn}`, maxLength: 8 });

test('is the same whatever the order of steps, changes and keys', () => {
  fc.assert(
    fc.property(steps, (planned) => {
      const turned = planned.toReversed().map((each) => ({
        ...each,
        changes: each.changes.toReversed().map((one) => ({ ...one, after: withKeysTurned(one.after) })),
      }));
      assert.equal(digestOf(turned), digestOf(planned));
    }),
  );
});

function withKeysTurned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withKeysTurned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, withKeysTurned(item)]),
  );
}

test('ignores steps that change nothing, and sees every value that changes', () => {
  const base: PlannedStep = {
    operation: 'update',
    urn: 'u',
    type: 't',
    changes: [{ path: 'a', kind: 'update', before: 1, after: 2 }],
    replacedBy: [],
    protected: false,
  };
  const same: PlannedStep = { ...base, operation: 'same', urn: 'other' };
  assert.equal(digestOf([base, same]), digestOf([base]));
  for (const other of [
    { ...base, operation: 'replace' },
    { ...base, urn: 'v' },
    { ...base, replacedBy: ['a'] },
    { ...base, changes: [{ path: 'a', kind: 'update' as const, before: 1, after: 3 }] },
  ])
    assert.notEqual(digestOf([other]), digestOf([base]));
});

test('tells narrower from wider', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (planned, pick) => {
      const all = stepFingerprints(planned);
      assert.equal(comparePreviews(all, all), 'same');
      if (all.length === 0) return;
      const fewer = all.toSpliced(pick % all.length, 1);
      assert.equal(comparePreviews(all, fewer), 'narrower');
      assert.equal(comparePreviews(fewer, all), 'wider');
    }),
  );
});

describe('what several previews have shown', () => {
  const update = (changes: PlannedStep['changes'], urn = 'u'): PlannedStep => ({
    ...{ operation: 'update', urn, type: 't', changes, replacedBy: [], protected: false },
  });
  const a = { path: 'a', kind: 'update', before: 1, after: 2 } as const;
  const b = { path: 'b', kind: 'update', before: 1, after: 2 } as const;
  const prints = (...planned: readonly PlannedStep[]) => stepFingerprints(planned);

  test('covers a step that does both to one resource, and no third thing', () => {
    const reviewed = [...prints(update([a])), ...prints(update([b]))];
    assert.notEqual(comparePreviews(reviewed, prints(update([a, b]))), 'wider');
    assert.equal(comparePreviews(reviewed, prints(update([a, b, { ...a, path: 'c' }]))), 'wider');
    assert.equal(comparePreviews(reviewed, prints(update([{ ...a, after: 3 }, b]))), 'wider');
    assert.equal(comparePreviews(reviewed, prints({ ...update([a, b]), replacedBy: ['a'] })), 'wider');
    assert.equal(comparePreviews(reviewed, prints(update([a, b]), update([a], 'v'))), 'wider');
    assert.equal(comparePreviews(reviewed, prints({ ...update([a, b]), operation: 'replace' })), 'wider');
  });

  test('takes any value where it was unknown, at that path alone', () => {
    const reviewed = prints(update([{ ...a, after: '[unknown]' }, b]));
    assert.equal(comparePreviews(reviewed, prints(update([{ ...a, after: 7 }, b]))), 'same');
    assert.equal(comparePreviews(reviewed, prints(update([a, { ...b, after: 7 }]))), 'wider');
  });
});
