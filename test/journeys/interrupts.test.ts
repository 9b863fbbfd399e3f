import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { identityOf } from '../../foundation/processes.ts';
import { createEstate, type Estate, FIRST_FILES, postmasterOf, stackFile } from './estate.ts';

/** The runner is ended, the orderly way, in the midst of whatever it does. Each test goes on where the one before ended. */
let estate: Estate;

before(async () => {
  estate = await createEstate({}, { ...FIRST_FILES, 'stacks/mainstay.yaml': settings('') });
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
});
after(() => estate?.close());

/** `gate` is added to prod. */
function settings(gate: string): string {
  return `environments:\n  - { name: dev, stacks: [dev] }\n  - { name: prod, stacks: [prod]${gate} }\ndrift: { mode: off }\n`;
}

const journal = () => join(estate.folder, 'data/state/.pulumi/journals/journey/dev.jsonl');

/** Begins an update of dev that takes so long, and waits until it is in the midst of it. */
async function beginSlowUpdate(value: string, milliseconds: number): Promise<string> {
  const maps = { one: 'a', [value]: 'c' };
  const slow = { match: `*${value}*`, milliseconds };
  const commit = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile(maps, slow) });
  await estate.until('the update', async () =>
    existsSync(journal()) && readFileSync(journal(), 'utf8').includes(`ConfigMap::${value}`) ? true : undefined,
  );
  return commit;
}

/** Ends the runner, and says how long that took: nothing of ours may wait for what has no end. */
async function end(t: TestContext, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const began = performance.now();
  process.kill(estate.pid(), signal);
  assert.equal(await estate.ended(), signal === 'SIGINT' ? 130 : 143);
  const seconds = (performance.now() - began) / 1000;
  t.diagnostic(`ended after ${seconds.toFixed(1)} s`);
  assert.ok(seconds < 60, `${seconds} s`);
}

async function assertUpdated(commit: string, names: readonly string[]): Promise<void> {
  const rollout = await estate.rolledOut(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const maps = estate.state('dev').resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  assert.deepEqual(maps.map(({ urn }) => urn.split('::').at(-1)).sort(), names);
  assert.equal((await estate.api().runs({ rollout: rollout.id, stack: 'journey/dev' })).length, 1);
  assertNothingHeld();
}

function assertNothingHeld(): void {
  assert.deepEqual(estate.state('dev').pending_operations ?? [], []);
  const locks = join(estate.folder, 'data/state/.pulumi/locks/organization/journey/dev');
  assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
}

test('in the midst of an update: no lock and nothing half-done is left, and the next start goes on', async (t) => {
  const commit = await beginSlowUpdate('three', 4000);
  await end(t, 'SIGINT');
  assertNothingHeld();
  await estate.start();
  await assertUpdated(commit, ['one', 'three']);
});

/** A program that says its process, and ends when it may. */
const patientLabels = (flag: string) => `import { existsSync, writeFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
writeFileSync(${JSON.stringify(`${flag}.pid`)}, String(process.pid));
export const labels = pulumi.output(new Promise<Record<string, string>>((resolve) => {
  const look = () => (existsSync(${JSON.stringify(flag)}) ? resolve({ team: 'late' }) : setTimeout(look, 50));
  look();
}));
`;

test('in the midst of a preview: its program is ended, and the next start makes it again', async (t) => {
  const flag = join(estate.folder, 'go-on');
  const head = await estate.push('patient', { 'infra/labels.ts': patientLabels(flag) });
  const pid = await estate.until('the program', async () => Number(readFileSync(`${flag}.pid`, 'utf8')) || undefined);
  await end(t, 'SIGTERM');
  assert.equal(identityOf(pid), undefined, 'the program has ended');
  writeFileSync(flag, '');
  await estate.start();
  const change = await estate.previewed('patient', head);
  assert.deepEqual(new Set(change.runs.map(({ state }) => state)), new Set(['succeeded']));
  assert.equal(new Set(change.runs.map(({ stack }) => stack)).size, change.runs.length, 'one run of each stack');
});

test('in the midst of npm ci: npm is ended, nothing of it counts as installed, and the next start says what came of it', async (t) => {
  let asked = 0;
  let isOpen = false;
  const registry = createServer((_, response) => {
    asked += 1;
    if (isOpen) response.writeHead(404).end();
  });
  await new Promise<void>((ready) => registry.listen(0, '127.0.0.1', ready));
  t.after(() => {
    registry.closeAllConnections();
    registry.close();
  });
  const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  const head = await estate.push('dependencies', lonelyPackage(url));
  await estate.until('npm', async () => (asked > 0 ? true : undefined));
  await end(t, 'SIGINT');
  const store = join(estate.folder, 'data/dependencies');
  const whole = readdirSync(store).filter((name) => !name.endsWith('.new'));
  isOpen = true;
  await estate.start();
  const { runs } = await estate.previewed('dependencies', head);
  assert.ok(runs.length > 0);
  for (const { state, summary } of runs) {
    assert.equal(state, 'failed');
    assert.match(summary, /Cannot install the dependencies .*404/s);
  }
  assert.deepEqual(readdirSync(store).sort(), whole.sort(), 'nothing half is left');
});

/** A program with one dependency, which has to be fetched. */
function lonelyPackage(registry: string): Readonly<Record<string, string>> {
  const lonely = { version: '1.0.0', resolved: `${registry}/lonely/-/lonely-1.0.0.tgz`, integrity: 'sha512-AAAA' };
  const dependencies = { lonely: '1.0.0' };
  const packages = { '': { name: 'infra', dependencies }, 'node_modules/lonely': lonely };
  return {
    'infra/package.json': `${JSON.stringify({ name: 'infra', type: 'commonjs', dependencies })}\n`,
    'infra/package-lock.json': `${JSON.stringify({ name: 'infra', lockfileVersion: 3, requires: true, packages })}\n`,
    'infra/.npmrc': `registry=${registry}/\nfetch-retries=0\n`,
  };
}

test('in the midst of a wait: it is there after the next start, and goes on when somebody says so', async (t) => {
  const commit = await estate.push('main', {
    'stacks/mainstay.yaml': settings(', approval: { owners: [ada] }'),
    'stacks/Pulumi.prod.yaml': stackFile({ one: 'z' }),
  });
  const waits = await estate.rolledOut(commit);
  assert.match(waits.summary, /prod waits for 1 approval/);
  await end(t, 'SIGTERM');
  await estate.start();
  assert.equal((await estate.rolledOut(commit)).summary, waits.summary);
  await estate.api().decideRollout(waits.id, { kind: 'approve', by: 'ada' });
  const ended = await estate.until('the end', async () =>
    (await estate.api().rollouts()).find(({ id, endedAt }) => id === waits.id && endedAt !== undefined),
  );
  assert.equal(ended.state, 'succeeded', ended.summary);
  await estate.push('main', { 'stacks/mainstay.yaml': settings('') });
});

test('a database of its own that is killed ends the runner, which says so, and the next start goes on', async () => {
  const commit = await beginSlowUpdate('six', 4000);
  process.kill(postmasterOf(join(estate.folder, 'data'))!, 'SIGKILL');
  assert.equal(await estate.ended(), 75);
  assert.match(estate.said(), /Start it again: every run goes on where it was/);
  await estate.start();
  await assertUpdated(commit, ['one', 'six']);
});

test('a second signal ends it at once, in the midst of an update, and the next start finds out how far it came', async (t) => {
  const commit = await beginSlowUpdate('endless', 600_000);
  process.kill(estate.pid(), 'SIGINT');
  // The exit code is the second one's: it did not wait for what the first one had begun.
  await end(t, 'SIGTERM');
  await estate.start();
  await estate.until('the run', async () =>
    (await estate.api().runs({ stack: 'journey/dev', state: 'running' })).find((run) => run.commit === commit),
  );
  // What it is at has no end.
  await estate.killAll();
});
