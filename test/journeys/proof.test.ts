import assert from 'node:assert/strict';
import { existsSync, renameSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { git, inClone } from '../../cli/demo-repository.ts';
import type { Decision, Rollout } from '../../runner/core/rollout.ts';
import { standingOf } from '../../runner/core/standing.ts';
import { driftFacts } from '../../runner/workflows/drift-facts.ts';
import { type CheckedSite, openCheckedSite } from './checked-site.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** What did not prove good, was taken back or is somebody's own goes no further, by whichever way. Told in order. */
let status = 200;
let site: CheckedSite;
let shop: Workshop;
let address: string;

const settings = (prod = '') => `environments:
  - name: dev
    stacks: [dev]
    verify: [{ kind: http, name: smoke, url: "${address}", every: 1s, timeout: 1s }]
  - { name: prod, stacks: [prod]${prod} }
drift: { mode: off }
`;

before(async () => {
  site = await openCheckedSite(() => status);
  address = site.address;
  shop = await createWorkshop({ ...FIRST_FILES, 'stacks/mainstay.yaml': settings() });
  await shop.sweep();
  assert.equal((await shop.rollout(await shop.head())).state, 'succeeded');
});

after(async () => {
  site.close();
  await shop.close();
});

const labels = (team: string) => ({ 'infra/labels.ts': `export const labels = { team: '${team}' };\n` });
const decision = (kind: Decision['kind'], by: string): Decision => ({ kind, by, reason: 'as said' });
const waiting = (commit: string, text: RegExp) =>
  shop.until(`${text}`, async () => {
    const rollout = (await shop.store.rollouts.list('estate')).find((each) => each.commit === commit);
    return rollout?.state === 'waiting' && rollout.waits && text.test(rollout.waits.text) ? rollout : undefined;
  });
const updates = async (rollout: Rollout) =>
  (await shop.store.runs.list({ rollout: rollout.id, kind: 'update' }))
    .map(({ stack, state }) => `${stack} ${state}`)
    .sort();
const team = (stack: string) => {
  const world = shop.world(stack);
  const [found] = world.list('kubernetes:core/v1:ConfigMap');
  world.close();
  return (found?.inputs as { metadata: { labels: { team: string } } } | undefined)?.metadata.labels.team;
};
const standing = async (stack: string) => {
  const known = (await shop.store.stacks.list('estate')).find(({ name }) => name === stack)!;
  const [rollout] = await shop.store.rollouts.list('estate', 1);
  const last = (await shop.store.runs.latest('estate')).find((run) => run.stack === known.id);
  return standingOf(known, { rollout, last });
};
let bad: string;

test('a commit that has nothing to do with it does not carry past an environment what did not prove good there', async () => {
  status = 503;
  bad = await shop.push('main', labels('bad'));
  await shop.sweep();
  await waiting(bad, /^stopped at dev as it is not good: smoke: /);
  const other = await shop.push('main', { 'README.md': 'The shop.\n' });
  await shop.sweep();
  assert.equal((await shop.rollout(bad)).state, 'overtaken');
  const stopped = await waiting(other, /^stopped at dev as it is not good: smoke: /);
  assert.deepEqual(await updates(stopped), ['journey/prod queued']);
  assert.deepEqual([team('dev'), team('prod')], ['bad', 'shop']);
  assert.equal((await standing('dev')).health, 'bad');
  assert.match((await standing('prod')).waitsFor!, /^waits behind dev: stopped at dev as it is not good/);
});

test('stays bad when it is given up, until checks come through, and then goes on', async () => {
  const [stopped] = await shop.store.rollouts.list('estate', 1);
  await shop.worker.decideRollout(stopped!.id, decision('give-up', 'ada'));
  assert.equal((await shop.rollout(stopped!.commit)).state, 'failed');
  assert.equal((await standing('dev')).health, 'bad');
  assert.match((await standing('prod')).waitsFor!, /^waits for another commit, .*; given up by ada: as said$/);
  status = 200;
  const commit = await shop.push('main', { 'README.md': 'The shop, again.\n' });
  await shop.sweep();
  const rollout = await shop.rollout(commit);
  assert.deepEqual([rollout.state, rollout.summary], ['succeeded', '1 updated, dev verified']);
  assert.deepEqual([team('dev'), team('prod')], ['bad', 'bad']);
  assert.deepEqual(
    [await standing('dev'), await standing('prod')],
    [
      { health: 'good', waitsFor: undefined },
      { health: 'good', waitsFor: undefined },
    ],
  );
});

test('a revert that is merged as a squash lets what comes after it go on', async () => {
  const before = (await git(`${shop.folder}/estate.git`, 'rev-parse', `${bad}^`)).trim();
  const offered = await shop.worker.rollBack({
    ...{ repository: 'estate', stack: 'journey/dev', to: before, by: 'ada', reason: 'it was better' },
  });
  const more = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', three: 'c' }) });
  await shop.sweep();
  await waiting(more, /^dev waits as \w+ was taken back by ada: merge revert-/);
  const closed = async () => (await driftFacts(shop.services, { repository: 'estate', stack: 'journey/dev' }))!.closed;
  assert.match(
    (await closed())!,
    /was taken back by ada: merge revert-/,
    'nor is it put back where somebody changed it by hand',
  );
  await inClone(`${shop.folder}/estate.git`, async (clone) => {
    await git(clone, 'merge', '--squash', '--quiet', `origin/${offered.branch}`);
    await git(clone, 'commit', '--quiet', '-m', 'Back to what it was');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  });
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head());
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.deepEqual([team('dev'), team('prod')], ['shop', 'shop']);
  assert.equal(await closed(), undefined);
  const later = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b' }) });
  await shop.sweep();
  assert.equal((await shop.rollout(later)).state, 'succeeded');
});

test('whoever proposed a change does not approve it, though its commits have another name, and that is in the trail', async () => {
  await shop.push('main', { 'stacks/mainstay.yaml': settings(', approval: { notAuthor: true }') });
  await shop.sweep();
  await shop.rollout(await shop.head());
  const head = await shop.push('proposed', labels('proposed'));
  await shop.sweep();
  const change = await shop.until('the change', async () => {
    const found = await shop.store.changes.get('estate/proposed');
    const runs = await shop.store.runs.list({ change: 'estate/proposed' });
    return found?.head === head && runs.length === 2 && runs.every(({ endedAt }) => endedAt) && found;
  });
  await shop.store.changes.put({ ...change, author: 'zoe' });
  const merged = await shop.merge('proposed');
  await shop.sweep();
  const first = await waiting(merged, /^prod waits for 1 approval/);
  assert.ok(first.waits!.approval!.authors.includes('zoe'));
  // Overtaken: what zoe proposed is still in it.
  const next = await shop.push('main', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'a', more: 'b' }) });
  await shop.sweep();
  const { id } = await waiting(next, /^prod waits for 1 approval/);
  await assert.rejects(shop.worker.decideRollout(id, decision('approve', 'Zoe')), {
    kind: 'user',
    message: /Zoe wrote or proposed the change, and somebody else has to approve it/,
  });
  const [refused] = await shop.store.audit.list({ subject: id, limit: 1 });
  assert.deepEqual([refused!.kind, refused!.by], ['refused', 'Zoe']);
  await shop.worker.decideRollout(id, decision('approve', 'ada'));
  assert.equal((await shop.rollout(next)).state, 'succeeded');
});

test('a stack whose state is gone is said to be lost, and is not made once more unasked', async () => {
  const state = `${shop.folder}/state/.pulumi/stacks/journey/dev.json`;
  renameSync(state, `${state}.away`);
  await shop.worker.look('look-lost', {
    ...{ repository: 'estate', stack: 'journey/dev' },
    asked: { by: 'ada', correct: true },
  });
  const record = await shop.until('the look', () => shop.store.drift.get('estate', 'journey/dev'));
  assert.match(record.summary, /^could not be looked at: Cannot look at journey\/dev as its state is gone/);
  assert.equal(existsSync(state), false, 'a look makes no state');
  const commit = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', lost: 'x' }) });
  await shop.sweep();
  const run = await shop.until('the wait', async () => {
    const [found] = await shop.store.runs.list({ kind: 'update', stack: 'journey/dev', limit: 1 });
    return found?.commit === commit && found.state === 'waiting' && found;
  });
  assert.match(run.summary, /^waits: its state is gone or holds nothing, though it was updated before/);
  await shop.worker.decideRun(run, decision('reject', 'ada'));
  const { id } = await waiting(commit, /^stopped at dev/);
  renameSync(`${state}.away`, state);
  await shop.worker.decideRollout(id, decision('retry', 'ada'));
  const rollout = await shop.rollout(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const [last] = await shop.store.runs.list({ kind: 'update', stack: 'journey/dev', limit: 1 });
  assert.equal(last!.outcome!.counts.create, 1);
});
