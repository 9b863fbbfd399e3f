import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, postmasterOf, stackFile } from './estate.ts';

test('comes back from the repositories and the states alone when its database and disk are gone', async (t) => {
  const estate = await createEstate({ MAINSTAY_PASS: 'MAINSTAY_SANDBOX' });
  t.after(() => estate.close());
  mkdirSync(join(estate.folder, 'kept'));
  const environment = {
    PULUMI_BACKEND_URL: `file://${estate.folder}/kept`,
    MAINSTAY_SANDBOX: join(estate.folder, 'kept/world.sqlite'),
  };
  // One sandbox for both stacks, as it has to live elsewhere: so their maps have other names.
  await estate.push('main', { 'stacks/Pulumi.prod.yaml': stackFile({ uno: 'a' }) });
  await estate.start(environment);
  const first = await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
  assert.equal(first.state, 'succeeded', first.summary);
  const dev = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', three: 'c' }) });
  assert.equal((await estate.rolledOut(dev)).state, 'succeeded');
  const open = await estate.push('open', { 'infra/labels.ts': "export const labels = { team: 'open' };\n" });
  await estate.previewed('open', open);
  const note = async () => {
    for (let tries = 0; tries < 400; tries += 1) {
      const text = await git(estate.repository, 'notes', '--ref', 'mainstay', 'show', open).catch(() => undefined);
      if (text !== undefined) return text;
      await delay(50);
    }
    throw new Error('the comment did not come');
  };
  const said = await note();
  const states = () =>
    ['dev', 'prod'].map((stack) =>
      readFileSync(join(estate.folder, `kept/.pulumi/stacks/journey/${stack}.json`), 'utf8'),
    );
  const before = states();
  await estate.kill();
  const data = join(estate.folder, 'data');
  process.kill(postmasterOf(data)!, 'SIGKILL');
  rmSync(data, { recursive: true, force: true });
  await estate.start(environment);
  const again = await estate.rolledOut(dev);
  assert.deepEqual([again.state, again.summary], ['succeeded', 'affects no stack']);
  assert.deepEqual(await estate.api().runs({ kind: 'update' }), [], 'nothing is updated again');
  assert.deepEqual(states(), before);
  const status = await estate.api().status();
  assert.ok(status.aligned, JSON.stringify(status));
  const change = await estate.previewed('open', open);
  assert.deepEqual(change.runs.map(({ stack, state }) => [stack, state]).sort(), [
    ['journey/dev', 'succeeded'],
    ['journey/prod', 'succeeded'],
  ]);
  const withoutTimes = (text: string) => text.replaceAll(/https?:\S+/g, '').replaceAll(/[\d.]+ s\b/g, '');
  assert.equal(withoutTimes(await note()), withoutTimes(said), 'the one comment says what it said');
  const next = await estate.push('main', { 'stacks/Pulumi.prod.yaml': stackFile({ uno: 'a', due: 'z' }) });
  const rollout = await estate.rolledOut(next);
  assert.deepEqual(
    [rollout.state, rollout.stages.flatMap(({ stacks }) => stacks)],
    ['succeeded', ['journey/prod']],
    'and it goes on',
  );
});
