import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { type CheckedSite, openCheckedSite } from './checked-site.ts';
import { FIRST_FILES } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** `onFailure: revert-and-merge` on plain Git; on Gitea it is in keeping.servers.test.ts. */
let site: CheckedSite;
let status = 200;
let shop: Workshop;

const settings = (address: string) => `environments:
  - name: dev
    stacks: [dev]
    verify: [{ kind: http, url: "${address}", every: 1s, timeout: 1s }]
    onFailure: revert-and-merge
  - { name: prod, stacks: [prod] }
drift: { mode: "off" }
`;
const labels = (team: string) => ({ 'infra/labels.ts': `export const labels = { team: '${team}' };\n` });

before(async () => {
  site = await openCheckedSite(() => status);
  shop = await createWorkshop({ ...FIRST_FILES, 'stacks/mainstay.yaml': settings(site.address) });
  await shop.sweep();
  assert.equal((await shop.rollout(await shop.head())).state, 'succeeded');
});

after(async () => {
  site.close();
  await shop.close();
});

const failedAt = async (commit: string) => {
  const rollout = await shop.until('the failure', async () => {
    const found = (await shop.store.rollouts.list('estate')).find((each) => each.commit === commit);
    return found?.waits?.for === 'failure' && found;
  });
  return rollout.waits!.text;
};
const teams = (stack: string) => {
  const world = shop.world(stack);
  const maps = world.list('kubernetes:core/v1:ConfigMap');
  world.close();
  return new Set(maps.map(({ inputs }) => (inputs as { metadata: { labels: { team: string } } }).metadata.labels.team));
};

test('what fails is taken back and the revert merged, once its previews are fine; then the old one runs again', async () => {
  status = 503;
  const bad = await shop.push('main', labels('bad'));
  await shop.sweep();
  assert.match(await failedAt(bad), /^stopped at dev as it is not good: .*; its revert revert-\w+-\w+ is merged$/);
  assert.deepEqual([...teams('dev')], ['bad']);
  status = 200;
  const reverted = await shop.head();
  assert.notEqual(reverted, bad);
  assert.match(await git(join(shop.folder, 'estate.git'), 'show', `${reverted}:infra/labels.ts`), /'shop'/);
  await shop.sweep();
  const rollout = await shop.rollout(reverted);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.equal((await shop.rollout(bad)).state, 'overtaken');
  assert.deepEqual([[...teams('dev')], [...teams('prod')]], [['shop'], ['shop']]);
});

test('where the repository does not let us, the revert is offered, and why it is not merged is said', async () => {
  const hook = join(shop.folder, 'estate.git/hooks/update');
  const bad = await shop.push('main', labels('worse'));
  writeFileSync(hook, '#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo main is for people only >&2; exit 1; }\n');
  chmodSync(hook, 0o755);
  status = 503;
  await shop.sweep();
  const text = await failedAt(bad);
  assert.match(text, /; its revert is offered as revert-\w+-\w+, as it could not be merged: .*$/);
  assert.equal(await shop.head(), bad);
  rmSync(hook);
  status = 200;
  await shop.merge(/offered as (revert-\w+-\w+)/.exec(text)![1]!);
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head());
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.deepEqual([...teams('dev')], ['shop']);
});
