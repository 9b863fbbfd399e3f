import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../runner/api/client.ts';
import { git } from './demo-repository.ts';
import { walkFirstChange } from './walk.ts';

/** A real repository, and a runner that says that the first rollout did not come through. */
let folder: string;
let repository: string;
let head: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-walk-'));
  repository = join(folder, 'estate.git');
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', repository);
  await git(folder, 'clone', '--quiet', repository, 'work');
  await git(join(folder, 'work'), 'commit', '--quiet', '--allow-empty', '--message', 'first');
  await git(join(folder, 'work'), 'push', '--quiet', 'origin', 'HEAD:main');
  head = await git(repository, 'rev-parse', 'main');
});
after(() => rmSync(folder, { recursive: true, force: true }));

const FAILED = {
  ...{ id: 'u-1', stack: 'mainstay/dev', kind: 'update', state: 'failed', summary: 'it failed' },
  ...{ startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:02Z' },
};

function runner(runs: readonly object[]) {
  const refused = async () => assert.fail('nothing is done after a failure');
  const rollout = { id: 'estate@1', commit: head, state: 'waiting', summary: 'stopped at dev', stages: [{}] };
  return {
    rollouts: async () => [rollout],
    runs: async () => runs,
    run: async () => ({
      problem: 'no such image\n\n  shop:0.0.0',
      diagnostics: [{ message: 'one\ntwo\nthree\nfour' }],
    }),
    ...{ changes: refused, promote: refused, promotions: refused, look: refused },
  } as unknown as ApiClient;
}

async function walk(runs: readonly object[]): Promise<readonly string[]> {
  const said: string[] = [];
  await walkFirstChange({ repository, api: runner(runs), say: (line) => void said.push(line) });
  const branches = await git(repository, 'for-each-ref', '--format=%(refname) %(objectname)');
  assert.equal(branches, `refs/heads/main ${head}`, 'it leaves nothing in the repository');
  return said;
}

test('a walk that ends at a failure says what failed and where to look, and begins no change', async () => {
  assert.deepEqual(await walk([FAILED]), [
    'update of mainstay/dev failed in 2.00 s: it failed',
    `rollout of ${head.slice(0, 8)}: waiting, stopped at dev`,
    '  no such image',
    '  shop:0.0.0',
    '  one',
    '  two',
    '  three',
    'the walk ends here, as the update of mainstay/dev failed: `npx mainstay logs u-1` says more',
  ]);
});

test('a walk that ends as something waits says so', async () => {
  assert.match((await walk([])).at(-1)!, /^the walk ends here, as something waits for you: the console says what$/);
});
