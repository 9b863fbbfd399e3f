import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Run } from '../../runner/core/run.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

const NETWORK = `import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

const config = new pulumi.Config();
new kubernetes.core.v1.ConfigMap('base', { metadata: { name: 'base' }, data: { value: config.require('cidr') } });
export const cidr = config.require('cidr');
export const gate = config.get('gate')
  ? new kubernetes.core.v1.ConfigMap('gate', { metadata: { name: 'gate' }, data: { value: 'x' } }).id
  : 'none';
`;

const SHOP = `import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

const network = new pulumi.StackReference('organization/network/dev');
new kubernetes.core.v1.ConfigMap('known', { metadata: { name: 'known' }, data: { cidr: network.requireOutput('cidr') } });
new kubernetes.core.v1.ConfigMap('later', { metadata: { name: 'later' }, data: { gate: network.requireOutput('gate') } });
new kubernetes.core.v1.ConfigMap('own', { metadata: { name: 'own' }, data: new pulumi.Config().requireObject('own') });
`;

const networkFile = (config: Readonly<Record<string, unknown>>) =>
  `${JSON.stringify({ config: { 'mainstay:sandbox': true, ...config } })}\n`;
const shopFile = (own: Readonly<Record<string, string>>, lag?: string) =>
  networkFile({
    'shop:own': own,
    ...(lag && { 'mainstay:sandboxFaults': [{ kind: 'lag', on: ['create'], match: lag, milliseconds: 600_000 }] }),
  });

const FILES = {
  'network/Pulumi.yaml': 'name: network\nruntime: nodejs\n',
  'network/package.json': '{"type": "commonjs"}\n',
  'network/index.ts': NETWORK,
  'network/Pulumi.dev.yaml': networkFile({ 'network:cidr': '10.0.0.0/16' }),
  'shop/Pulumi.yaml': 'name: shop\nruntime: nodejs\n',
  'shop/package.json': '{"type": "commonjs"}\n',
  'shop/index.ts': SHOP,
  'shop/Pulumi.dev.yaml': shopFile({ a: '1', b: '1' }),
  'mainstay.yaml': 'stacks:\n  shop/dev:\n    dependsOn: [network/dev]\n',
};

let shop: Workshop;
before(async () => {
  shop = await createWorkshop(FILES);
  await shop.sweep();
  const first = await shop.rollout(await shop.head());
  assert.equal(first.state, 'succeeded', first.summary);
});
after(() => shop.close());

/** The ended previews of a branch at its head, by stack. */
async function previewed(branch: string, head: string): Promise<ReadonlyMap<string, Run>> {
  const change = `estate/${branch}`;
  const runs = await shop.until(`the previews of ${branch}`, async () => {
    const { merge } = { ...(await shop.store.changes.get(change)) };
    const found = (await shop.store.runs.list({ change, kind: 'preview' })).filter(({ commit }) => commit === merge);
    const open = (await shop.store.changes.get(change))?.head === head;
    return open && found.length > 0 && found.every(({ endedAt }) => endedAt) ? found : undefined;
  });
  return new Map(runs.map((run) => [run.stack, run]));
}

/** What the downstream stack's preview of a change of the upstream's settings says, once; and how its update stands to that. */
async function downstream(branch: string, settings: Readonly<Record<string, unknown>>) {
  const head = await shop.push(branch, { 'network/Pulumi.dev.yaml': networkFile(settings) });
  await shop.sweep();
  const runs = await previewed(branch, head);
  assert.deepEqual([...runs.keys()].sort(), ['network/dev', 'shop/dev']);
  const preview = runs.get('shop/dev')!;
  assert.deepEqual(preview.reasons, [{ kind: 'upstream', text: 'network/dev (upstream)' }]);
  assert.equal(preview.state, 'succeeded', preview.summary);
  const changes = preview.outcome!.steps.flatMap(({ urn, changes: all }) =>
    all.map(({ path, before: was, after: is }) => [urn.split('::').at(-1), path, was, is].join(' ')),
  );
  const merged = await shop.merge(branch);
  await shop.sweep();
  const rollout = await shop.rollout(merged);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const [update] = await shop.store.runs.list({ rollout: rollout.id, stack: 'shop/dev', kind: 'update' });
  const step = (await shop.store.runs.steps(update!.id)).find(({ name }) => name === 'preview');
  return { changes: [...new Set(changes)].sort(), compared: step!.detail };
}

test('previews a stack with what the stack that it reads would have as outputs', async () => {
  const { changes, compared } = await downstream('other-range', { 'network:cidr': '10.1.0.0/16' });
  assert.deepEqual(changes, ['known data.cidr 10.0.0.0/16 10.1.0.0/16']);
  assert.match(compared, /; as reviewed/);
});

test('shows outputs as unknown that only an update of the upstream tells, and takes what they turn out to be as reviewed', async () => {
  const { changes, compared } = await downstream('gate', { 'network:cidr': '10.1.0.0/16', 'network:gate': 'yes' });
  // The SDK has all outputs of a stack in one: where one of them is unknown, it takes each of them for unknown.
  assert.deepEqual(changes, ['known data.cidr 10.1.0.0/16 [unknown]', 'later data.gate none [unknown]']);
  assert.match(compared, /; narrower than reviewed/);
});

test('takes what several changes have shown as reviewed when they come at once, and asks about what none has', async () => {
  const a = await shop.push('a', { 'shop/Pulumi.dev.yaml': shopFile({ a: '2', b: '1' }) });
  const b = await shop.push('b', {
    'shop/index.ts': FILES['shop/index.ts'].replace("name: 'later' }", "name: 'later', labels: { x: 'y' } }"),
  });
  await shop.sweep();
  await Promise.all([previewed('a', a), previewed('b', b)]);
  await shop.merge('a');
  const both = await shop.merge('b');
  await shop.sweep();
  const rollout = await shop.rollout(both);
  assert.deepEqual([rollout.state, rollout.changes.toSorted()], ['succeeded', ['estate/a', 'estate/b']]);

  const c = await shop.push('c', { 'shop/Pulumi.dev.yaml': shopFile({ a: '3', b: '1' }) });
  await shop.sweep();
  await previewed('c', c);
  await shop.merge('c');
  const unseen = await shop.push('main', { 'shop/Pulumi.dev.yaml': shopFile({ a: '3', b: 'nobody saw this' }) });
  await shop.sweep();
  const run = await shop.until('the update that waits', async () => {
    const [found] = await shop.store.runs.list({ stack: 'shop/dev', kind: 'update', states: ['waiting'] });
    return found;
  });
  assert.equal(run.commit, unseen);
  assert.match(run.summary, /it would do more than was reviewed/);
  await shop.worker.decideRun(run, { kind: 'approve', by: 'ada', reason: undefined });
  assert.equal((await shop.rollout(unseen)).state, 'succeeded');
});

test('previews a stack while an update of it goes on, and takes no lock', async () => {
  const slow = await shop.push('main', { 'shop/Pulumi.dev.yaml': shopFile({ a: '4', b: '1' }, 'own') });
  await shop.sweep();
  const locks = join(shop.folder, 'state/.pulumi/locks/organization/shop/dev');
  const update = await shop.until('an update that holds the lock', async () => {
    const [found] = await shop.store.runs.list({ stack: 'shop/dev', kind: 'update', states: ['running'] });
    const steps = found ? await shop.store.runs.steps(found.id) : [];
    return steps.some(({ name }) => name === 'update') && lockCount(locks) > 0 ? found : undefined;
  });
  assert.equal(update.commit, slow);
  const head = await shop.push('quick', { 'shop/Pulumi.dev.yaml': shopFile({ a: '5', b: '1' }, 'own') });
  await shop.sweep();
  const preview = (await previewed('quick', head)).get('shop/dev')!;
  assert.equal(preview.state, 'succeeded', preview.summary);
  assert.deepEqual([(await shop.store.runs.get(update.id))!.state, lockCount(locks)], ['running', 1]);
  await shop.worker.cancelRun(update, { by: 'ada' });
});

function lockCount(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}
