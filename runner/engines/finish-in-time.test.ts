import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { finishInTime } from './finish-in-time.ts';
import { createLimiter } from './limiter.ts';

/** Two kinds of places, and what was said. */
function places() {
  const said: string[] = [];
  const limiters = { updates: createLimiter(4), previews: createLimiter(4) };
  return { ...limiters, said, limiters, tell: (line: string) => void said.push(line) };
}

const endless = () => new Promise<void>(() => {});

test('says nothing where nothing runs, or what runs ends at once', async () => {
  const { limiters, said, tell, updates } = places();
  await finishInTime(limiters, { graceSeconds: 0, tell });
  void updates.run(() => delay(10));
  await finishInTime(limiters, { graceSeconds: 0, tell, soonMs: 600_000 });
  assert.deepEqual(said, []);
});

test('waits for a call of a provider as long as it may take, and says that it does', async () => {
  const { limiters, said, tell, updates } = places();
  const call = Promise.withResolvers<void>();
  void updates.run(() => call.promise);
  await finishInTime(limiters, {
    graceSeconds: 600,
    soonMs: 0,
    tell: (line) => {
      tell(line);
      call.resolve();
    },
  });
  assert.deepEqual(said, [
    'waits for what 1 update is at, 600 s at most (MAINSTAY_GRACE); Ctrl-C once more does not wait',
  ]);
});

test('cuts off what takes longer, and says what and what comes of it', async () => {
  const { limiters, said, tell, updates, previews } = places();
  for (const limiter of [updates, updates, previews]) void limiter.run(endless);
  await finishInTime(limiters, { graceSeconds: 0, soonMs: 0, tell });
  assert.match(said[0]!, /^waits for what 2 updates and 1 preview are at, 0 s at most/);
  assert.match(said[1]!, /^cuts off what 2 updates and 1 preview are at: the next start looks at how far that came/);
});
