import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, type Estate, FIRST_FILES, postmasterOf, stackFile } from './estate.ts';

/** One life of a repository, told in order: each test goes on where the one before ended. */
let estate: Estate;

before(async () => {
  estate = await createEstate();
  // PostgreSQL runs as another user where we are root.
  await estate.start();
});

after(() => estate.close());

function mapsOf(stack: string): Readonly<Record<string, string>> {
  const maps = estate.state(stack).resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  return Object.fromEntries(
    maps.map(({ inputs }) => {
      const { metadata, data } = inputs as { metadata: { name: string }; data: { value: string } };
      return [metadata.name, data.value];
    }),
  );
}

test('updates every stack of the first commit, in the order of promotion', async () => {
  const rollout = await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const runs = await estate.api().runs({ rollout: rollout.id });
  const [dev, prod] = ['journey/dev', 'journey/prod'].map((stack) => runs.find((run) => run.stack === stack)!);
  assert.ok(dev!.endedAt! <= prod!.startedAt!, 'prod began after dev had ended');
  assert.deepEqual(mapsOf('dev'), { one: 'a', two: 'b' });
  assert.deepEqual(mapsOf('prod'), { one: 'a' });
  assert.equal((await estate.api().status()).aligned, true);
});

test('previews a branch for the stacks that it affects, and stores the result under the commit', async () => {
  const head = await estate.push('third-map', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'c', three: 'd' }),
  });
  const change = await estate.previewed('third-map', head);
  assert.deepEqual(
    change.runs.map(({ stack, state, summary }) => ({ stack, state, summary })),
    [{ stack: 'journey/dev', state: 'succeeded', summary: '1 to replace, 1 to create' }],
  );
  assert.deepEqual(change.runs[0]!.reasons, ['stacks/Pulumi.dev.yaml']);
  assert.deepEqual(mapsOf('dev'), { one: 'a', two: 'b' }, 'a preview changes nothing');
  const note = await noteOf(head);
  assert.match(note, /Deletes or replaces resources in journey\/dev\./);
  assert.match(note, /± kubernetes:core\/v1:ConfigMap two .*\n {4}data\.value: b → c/);
});

/** The note is written after the preview has ended. */
async function noteOf(commit: string): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const note = await git(estate.repository, 'notes', '--ref', 'mainstay', 'show', commit).catch(() => undefined);
    if (note !== undefined) return note;
    assert.ok(tries < 200, 'the note did not come');
    await delay(50);
  }
}

test('updates what a merge changes, and nothing else', async () => {
  const rollout = await estate.rolledOut(await estate.merge('third-map'));
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.deepEqual(
    rollout.stages.flatMap(({ stacks }) => stacks),
    ['journey/dev'],
  );
  assert.deepEqual(mapsOf('dev'), { one: 'a', two: 'c', three: 'd' });
  const [run] = await estate.api().runs({ rollout: rollout.id });
  const { steps } = await estate.api().run(run!.id);
  assert.match(steps.find(({ name }) => name === 'preview')!.detail, /as reviewed/);
  assert.equal((await estate.api().changes()).find(({ name }) => name === 'third-map')!.state, 'merged');
});

test('takes two pushes at once, with the reason for each stack', async () => {
  const [one, two] = await Promise.all([
    estate.push('labels', { 'infra/labels.ts': "export const labels = { team: 'shops' };\n" }),
    estate.push('prod-only', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'z' }) }),
  ]);
  const [labels, prodOnly] = [await estate.previewed('labels', one), await estate.previewed('prod-only', two)];
  assert.deepEqual(labels.runs.map(({ stack }) => stack).sort(), ['journey/dev', 'journey/prod']);
  assert.deepEqual(labels.runs[0]!.reasons, ['infra/index.ts → infra/labels.ts']);
  assert.deepEqual(
    prodOnly.runs.map(({ stack, summary }) => [stack, summary]),
    [['journey/prod', '1 to replace']],
  );
});

test('says a conflict as such', async () => {
  const head = await estate.push('conflicting', { 'infra/labels.ts': "export const labels = { team: 'mine' };\n" });
  await estate.previewed('conflicting', head);
  await estate.rolledOut(await estate.merge('labels'));
  const stale = await waitFor(async () =>
    (await estate.api().changes()).find(({ name, problem }) => name === 'conflicting' && problem),
  );
  assert.match(stale.problem!, /^It conflicts with the base branch in infra\/labels\.ts\./);
});

test('says the error of a program in its preview, and blocks nothing else', async () => {
  const broken = FIRST_FILES['infra/index.ts']!.replace(
    'let last',
    "throw new Error('no such region: atlantis');\nlet last",
  );
  const head = await estate.push('broken', { 'infra/index.ts': broken });
  const change = await estate.previewed('broken', head);
  assert.ok(change.runs.every(({ state }) => state === 'failed'));
  assert.match((await estate.api().run(change.runs[0]!.id)).problem!, /no such region: atlantis/);
  assert.equal((await estate.api().status()).aligned, true);
});

test('says where an unreadable mainstay.yaml is wrong', async () => {
  const head = await estate.push('bad-settings', {
    'stacks/mainstay.yaml': 'environments:\n  - name: dev\n    stack: [dev]\n',
  });
  const change = await estate.previewed('bad-settings', head);
  assert.match(change.problem!, /stacks\/mainstay\.yaml:3:5 environments\.0.*stack/s);
});

test('finishes an update once when the runner is killed in the middle of it', async () => {
  const maps = { one: 'a', two: 'c', three: 'd', four: 'e', five: 'f' };
  const slow = { match: '*four*', milliseconds: 8000 };
  const commit = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile(maps, slow) });
  const running = await waitFor(async () => {
    const [run] = await estate.api().runs({ stack: 'journey/dev', kind: 'update', limit: 1 });
    const steps = run?.commit === commit ? (await estate.api().run(run.id)).steps : [];
    return steps.some(({ name, state }) => name === 'update' && state === 'running') ? run : undefined;
  });
  await waitFor(async () => (journal().includes('ConfigMap::four') ? true : undefined));
  await estate.kill();
  assert.equal(locks().length, 1, 'the lock was left behind');
  // The next life does not wait: what is begun is begun.
  await estate.start();
  const rollout = await estate.rolledOut(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const run = await estate.api().run(running.id);
  assert.equal(run.state, 'succeeded', run.problem);
  const { detail } = run.steps.find(({ name }) => name === 'update')!;
  assert.match(detail, /what became of creating \S*::four was looked at/);
  assert.deepEqual(mapsOf('dev'), maps);
  const { resources, pending_operations } = estate.state('dev');
  assert.equal(new Set(resources.map(({ urn }) => urn)).size, resources.length, 'each resource is there once');
  assert.deepEqual(pending_operations ?? [], []);
  assert.deepEqual(locks(), []);
  assert.equal((await estate.api().runs({ rollout: rollout.id, stack: 'journey/dev' })).length, 1);
});

/** What the engine writes down before and after each step. */
function journal(): string {
  const file = join(estate.folder, 'data/state/.pulumi/journals/journey/dev.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function locks(): readonly string[] {
  const folder = join(estate.folder, 'data/state/.pulumi/locks/organization/journey/dev');
  return existsSync(folder) ? readdirSync(folder) : [];
}

test('ends with one clear line when PostgreSQL dies, and goes on after a start', async () => {
  process.kill(postmasterOf(join(estate.folder, 'data'))!, 'SIGKILL');
  assert.equal(await estate.ended(), 75);
  assert.match(estate.said(), /The runner ended as .*\. Start it again: every run goes on where it was\./);
  await estate.start();
  assert.equal((await estate.api().status()).aligned, true);
});

async function waitFor<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; await delay(25)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`it did not come. The runner said:\n${estate.said()}`);
}
