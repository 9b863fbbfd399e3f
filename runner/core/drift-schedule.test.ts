import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDue, slotAt } from './drift-schedule.ts';

const HOUR = 3_600_000;

test('gives each stack one turn after the other, without a gap', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1000, max: 30 * HOUR }),
      fc.integer({ min: 0, max: 2 ** 42 }),
      (stack, every, now) => {
        const slot = slotAt(now, stack, every);
        assert.ok(slot.beganAt <= now && now < slot.beganAt + every);
        assert.deepEqual(slotAt(slot.beganAt + every, stack, every), {
          number: slot.number + 1,
          beganAt: slot.beganAt + every,
        });
      },
    ),
  );
});

test('spreads stacks out over the time', () => {
  const stacks = Array.from({ length: 1000 }, (_, index) => `shop/stack-${index}`);
  const minutes = Map.groupBy(stacks, (stack) => Math.floor((slotAt(1e12, stack, HOUR).beganAt % HOUR) / 60_000));
  assert.equal(minutes.size, 60);
  assert.ok(Math.max(...[...minutes.values()].map(({ length }) => length)) < 40);
});

test('is due once per turn, after an update not before the next, and again though clocks were set back', () => {
  const slot = { number: 7, beganAt: 7 * HOUR };
  const now = 7.5 * HOUR;
  const date = (hours: number) => new Date(hours * HOUR);
  assert.ok(!isDue(now, slot, { lookedAt: undefined, appliedAt: undefined }), 'never updated');
  assert.ok(isDue(now, slot, { lookedAt: undefined, appliedAt: date(3) }));
  assert.ok(isDue(now, slot, { lookedAt: date(2), appliedAt: date(1) }), 'turns went by');
  assert.ok(!isDue(now, slot, { lookedAt: date(7.1), appliedAt: date(1) }));
  assert.ok(!isDue(now, slot, { lookedAt: date(2), appliedAt: date(7.2) }));
  assert.ok(isDue(now, slot, { lookedAt: date(90), appliedAt: date(1) }), 'looked at in a time that has not come');
});
