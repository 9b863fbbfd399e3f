import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, type Estate, postmasterOf, stackFile } from './estate.ts';

const MAPS = { one: 'a', two: 'b', three: 'c' };

/** Starts an update of dev that takes a while, and waits until it is in the midst of it. */
async function beginSlowUpdate(estate: Estate): Promise<string> {
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
  const slow = { match: '*three*', milliseconds: 5000 };
  const commit = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile(MAPS, slow) });
  const journal = join(estate.folder, 'data/state/.pulumi/journals/journey/dev.jsonl');
  await estate.until('the update', async () =>
    existsSync(journal) && readFileSync(journal, 'utf8').includes('ConfigMap::three') ? true : undefined,
  );
  return commit;
}

async function assertGoesOn(estate: Estate, commit: string): Promise<void> {
  await estate.start();
  const rollout = await estate.rolledOut(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const maps = estate.state('dev').resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  assert.deepEqual(maps.map(({ urn }) => urn.split('::').at(-1)).sort(), Object.keys(MAPS).sort());
  assert.equal((await estate.api().runs({ rollout: rollout.id, stack: 'journey/dev' })).length, 1);
  assertNothingHeld(estate);
}

function assertNothingHeld(estate: Estate): void {
  assert.deepEqual(estate.state('dev').pending_operations ?? [], []);
  const locks = join(estate.folder, 'data/state/.pulumi/locks/organization/journey/dev');
  assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
}

test('Ctrl-C in the midst of an update leaves no lock and nothing half-done, and the next start goes on', async (t) => {
  const estate = await createEstate();
  t.after(() => estate.close());
  const commit = await beginSlowUpdate(estate);
  assert.equal(await estate.end(), 130);
  assertNothingHeld(estate);
  await assertGoesOn(estate, commit);
});

test('a database that is killed in the midst of an update ends the runner, which says so, and the next start goes on', async (t) => {
  const estate = await createEstate();
  t.after(() => estate.close());
  const commit = await beginSlowUpdate(estate);
  process.kill(postmasterOf(join(estate.folder, 'data'))!, 'SIGKILL');
  assert.equal(await estate.ended(), 1);
  assert.match(estate.said(), /Start it again: every run goes on where it was/);
  await assertGoesOn(estate, commit);
});
