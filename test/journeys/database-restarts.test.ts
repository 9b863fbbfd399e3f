import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, type Estate, stackFile } from './estate.ts';
import { type ExternalPostgres, startExternalPostgres } from './external-postgres.ts';
import { readSteps } from './record-steps.ts';

/** A runner whose PostgreSQL is elsewhere, and goes away and comes back. Each test goes on where the one before ended. */
let postgres: ExternalPostgres;
let estate: Estate;

before(async () => {
  postgres = await startExternalPostgres();
  const preload = pathToFileURL(join(import.meta.dirname, 'record-steps.ts')).href;
  estate = await createEstate({ DATABASE_URL: postgres.url, NODE_OPTIONS: `--import=${preload}` });
  await start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
});
after(async () => {
  await estate?.close();
  await postgres?.close();
});

const stepsFile = () => join(estate.folder, 'steps');
const start = () => estate.start({ JOURNEY_STEPS: stepsFile() });
const journal = () => join(estate.folder, 'data/state/.pulumi/journals/journey/dev.jsonl');

/** A program that says that it runs, and ends when it may. */
const patientLabels = (flag: string) => `import { existsSync, writeFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
writeFileSync(${JSON.stringify(`${flag}.began`)}, '');
export const labels = pulumi.output(new Promise<Record<string, string>>((resolve) => {
  const look = () => (existsSync(${JSON.stringify(flag)}) ? resolve({ team: 'late' }) : setTimeout(look, 50));
  look();
}));
`;

async function restart(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  await postgres.stop(signal);
  await postgres.start();
}

/** How often a step of that name began of that run. */
const begun = (run: string, name: string) =>
  readSteps(stepsFile()).filter(({ workflow, step, what }) => workflow === run && step === name && what === 'begin')
    .length;

/** Begins an update of dev that takes a while, and waits until it is in the midst of it. */
async function beginSlowUpdate(value: string): Promise<string> {
  const maps = { one: value, two: value, [value]: 'c' };
  const slow = { match: `*${value}*`, milliseconds: 4000 };
  const commit = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile(maps, slow) });
  await estate.until('the update', async () =>
    existsSync(journal()) && readFileSync(journal(), 'utf8').includes(`ConfigMap::${value}`) ? true : undefined,
  );
  return commit;
}

async function assertUpdated(commit: string, names: readonly string[]): Promise<string> {
  const rollout = await estate.rolledOut(commit);
  assert.equal(rollout.state, 'succeeded', `${rollout.summary}\n${estate.said()}`);
  const { resources, pending_operations: pending } = estate.state('dev');
  const maps = resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  assert.deepEqual(maps.map(({ urn }) => urn.split('::').at(-1)).sort(), names);
  assert.deepEqual(pending ?? [], []);
  const locks = join(estate.folder, 'data/state/.pulumi/locks/organization/journey/dev');
  assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
  const [run, ...more] = await estate.api().runs({ rollout: rollout.id, stack: 'journey/dev' });
  assert.deepEqual([run?.state, more], ['succeeded', []]);
  return run!.id;
}

test('restarts in the midst of a preview, which goes on as if nothing had been', async () => {
  const { folder } = estate;
  const runner = estate.pid();
  const flag = join(folder, 'preview');
  const head = await estate.push('patient', { 'infra/labels.ts': patientLabels(flag) });
  await estate.until('the program', async () => (existsSync(`${flag}.began`) ? true : undefined));
  await restart('SIGINT');
  writeFileSync(flag, '');
  const change = await estate.previewed('patient', head);
  assert.equal(change.problem, undefined);
  assert.deepEqual(new Set(change.runs.map(({ state }) => state)), new Set(['succeeded']));
  for (const { id } of change.runs) assert.equal(begun(id, 'preview'), 1);
  assert.equal(estate.pid(), runner, 'it is the same runner');
});

test('restarts in the midst of an update, which goes on and is not done twice', async () => {
  const runner = estate.pid();
  const commit = await beginSlowUpdate('three');
  await restart('SIGINT');
  const run = await assertUpdated(commit, ['one', 'three', 'two']);
  assert.equal(begun(run, 'update'), 1);
  assert.equal(estate.pid(), runner, 'it is the same runner');
});

test('is killed in the midst of an update and comes back: it may have forgotten something, so the runner ends and its next life goes on', async () => {
  const commit = await beginSlowUpdate('four');
  await restart('SIGKILL');
  assert.equal(await estate.ended(), 75);
  assert.match(estate.said(), /the database was killed.*Start it again: every run goes on where it was/);
  await start();
  await assertUpdated(commit, ['four', 'one', 'two']);
});

test('stays away in the midst of an update: the runner ends, says so, leaves nothing half-done, and goes on in its next life', async () => {
  const commit = await beginSlowUpdate('five');
  await postgres.stop('SIGINT');
  assert.equal(await estate.ended(), 75);
  assert.match(estate.said(), /Start it again: every run goes on where it was/);
  await postgres.start();
  await start();
  await assertUpdated(commit, ['five', 'one', 'two']);
});
