import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { systemCode } from '../../foundation/errors.ts';
import { createEstate, type Estate, FIRST_FILES, type Launcher, stackFile } from './estate.ts';
import { type ExternalPostgres, startExternalPostgres } from './external-postgres.ts';

/**
 * A runner whose data folder is a real, small file system of its own, in memory: mounted where only the runner sees it, which whoever may make
 * namespaces can do, and root. Its database is elsewhere. Each test goes on where the one before ended.
 */
let estate: Estate;
let postgres: ExternalPostgres;

const SIZE = 24 * 2 ** 20;
const smallDisk: Launcher = (folder) => [
  'unshare',
  // As root no other user has to be made up, and PostgreSQL's own cannot be.
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
  ...['--mount', 'sh', '-c'],
  `mount -t tmpfs -o size=${SIZE} tmpfs "$0" && exec "$@"`,
  folder,
];

before(async () => {
  postgres = await startExternalPostgres();
  const settings = `${FIRST_FILES['stacks/mainstay.yaml']}drift: { mode: off }\n`;
  const files = { ...FIRST_FILES, 'stacks/mainstay.yaml': settings };
  estate = await createEstate({ DATABASE_URL: postgres.url }, files, { launcher: smallDisk });
  mkdirSync(join(estate.folder, 'data'));
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
});
after(async () => {
  await estate?.close();
  await postgres?.close();
});

const filler = () => join(estate.dataFolder(), 'filler');

/** Fills the disk until nothing fits any more but `room` bytes. Again: with what was freed meanwhile. */
function fill(room: number): void {
  const file = openSync(filler(), 'a');
  let { size } = fstatSync(file);
  try {
    for (const block of [2 ** 16, 2 ** 12])
      try {
        for (;;) size += writeSync(file, Buffer.alloc(block, 1));
      } catch (error) {
        assert.equal(systemCode(error), 'ENOSPC');
      }
  } finally {
    closeSync(file);
  }
  truncateSync(filler(), Math.max(0, size - room));
}

const AGAIN_MS = 10_000;

const makeRoom = () => rmSync(filler());

/** Enough to fetch a commit, and too little to check it out. */
const LITTLE = 128 * 1024;

test('full: a change and a merge say so and wait, and go on by themselves when there is room', async () => {
  fill(LITTLE);
  const head = await estate.push('change', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'b' }) });
  const commit = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'c', two: 'd' }) });
  for (const stack of ['journey/prod', 'journey/dev']) {
    const kind = stack === 'journey/dev' ? 'update' : 'preview';
    const run = await estate.until(`why ${stack} waits`, async () =>
      (await estate.api().runs({ stack })).find(
        (each) => each.kind === kind && /disk is full/.test(each.summary) && each.endedAt === undefined,
      ),
    );
    assert.match(run.summary, /tries again: Cannot go on as the disk is full: .*no space left.* Free some space/i);
  }
  makeRoom();
  assert.equal((await estate.rolledOut(commit)).state, 'succeeded');
  const change = await estate.previewed('change', head);
  assert.deepEqual(
    [change.problem, new Set(change.runs.map(({ state }) => state))],
    [undefined, new Set(['succeeded'])],
  );
  assertWhole();
});

test('full to the last byte: what cannot even be fetched is not lost', async () => {
  fill(0);
  const head = await estate.push('late', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'e' }) });
  // What the test before has left to be done may make room once more, and a commit may come through it.
  let commit = '';
  let pushedAt = -Infinity;
  await estate.until('that it is said', async () => {
    if (/cannot look at the repository/.test(estate.said())) return true;
    fill(0);
    if (performance.now() - pushedAt < AGAIN_MS) return undefined;
    commit = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'f', two: `at ${Date.now()}` }) });
    pushedAt = performance.now();
    return undefined;
  });
  assert.match(estate.said(), /no space left on device/i);
  makeRoom();
  assert.equal((await estate.rolledOut(commit)).state, 'succeeded');
  assert.equal((await estate.previewed('late', head)).problem, undefined);
  assertWhole();
  assert.equal((await estate.api().status()).aligned, true);
});

/** States can be read, and nothing is locked, pending or half-written. */
function assertWhole(): void {
  const state = join(estate.dataFolder(), 'state/.pulumi');
  for (const stack of ['dev', 'prod']) {
    assert.deepEqual(estate.state(stack).pending_operations ?? [], []);
    const locks = join(state, 'locks/organization/journey', stack);
    assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
  }
  const half = readdirSync(state, { recursive: true }).filter((name) => String(name).endsWith('.tmp'));
  assert.deepEqual(half, []);
}
