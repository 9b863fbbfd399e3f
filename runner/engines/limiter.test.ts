import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { createLimiter } from './limiter.ts';
import { createMachineMeasure, createMeasuredRoom, type Measurement } from './room.ts';

const GIB = 2 ** 30;

test('never runs more than the limit, and everything at last, in the order it came', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(3), { maxLength: 30 }), async (limit, works) => {
      const limiter = createLimiter(limit);
      let [running, most] = [0, 0];
      const begun: number[] = [];
      await Promise.all(
        works.map((ticks, index) =>
          limiter.run(async () => {
            begun.push(index);
            running += 1;
            most = Math.max(most, running);
            for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
            running -= 1;
          }),
        ),
      );
      assert.ok(most <= limit);
      assert.deepEqual(begun, [...works.keys()]);
      await limiter.idle();
    }),
    { numRuns: 100 },
  );
});

test('gives the place of work that fails to the next one', async () => {
  const limiter = createLimiter(1);
  await assert.rejects(
    limiter.run(() => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await limiter.run(async () => 'done'), 'done');
});

test('what is in the background never takes a place from who comes, and comes to its turn at last', async () => {
  const limiter = createLimiter(1);
  const [release, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun: string[] = [];
  const work = (name: string, until: Promise<void>) => async () => {
    begun.push(name);
    await until;
  };
  const first = limiter.run(work('first', release.promise));
  const behind = ['a', 'b'].map((name) => limiter.run(work(name, finish.promise), { background: true }));
  const second = limiter.run(work('second', release.promise));
  release.resolve();
  await Promise.all([first, second]);
  while (!begun.includes('a')) await delay(1);
  // One is in the background, for as long as it likes: that is no place that is taken.
  await limiter.run(work('third', Promise.resolve()));
  assert.deepEqual(begun, ['first', 'second', 'a', 'third']);
  finish.resolve();
  await Promise.all(behind);
  await limiter.idle();
  assert.deepEqual(begun.at(-1), 'b');
});

test('asks again for room that comes by itself', async () => {
  let place = false;
  const limiter = createLimiter(10, { hasPlace: (running) => running === 0 || place });
  const release = Promise.withResolvers<void>();
  const first = limiter.run(() => release.promise);
  const second = limiter.run(async () => 'second');
  await delay(50);
  place = true;
  assert.equal(await second, 'second', 'the first one still runs');
  release.resolve();
  await first;
});

function roomOf(measurement: () => Measurement, processors = 2) {
  return createMeasuredRoom({ measure: measurement, processors });
}

test('has always room for one, whatever the machine says', () => {
  const room = roomOf(() => ({ available: 0, held: undefined, idle: 0 }));
  assert.equal(room.hasPlace(0), true);
  assert.equal(room.hasPlace(1), false);
});

test('goes beyond the processors only while they are idle', () => {
  let idle = 0;
  const room = roomOf(() => ({ available: 16 * GIB, held: undefined, idle }));
  assert.equal(room.hasPlace(1), true);
  assert.equal(room.hasPlace(2), false);
  idle = 0.9;
  assert.equal(room.hasPlace(2), true);
  assert.equal(room.hasPlace(40), true);
});

test('learns what an operation takes, and stops before the memory is full', () => {
  let held = 0;
  const room = roomOf(() => ({ available: 2 * GIB, held, idle: 1 }));
  assert.equal(room.hasPlace(1), true, 'a first guess fits');
  // Two operations turn out to take 3 GiB each.
  held = 6 * GIB;
  assert.equal(room.hasPlace(2), false);
});

test('lets in one beyond the processors for each measurement, and never more than the memory of one would hold', () => {
  let measurement: Measurement = { available: 64 * GIB, held: undefined, idle: 1 };
  const room = roomOf(() => measurement);
  assert.deepEqual([room.hasPlace(2), room.hasPlace(3)], [true, false]);
  measurement = { ...measurement };
  assert.deepEqual([room.hasPlace(3), room.hasPlace(4)], [true, false]);
  // A gigabyte is half a gigabyte to give away: one of 300 MiB.
  measurement = { ...measurement, available: GIB };
  assert.deepEqual([room.hasPlace(1), room.hasPlace(1)], [true, false]);
});

test('measures this machine', async () => {
  const measure = createMachineMeasure();
  await delay(210);
  const { available, held, idle } = measure();
  assert.ok(available > 0);
  assert.ok(idle >= 0 && idle <= 1);
  if (process.platform === 'linux') assert.ok(held! > 20 * 2 ** 20);
});
