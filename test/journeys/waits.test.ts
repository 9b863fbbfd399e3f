import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { createEstate } from './estate.ts';

const SETTINGS = `environments:
  - { name: dev, stacks: [dev] }
  - { name: prod, stacks: [prod], soak: 2s, approval: { owners: [ada] } }
drift: { mode: off }
`;

test('an approval and a soak are waited for through kills, without anything being done twice', async (t) => {
  const estate = await createEstate();
  t.after(() => estate.close());
  const commit = await estate.push('main', { 'stacks/mainstay.yaml': SETTINGS });
  await estate.start();
  const waiting = await estate.rolledOut(commit);
  assert.equal(waiting.state, 'waiting', waiting.summary);
  assert.match(waiting.summary, /^prod waits for 1 approval by ada/);
  await estate.kill();
  // The soak ends while no runner is there.
  await delay(2500);
  await estate.start();
  const still = await estate.rolledOut(commit);
  assert.match(still.summary, /^prod waits for 1 approval by ada/);
  await assert.rejects(
    estate.api().decideRollout(waiting.id, { kind: 'approve', by: 'eve' }),
    /eve is none of those who may: ada/,
  );
  await estate.api().decideRollout(waiting.id, { kind: 'approve', by: 'ada' });
  await estate.kill();
  await estate.start();
  const ended = await until(async () => {
    const rollout = await estate.rolledOut(commit);
    return rollout.endedAt === undefined ? undefined : rollout;
  });
  assert.equal(ended.state, 'succeeded', ended.summary);
  const updates = await estate.api().runs({ kind: 'update' });
  assert.deepEqual(updates.map(({ stack, state, attempt }) => `${stack} ${state} ${attempt}`).sort(), [
    'journey/dev succeeded 1',
    'journey/prod succeeded 1',
  ]);
  assert.equal(await git(estate.repository, 'rev-parse', 'main'), commit);
});

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; await delay(50)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error('it did not come to an end');
}
