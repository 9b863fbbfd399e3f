import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, stackFile } from './estate.ts';

test('finishes on another worker what a lost one had begun', async (t) => {
  const estate = await createEstate();
  t.after(() => estate.close());
  await estate.start({ MAINSTAY_WORKER: 'first' });
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));

  const maps = { one: 'a', two: 'b', three: 'c' };
  const slow = { match: '*three*', milliseconds: 8000 };
  const commit = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile(maps, slow) });
  const journal = join(estate.folder, 'data/state/.pulumi/journals/journey/dev.jsonl');
  const deadline = performance.now() + 120_000;
  while (!existsSync(journal) || !readFileSync(journal, 'utf8').includes('ConfigMap::three')) {
    assert.ok(performance.now() < deadline, 'the update did not begin');
    await delay(50);
  }
  await estate.kill();
  // A worker of another name does not resume its own runs: it has to find out that the first one is gone.
  await estate.start({ MAINSTAY_WORKER: 'second' });
  const rollout = await estate.rolledOut(commit);

  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const { resources, pending_operations } = estate.state('dev');
  const names = resources
    .filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap')
    .map(({ urn }) => urn.split('::').at(-1));
  assert.deepEqual(names.sort(), ['one', 'three', 'two']);
  assert.deepEqual(pending_operations ?? [], []);
  assert.equal((await estate.api().runs({ rollout: rollout.id, stack: 'journey/dev' })).length, 1);
});
