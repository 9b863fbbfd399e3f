import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import { startWatch } from './watch-repository.ts';

/** A watch whose looks end when they are told what they saw. */
function watched() {
  const looks: ((seen: string) => void)[] = [];
  let began: () => void = () => {};
  const watch = startWatch<string>({
    look: () =>
      new Promise((resolve) => {
        looks.push(resolve);
        began();
      }),
    ...{ intervalMs: 3_600_000, log: silentLog, name: 'estate' },
  });
  const untilLooks = async (count: number) => {
    while (looks.length < count)
      await new Promise<void>((resume) => {
        began = resume;
      });
  };
  return { watch, looks, untilLooks };
}

/** Whatever follows of itself has followed. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resume) => setImmediate(resume));
}

test('looks once where the look under way saw what a notice tells', async () => {
  const { watch, looks, untilLooks } = watched();
  await untilLooks(1);
  watch.notice((seen) => seen === 'new');
  watch.notice((seen) => seen === 'new');
  looks[0]!('new');
  await settled();
  assert.equal(looks.length, 1);
  const stopped = watch.stop();
  await stopped;
});

test('looks again where it did not, and for a notice that says nothing of what there is', async () => {
  const { watch, looks, untilLooks } = watched();
  await untilLooks(1);
  watch.notice((seen) => seen === 'new');
  looks[0]!('old');
  await untilLooks(2);
  watch.notice((seen) => seen === 'new');
  watch.notice();
  looks[1]!('new');
  await untilLooks(3);
  looks[2]!('new');
  await settled();
  assert.equal(looks.length, 3);
  await watch.stop();
});
