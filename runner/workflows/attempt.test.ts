import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MainstayError, userError } from '../../foundation/errors.ts';
import { attempt } from './attempt.ts';

/** A clock on which waiting takes no time. */
function clockAt() {
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      now += milliseconds;
    },
  };
  return { clock, ending: new AbortController().signal };
}

/** A forge that is away until that many seconds have gone by. */
const away = (until: number, clock: { now(): number }) => async () => {
  if (clock.now() < until * 1000) throw new MainstayError('transient', 'Cannot reach it as it is away: 500.');
  return 'done';
};

test('gives up on an outage after some minutes, and with patience goes on when it is over', async () => {
  const short = clockAt();
  assert.equal((await attempt(away(100, short.clock), short)).ok, true);
  const long = clockAt();
  const given = await attempt(away(3600, long.clock), long);
  assert.deepEqual(given, { ok: false, error: { kind: 'transient', message: 'Cannot reach it as it is away: 500.' } });
  const patient = clockAt();
  assert.equal((await attempt(away(3600, patient.clock), { ...patient, patienceSeconds: 7200 })).ok, true);
  const over = clockAt();
  assert.equal((await attempt(away(9000, over.clock), { ...over, patienceSeconds: 7200 })).ok, false);
});

test('has no patience with what does not pass, and none when it ends', async () => {
  let tries = 0;
  const refused = async () => {
    tries += 1;
    throw userError('Cannot do it as it is refused: 401. Set another token.');
  };
  const at = clockAt();
  assert.equal((await attempt(refused, { ...at, patienceSeconds: 7200 })).ok, false);
  assert.equal(tries, 1);
  const ending = AbortSignal.abort(new Error('the runner ends'));
  await assert.rejects(attempt(away(9000, at.clock), { ...at, ending, patienceSeconds: 7200 }), /the runner ends/);
});

test('waits for room where the disk is full, whoever says so, and tells why it waits', async () => {
  for (const said of [
    "ENOSPC: no space left on device, open '/x'",
    'fatal: write error: No space left on device',
    'database or disk is full',
  ]) {
    const at = clockAt();
    const told: string[] = [];
    const full = async () => {
      if (at.clock.now() < 5000) throw userError(said);
      return 'done';
    };
    const onWait = async (why: string) => void told.push(why);
    assert.deepEqual(await attempt(full, { ...at, onWait }), { ok: true, value: 'done' });
    assert.equal(told.length, 4);
    for (const why of told) assert.match(why, /Cannot go on as the disk is full: .*Free some space/);
  }
});
