import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { git } from '../../cli/demo-repository.ts';
import type { EnvironmentResponse } from '../../runner/api/responses.ts';
import { createEstate, type Estate, FIRST_FILES, postmasterOf, stackFile } from './estate.ts';

/** What becomes of preview environments when the runner is killed, a destroy fails, and the database is lost. Told in order. */
let estate: Estate;
const SETTINGS = `environments: [{ name: dev, stacks: [dev] }]
drift: { mode: "off" }
previewEnvironments: [{ stack: dev }]
`;

before(async () => {
  estate = await createEstate({ MAINSTAY_POLL: '1' }, { ...FIRST_FILES, 'stacks/mainstay.yaml': SETTINGS });
});
after(() => estate.close());

const isIn = (branch: string, state: EnvironmentResponse['state']) =>
  estate.until(`${branch} ${state}`, async () =>
    (await estate.api().environments()).find((each) => each.change === `estate/${branch}` && each.state === state),
  );
const hasState = (name: string) => existsSync(join(estate.folder, 'data/state/.pulumi/stacks/journey', `${name}.json`));
const runsOf = async (name: string) =>
  (await estate.api().runs({ stack: `journey/${name}` })).map(({ kind, state }) => `${kind} ${state}`).toReversed();

/** Does `work` while the runner dies at each step of an environment's workflow once, and is started again each time. Returns where it died. */
async function dying(when: 'done' | 'stored', work: () => Promise<unknown>): Promise<readonly string[]> {
  const crashes = join(estate.folder, `crashes-${when}`);
  const file = pathToFileURL(join(import.meta.dirname, 'crash-at-steps.ts')).href;
  const environment = {
    ...{ JOURNEY_CRASH: when, JOURNEY_CRASHES: crashes, JOURNEY_CRASH_OF: '^e-:' },
    NODE_OPTIONS: `--disable-warning=DeprecationWarning --import=${file}`,
  };
  let over = false;
  await estate.start(environment);
  const living = (async () => {
    for (;;) {
      await estate.ended();
      if (over) return;
      await estate.start(environment);
    }
  })();
  try {
    await work();
  } finally {
    over = true;
    await estate.end();
    await living;
  }
  return readFileSync(crashes, 'utf8').trim().split('\n');
}

test('made once, though the runner died when each step was done, and before that was known', async () => {
  const places = await dying('done', async () => {
    await estate.push('one', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'x', two: 'y', three: 'z' }) });
    await isIn('one', 'ready');
    assert.deepEqual(await runsOf('pr-one'), ['environment succeeded']);
  });
  assert.deepEqual(places, ['e-: which turn', 'e-: work', 'e-: finish']);
  assert.equal(hasState('pr-one'), true);
});

test('destroyed once, though the runner died between all steps', async () => {
  const places = await dying('stored', async () => {
    await git(estate.repository, 'branch', '-D', 'one');
    await isIn('one', 'removed');
    assert.deepEqual(await runsOf('pr-one'), ['environment succeeded', 'removal succeeded']);
  });
  assert.deepEqual(places, ['e-: which turn', 'e-: work', 'e-: finish']);
  assert.equal(hasState('pr-one'), false);
});

test('closed while it is being made: what is made is interrupted, and destroyed', async () => {
  await estate.start();
  const slow = { match: '*::*', milliseconds: 2000 };
  const maps = Object.fromEntries(Array.from({ length: 60 }, (_, number) => [`map-${number}`, 'x']));
  await estate.push('long', { 'stacks/Pulumi.dev.yaml': stackFile(maps, slow) });
  await estate.until(
    'a resource',
    async () => (hasState('pr-long') && estate.state('pr-long').resources.length > 2) || undefined,
  );
  await git(estate.repository, 'branch', '-D', 'long');
  await isIn('long', 'removed');
  assert.deepEqual(await runsOf('pr-long'), ['environment superseded', 'removal succeeded']);
  assert.equal(hasState('pr-long'), false);
});

test('what is protected keeps it: that is said, tried again later, and at once when somebody asks', async () => {
  const program = FIRST_FILES['infra/index.ts']!.replace('{ dependsOn }', "{ dependsOn, protect: name === 'one' }");
  await estate.push('guarded', { 'infra/index.ts': program });
  await isIn('guarded', 'ready');
  await git(estate.repository, 'branch', '-D', 'guarded');
  const stuck = await isIn('guarded', 'stuck');
  assert.match(stuck.summary, /protect/);
  assert.ok(Date.parse(stuck.againAt!) > Date.parse(stuck.updatedAt));
  assert.equal((await estate.api().status()).aligned, true, 'no stack is the worse for it');
  const folder = join(estate.folder, 'by-hand');
  mkdirSync(folder);
  writeFileSync(join(folder, 'Pulumi.yaml'), FIRST_FILES['Pulumi.yaml']!);
  const pulumi = resolve(import.meta.dirname, '../../engine/bin/pulumi');
  const args = ['state', 'unprotect', '--all', '--yes', '--stack', 'pr-guarded'];
  const own = { PULUMI_BACKEND_URL: `file://${estate.folder}/data/state`, PULUMI_HOME: join(folder, 'home') };
  const env = { ...process.env, ...own, PULUMI_CONFIG_PASSPHRASE: 'a passphrase of the journey' };
  await promisify(execFile)(pulumi, args, { cwd: folder, env });
  await estate.api().askForEnvironment('estate/guarded', { asked: 'down' });
  await isIn('guarded', 'removed');
  assert.equal(hasState('pr-guarded'), false);
});

test('a state of its name that is not its own is neither changed nor destroyed', async () => {
  const states = join(estate.folder, 'data/state/.pulumi/stacks/journey');
  const foreign = readFileSync(join(states, 'dev.json'), 'utf8').replaceAll('journey/dev', 'journey/pr-taken');
  writeFileSync(join(states, 'pr-taken.json'), foreign);
  await estate.push('taken', { 'infra/labels.ts': "export const labels = { team: 'taken' };\n" });
  const failed = await isIn('taken', 'failed');
  assert.match(failed.summary, /there is a state of that name which is not its own: nobody has said what it is for/);
  await git(estate.repository, 'branch', '-D', 'taken');
  await isIn('taken', 'removed');
  assert.equal(readFileSync(join(states, 'pr-taken.json'), 'utf8'), foreign);
});

test('without its database it finds them by their states, keeps those of open changes and destroys the others', async () => {
  await estate.push('open', { 'infra/labels.ts': "export const labels = { team: 'open' };\n" });
  await estate.push('gone', { 'infra/labels.ts': "export const labels = { team: 'gone' };\n" });
  const { commit } = await isIn('open', 'ready');
  await isIn('gone', 'ready');
  await estate.kill();
  const data = join(estate.folder, 'data');
  const postmaster = postmasterOf(data)!;
  process.kill(postmaster, 'SIGKILL');
  for (const deadline = performance.now() + 60_000; existsSync(`/proc/${postmaster}`); await delay(20))
    assert.ok(performance.now() < deadline, 'PostgreSQL is still there');
  for (const lost of ['postgres', 'mirrors']) rmSync(join(data, lost), { recursive: true, force: true });
  await git(estate.repository, 'branch', '-D', 'gone');
  await estate.start();
  await isIn('gone', 'removed');
  assert.equal(hasState('pr-gone'), false);
  const found = await isIn('open', 'ready');
  assert.equal(found.commit, commit);
  assert.match(
    JSON.stringify(await estate.api().audit({ limit: 100 })),
    /pr-open of estate\/open was found in the states/,
  );
});
