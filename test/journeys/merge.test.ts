import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { git } from '../../cli/demo-repository.ts';
import { cleanHistory } from '../../runner/workflows/clean-history.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** What becomes of a merge that does not go as it was reviewed. */
let shop: Workshop;
let first: string;

before(async () => {
  shop = await createWorkshop({
    ...FIRST_FILES,
    'stacks/mainstay.yaml': `${FIRST_FILES['stacks/mainstay.yaml']}drift: { mode: off }\n`,
  });
  first = await shop.head();
  await rolledOut();
});

after(() => shop.close());

async function rolledOut(commit?: string) {
  await shop.sweep();
  const rollout = await shop.rollout(commit ?? (await shop.head()));
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  return rollout;
}

const by = (kind: 'approve' | 'reject' | 'retry' | 'give-up', reason?: string) => ({ kind, by: 'ada', reason });
const runOf = async (commit: string, stack = 'journey/dev') =>
  (await shop.store.runs.list({ stack, kind: 'update' })).find((run) => run.commit === commit);
const names = (stack: string) => {
  const world = shop.world(stack);
  const found = world.list('kubernetes:core/v1:ConfigMap').map(({ id }) => id.split('/').at(-1));
  world.close();
  return found.sort();
};

/** Somebody works on a state past the runner. */
const byHand = async (...call: readonly string[]) => {
  const { folder } = await shop.checkedOut('dev', await shop.head());
  const engine = {
    PULUMI_BACKEND_URL: `file://${shop.folder}/state`,
    ...{ PULUMI_HOME: join(shop.folder, 'home'), PULUMI_CONFIG_PASSPHRASE: 'a passphrase of the workshop' },
  };
  await promisify(execFile)(resolve(import.meta.dirname, '../../engine/bin/pulumi'), call, {
    cwd: folder,
    env: { ...process.env, ...engine },
  });
};

/** Merges a reviewed branch together with what nobody reviewed. */
async function mergeMore(
  branch: string,
  reviewed: Readonly<Record<string, string>>,
  unreviewed: string,
): Promise<string> {
  await shop.push(branch, { 'stacks/Pulumi.dev.yaml': stackFile(reviewed) });
  await shop.sweep();
  await shop.until(
    'the preview',
    async () => (await shop.store.runs.list({ change: `estate/${branch}` }))[0]?.endedAt !== undefined,
  );
  await shop.push('main', { 'infra/labels.ts': `export const labels = { team: '${unreviewed}' };\n` });
  const commit = await shop.merge(branch);
  await shop.sweep();
  return commit;
}

test('an update that would do more than was reviewed waits, shows only the difference, and goes on when approved', async () => {
  const commit = await mergeMore('wider', { one: 'a', two: 'b', three: 'c' }, 'wider');
  const run = await shop.until('the wait', async () => {
    const found = await runOf(commit);
    return found?.state === 'waiting' && found;
  });
  assert.match(
    run.summary,
    /^waits: it would do more than was reviewed: ~ \S+ConfigMap one, \+ \S+ConfigMap three, ~ \S+ConfigMap two$/,
  );
  assert.deepEqual(names('dev'), ['one', 'two'], 'nothing was done');
  await shop.worker.decideRun(run, by('approve'));
  await rolledOut(commit);
  assert.deepEqual(names('dev'), ['one', 'three', 'two']);
  assert.match(
    (await shop.store.audit.list({ subject: run.id }))[0]!.text,
    /^approve journey\/dev \(waits: it would do more/,
  );
});

test('an approval is for what was shown: what came to it while it waited is asked about again', async () => {
  const commit = await mergeMore('voided', { one: 'a', two: 'b', three: 'c', six: 'f' }, 'voided');
  const waits = (what: RegExp) =>
    shop.until(`the wait for ${what}`, async () => {
      const found = await runOf(commit);
      return found?.state === 'waiting' && what.test(found.summary) && found;
    });
  const first = await waits(/more than was reviewed/);
  const world = shop.world('dev');
  assert.equal(world.vanish('*::two'), 1);
  world.close();
  await byHand('refresh', '--yes', '--stack', 'organization/journey/dev');
  await shop.worker.decideRun(first, by('approve'));
  const second = await waits(/more than was approved/);
  assert.match(second.summary, /ConfigMap two$/);
  await shop.worker.decideRun(second, by('approve'));
  await rolledOut(commit);
});

/** What was reviewed and did not come to the stack is in it, and so is what nobody saw: that is asked about. */
async function approvedWhenWaiting(commit: string): Promise<void> {
  await shop.sweep();
  const run = await shop.until('the wait', async () => {
    const found = await runOf(commit);
    return found?.state === 'waiting' && found;
  });
  await shop.worker.decideRun(run, by('approve'));
  await rolledOut(commit);
}

test('a rejected one stops the rollout there, and the next commit carries what was left', async () => {
  const commit = await mergeMore('rejected', { one: 'a', two: 'b', three: 'c', four: 'd' }, 'rejected');
  const run = await shop.until('the wait', async () => {
    const found = await runOf(commit);
    return found?.state === 'waiting' && found;
  });
  await shop.worker.decideRun(run, by('reject', 'not like that'));
  const stopped = await shop.rollout(commit, 'waiting');
  assert.match(stopped.summary, /^stopped at dev as journey\/dev failed; prod after that$/);
  assert.equal((await runOf(commit))!.summary, 'rejected by ada: not like that');
  const next = await shop.push('main', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', three: 'c', five: 'e' }),
  });
  await approvedWhenWaiting(next);
  assert.equal((await shop.rollout(commit)).state, 'overtaken');
  assert.deepEqual(names('dev'), ['five', 'one', 'three', 'two']);
});

test('a newer commit overtakes one that waits for a person', async () => {
  const commit = await mergeMore('overtaken', { one: 'a', two: 'b', three: 'c', four: 'd' }, 'overtaken');
  await shop.until('the wait', async () => (await runOf(commit))?.state === 'waiting');
  const next = await shop.push('main', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', three: 'c', five: 'e' }),
  });
  await approvedWhenWaiting(next);
  assert.equal((await shop.rollout(commit)).state, 'overtaken');
  assert.equal((await runOf(commit))!.state, 'superseded');
});

test('a failed update says what was done, holds up what comes after, and is tried again on request', async () => {
  const world = shop.world('dev');
  world.setFaults([{ kind: 'fail', match: '*::zulu', on: ['create'], message: 'quota exceeded', times: 1 }]);
  const commit = await shop.push('main', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', three: 'c', five: 'e', alpha: 'f', zulu: 'g' }),
    'stacks/Pulumi.prod.yaml': stackFile({ one: 'a', alpha: 'f' }),
  });
  await shop.sweep();
  const stopped = await shop.rollout(commit, 'waiting');
  assert.match(stopped.waits!.text, /^stopped at dev as journey\/dev failed$/);
  const failed = (await runOf(commit))!;
  assert.match(failed.outcome!.problem!, /quota exceeded/);
  assert.deepEqual(
    names('dev').filter((name) => name === 'alpha' || name === 'zulu'),
    ['alpha'],
    failed.outcome!.problem,
  );
  assert.equal((await runOf(commit, 'journey/prod'))!.state, 'queued');
  await shop.worker.decideRollout(stopped.id, by('retry'));
  await rolledOut(commit);
  world.close();
  assert.deepEqual([(await runOf(commit))!.attempt, (await runOf(commit))!.state], [2, 'succeeded']);
  assert.ok(names('dev').includes('zulu') && names('prod').includes('alpha'));
});

test('a failed update that is given up ends the rollout, and what had not begun never will', async () => {
  const world = shop.world('dev');
  world.setFaults([{ kind: 'fail', match: '*::eight', on: ['create'], message: 'quota exceeded' }]);
  const commit = await shop.push('main', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', eight: 'h' }),
    'stacks/Pulumi.prod.yaml': stackFile({ one: 'a' }),
  });
  await shop.sweep();
  const stopped = await shop.rollout(commit, 'waiting');
  await shop.worker.decideRollout(stopped.id, by('give-up', 'tomorrow'));
  const ended = await shop.rollout(commit);
  assert.deepEqual(
    [ended.state, ended.summary],
    ['failed', 'stopped at dev as journey/dev failed; given up by ada: tomorrow'],
  );
  assert.equal((await runOf(commit, 'journey/prod'))!.state, 'superseded');
  world.setFaults([]);
  world.close();
});

test('a commit that takes back what failed half-way puts the stack back', async () => {
  const before = { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b' }) };
  await rolledOut(await shop.push('main', before));
  const world = shop.world('dev');
  world.setFaults([{ kind: 'fail', match: '*::zero', on: ['create'], message: 'quota exceeded' }]);
  const maps = { one: 'a', two: 'b', half: 'h', zero: 'z' };
  const commit = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile(maps) });
  await shop.sweep();
  await shop.rollout(commit, 'waiting');
  assert.deepEqual(names('dev'), ['half', 'one', 'two']);
  world.setFaults([]);
  world.close();
  await rolledOut(await shop.push('main', before));
  assert.deepEqual(names('dev'), ['one', 'two']);
});

test('rolls a commit out again when the branch is set back to it', async () => {
  await git(shop.repository.forge.cloneUrl, 'update-ref', 'refs/heads/main', first);
  await shop.sweep();
  const again = await shop.until('the rollout', async () => {
    const [newest] = await shop.store.rollouts.list('estate');
    return newest?.commit === first && newest.endedAt !== undefined && newest;
  });
  assert.equal(again.state, 'succeeded', again.summary);
  assert.notEqual(again.id, `estate@${first.slice(0, 12)}`);
  assert.deepEqual([names('dev'), names('prod')], [['one', 'two'], ['one']]);
});

test('forgets the steps of what ended long ago, and nothing that waits', async () => {
  const count = async () => (await DBOS.listWorkflows({})).length;
  const before = await count();
  assert.equal(await cleanHistory(Date.now()), 0);
  const world = shop.world('dev');
  world.setFaults([{ kind: 'fail', match: '*::nine', on: ['create'] }]);
  const commit = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', nine: 'i' }) });
  await shop.sweep();
  const stopped = await shop.rollout(commit, 'waiting');
  const cleaned = await cleanHistory(Date.now() + 8 * 86_400_000);
  assert.ok(cleaned >= before, `${cleaned} of ${before}`);
  const left = await DBOS.listWorkflows({});
  assert.deepEqual(
    left.map(({ workflowName, status }) => [workflowName, status]),
    [['roll-out', 'PENDING']],
  );
  world.setFaults([]);
  world.close();
  await shop.worker.decideRollout(stopped.id, by('retry'));
  await rolledOut(commit);
});
