import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Decision, Rollout } from '../../runner/core/rollout.ts';
import { wakeDueRollouts } from '../../runner/workflows/wake-rollouts.ts';
import { type CheckedSite, openCheckedSite } from './checked-site.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

const HOUR = 3_600_000;
let status = 200;
let site: CheckedSite;
let shop: Workshop;
let address: string;

/** dev is verified; prod soaks for an hour, opens from 10 to 12, and asks ada and bob. */
const settings = () => `timeZone: UTC
environments:
  - name: dev
    stacks: [dev]
    verify: [{ kind: http, url: "${address}", every: 1s, timeout: 1s }]
    onFailure: revert
  - name: prod
    stacks: [prod]
    soak: 1h
    windows: [{ from: "10:00", to: "12:00" }]
    approval: { count: 2, owners: [ada, bob, cy], notAuthor: true }
drift: { mode: off }
`;

before(async () => {
  site = await openCheckedSite(() => status);
  address = site.address;
  // A day on which the window has just closed.
  shop = await createWorkshop(
    { ...FIRST_FILES, 'stacks/mainstay.yaml': settings() },
    { now: Date.parse('2026-11-21T12:00:00Z') },
  );
});

after(async () => {
  site.close();
  await shop.close();
});

const decision = (kind: Decision['kind'], by: string, reason?: string): Decision => ({ kind, by, reason });
const waiting = (commit: string, text: RegExp) =>
  shop.until(`${text}`, async () => {
    const rollout = (await shop.store.rollouts.list('estate')).find((each) => each.commit === commit);
    return rollout?.state === 'waiting' && rollout.waits && text.test(rollout.waits.text) ? rollout : undefined;
  });
const wake = () => wakeDueRollouts(shop.services, shop.worker.wake);
const trail = async (subject: string) =>
  (await shop.store.audit.list({ subject, limit: 100 }))
    .map(({ kind, by, text }) => `${kind} ${by}: ${text}`)
    .reverse();
const updates = async (rollout: Rollout) =>
  (await shop.store.runs.list({ rollout: rollout.id, kind: 'update' }))
    .map(({ stack, state }) => `${stack} ${state}`)
    .sort();

test('says everything that an environment waits for, and refuses decisions that do not count with a reason', async () => {
  await shop.sweep();
  const rollout = await waiting(await shop.head(), /approvals/);
  assert.match(
    rollout.waits!.text,
    /^prod waits for 2 approvals by ada, bob, cy; then prod waits until 2026-11-21T13:0\d:\S+ for the environment before it to soak$/,
  );
  assert.deepEqual(await updates(rollout), ['journey/dev succeeded', 'journey/prod queued']);
  const refusals: readonly (readonly [Decision, RegExp])[] = [
    [decision('approve', 'eve'), /eve is none of those who may: ada, bob, cy/],
    [decision('give-up', 'ada'), /waits for something else .*: approve, reject, retry, break-glass would count/],
    [decision('break-glass', 'ada', 'because'), /needs a reason of at least 10 letters/],
    [{ ...decision('approve', 'ada'), digest: 'of-yesterday' }, /the preview has changed since: of-yesterday is now/],
  ];
  for (const [given, message] of refusals)
    await assert.rejects(shop.worker.decideRollout(rollout.id, given), { kind: 'user', message });
  assert.equal((await trail(rollout.id)).filter((line) => line.startsWith('refused ')).length, refusals.length);
});

test('goes on when enough have approved, the soak is over and the window opens, and not before', async () => {
  const rollout = await waiting(await shop.head(), /approvals/);
  await shop.worker.decideRollout(rollout.id, decision('approve', 'ada'));
  await waiting(rollout.commit, /^prod waits for 1 approval by/);
  await shop.worker.decideRollout(rollout.id, decision('approve', 'ada'));
  await shop.worker.decideRollout(rollout.id, decision('approve', 'bob'));
  await waiting(rollout.commit, /^prod waits until 2026-11-21T13:0\d:\S+ for the environment before/);
  await assert.rejects(shop.worker.decideRollout(rollout.id, decision('approve', 'cy')), /waits for something else/);
  shop.moveClock(2 * HOUR);
  await wake();
  await waiting(rollout.commit, /^prod waits until 2026-11-22T10:00:00.000Z as it is outside of its windows$/);
  // The window opens while no runner looks, and clocks jump; it is seen when it is looked at.
  shop.moveClock(21 * HOUR);
  await wake();
  const ended = await shop.rollout(rollout.commit);
  assert.equal(ended.state, 'succeeded', ended.summary);
  assert.deepEqual(await updates(ended), ['journey/dev succeeded', 'journey/prod succeeded']);
  assert.deepEqual(
    (await trail(rollout.id)).filter((line) => /^approve/.test(line)),
    ['approve ada: approve prod', 'approve ada: approve prod', 'approve bob: approve prod'],
  );
});

test('a newer commit overtakes a waiting one and carries its rest', async () => {
  const one = await shop.push('main', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'a', more: 'b' }) });
  await shop.sweep();
  await waiting(one, /^prod waits for 2 approvals/);
  const two = await shop.push('main', { 'infra/labels.ts': "export const labels = { team: 'shops' };\n" });
  await shop.sweep();
  assert.equal((await shop.rollout(one)).state, 'overtaken');
  const rollout = await waiting(two, /^prod waits for 2 approvals/);
  const [prod] = await shop.store.runs.list({ rollout: rollout.id, kind: 'preview' });
  assert.match(prod!.outcome!.steps.map(({ urn }) => urn).join(), /ConfigMap::more/);
  const lines = await trail(`estate@${one.slice(0, 12)}`);
  assert.match(lines.at(-1)!, /^overtaken mainstay: overtaken by \w+ before prod$/);
});

test('voids approvals when the preview changes, and shows the difference', async () => {
  const commit = await shop.head();
  const rollout = await waiting(commit, /^prod waits for 2 approvals/);
  await shop.worker.decideRollout(rollout.id, decision('approve', 'ada'));
  const world = shop.world('prod');
  await shop.worker.decideRollout(rollout.id, decision('approve', 'bob'));
  await waiting(commit, /^prod waits until \S+ for the environment before/);
  // Somebody updates prod by hand meanwhile: what was approved is not what would be done any more.
  await shop.services.engines.get('embedded')!.update(await shop.checkedOut('prod', rollout.commit));
  world.close();
  shop.moveClock(24 * HOUR);
  await wake();
  const again = await waiting(commit, /^prod waits for 2 approvals/);
  const [line] = (await trail(again.id)).filter((each) => each.startsWith('approval-void'));
  assert.match(
    line!,
    /the approvals of prod by ada, bob are void as its preview has changed: .*no more journey\/prod \+ kubernetes:core\/v1:ConfigMap more/,
  );
});

test('lets somebody break the glass, loudly', async () => {
  const commit = await shop.head();
  const rollout = await waiting(commit, /^prod waits for 2 approvals/);
  await shop.worker.decideRollout(rollout.id, decision('break-glass', 'eve', 'customers cannot pay since 9:12'));
  const ended = await shop.rollout(commit);
  assert.equal(ended.state, 'succeeded', ended.summary);
  assert.ok(
    shop.said.some((line) =>
      line.includes('GLASS BROKEN: eve goes past the gates of prod: customers cannot pay since 9:12'),
    ),
  );
  assert.ok((await trail(rollout.id)).includes('break-glass eve: break-glass prod: customers cannot pay since 9:12'));
  assert.equal(await shop.store.audit.verify(), undefined);
});

test('a bad change fails its verification, never reaches prod, and its revert is offered and brings the old back', async () => {
  const good = await shop.head();
  status = 503;
  const bad = await shop.push('main', { 'infra/labels.ts': "export const labels = { team: 'broken' };\n" });
  await shop.sweep();
  const stopped = await waiting(bad, /^stopped at dev as it is not good: http:\S+: http:\S+ answers 503 and not 200/);
  assert.deepEqual(await updates(stopped), ['journey/dev succeeded', 'journey/prod queued']);
  const branch = /its revert is offered as (\S+)$/.exec(stopped.waits!.text)?.[1];
  assert.ok(branch, stopped.waits!.text);
  await shop.sweep();
  const change = await shop.until('the preview of the revert', async () => {
    const found = await shop.store.changes.get(`estate/${branch}`);
    const runs = await shop.store.runs.list({ change: `estate/${branch}` });
    return found && runs.length === 2 && runs.every(({ endedAt }) => endedAt) && runs;
  });
  assert.deepEqual(
    change.map(({ state }) => state),
    ['succeeded', 'succeeded'],
  );
  const later = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', late: 'c' }) });
  await shop.sweep();
  await waiting(later, /^dev waits as \w+ was taken back by mainstay: merge revert-\S+, or approve/);
  status = 200;
  const reverted = await shop.merge(branch);
  await shop.sweep();
  assert.equal((await shop.rollout(later)).state, 'overtaken');
  const rollout = await shop.rollout(reverted);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.ok((await updates(rollout)).includes('journey/dev succeeded'));
  const world = shop.world('dev');
  const teams = new Set(
    world
      .list('kubernetes:core/v1:ConfigMap')
      .map(({ inputs }) => (inputs as { metadata: { labels: { team: string } } }).metadata.labels.team),
  );
  world.close();
  assert.deepEqual([...teams], ['shops']);
  assert.notEqual(good, reverted);
});

test('tries a failed verification again on request, without another update, and gives up on request', async () => {
  status = 500;
  const next = await shop.push('main', { 'infra/labels.ts': "export const labels = { team: 'next' };\n" });
  await shop.sweep();
  const stopped = await waiting(next, /^stopped at dev as it is not good/);
  status = 200;
  await shop.worker.decideRollout(stopped.id, decision('retry', 'ada'));
  const open = await waiting(next, /^prod waits for 2 approvals/);
  const [dev] = await shop.store.runs.list({ rollout: open.id, kind: 'update', stack: 'journey/dev' });
  assert.equal(dev!.attempt, 1);
  await shop.worker.decideRollout(open.id, decision('reject', 'bob', 'freeze'));
  const ended = await shop.rollout(next);
  assert.deepEqual([ended.state, ended.summary], ['failed', 'prod rejected by bob: freeze']);
});
