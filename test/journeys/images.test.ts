import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import type { Promotion } from '../../runner/core/keeping-store.ts';
import { openWireRegistry, type WireRegistry } from '../../runner/images/testing/wire-registry.ts';
import { lookAtImages, type StartWriting } from '../../runner/workflows/watch-images.ts';
import { FIRST_FILES } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** Images that are built elsewhere: what is new in the registry comes into the first stack's file by commit or by change. Told in order. */
const MINUTE = 60_000;
let registry: WireRegistry;
let shop: Workshop;

const stackFile = (image: string, tool: string) => `# ${image.split(':').at(-1)} at first
config:
  mainstay:sandbox: true
  journey:maps:   { one: ${JSON.stringify(image)}, two: '${tool}' } # the maps
`;

const settings = () => `environments:
  - { name: dev, stacks: [dev] }
  - { name: prod, stacks: [prod] }
drift: { mode: off }
promotions:
  - name: web
    path: [dev, prod]
    values: [journey:maps.one]
    image: { repository: "${registry.host}/shop/web", versions: "<2", every: 1m }
    by: commit
  - name: tool
    path: [dev]
    values: [journey:maps.two]
    image: { repository: "${registry.host}/shop/tool", tags: stable, pin: digest, every: 1m }
`;

const web = (tag: string) => `${registry.host}/shop/web:${tag}`;

before(async () => {
  registry = await openWireRegistry();
  registry.put('shop/web', '1.0.0');
  shop = await createWorkshop(
    {
      ...FIRST_FILES,
      'stacks/mainstay.yaml': settings(),
      'stacks/Pulumi.dev.yaml': stackFile(web('1.0.0'), 'stable'),
      'stacks/Pulumi.prod.yaml': stackFile(web('1.0.0'), 'stable'),
    },
    { registries: [{ host: registry.host, insecure: true }] },
  );
  await rolledOut();
});

after(async () => {
  await shop?.close();
  registry?.close();
});

async function rolledOut(): Promise<void> {
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head());
  assert.equal(rollout.state, 'succeeded', rollout.summary);
}

/** Looks when the next turn has come. */
async function look(write: StartWriting = shop.worker.startWriting): Promise<void> {
  shop.moveClock(MINUTE);
  await lookAtImages(shop.services, write);
}

const promotions = (name: string) =>
  shop.store.promotions.list('estate').then((all) => all.filter((each) => each.name === name));
const ended = (name: string, from: string): Promise<Promotion> =>
  shop.until(`the promotion of ${from}`, async () => {
    const found = (await promotions(name)).find((each) => each.from === from);
    return found?.state !== 'queued' && found;
  });
const fileAt = (revision: string, stack = 'dev') =>
  git(`${shop.folder}/estate.git`, 'show', `${revision}:stacks/Pulumi.${stack}.yaml`);

test('a new version is committed to the first stack by itself, rolled out, and looked for once a turn', async () => {
  registry.put('shop/web', '1.1.0');
  registry.put('shop/web', '2.0.0');
  await look();
  const promotion = await ended('web', web('1.1.0'));
  assert.equal(promotion.state, 'written', promotion.summary);
  assert.equal((await fileAt('main')).trimEnd(), stackFile(web('1.1.0'), 'stable').replace('1.1.0', '1.0.0').trimEnd());
  assert.match(await fileAt('main', 'prod'), /web:1\.0\.0", two/);
  await rolledOut();
  const [looked] = (await shop.store.images.list('estate')).filter(({ name }) => name === 'web');
  assert.deepEqual([looked!.newest, looked!.problem], [web('1.1.0'), '']);
  registry.asked.length = 0;
  await Promise.all([1, 2, 3].map(() => lookAtImages(shop.services, shop.worker.startWriting)));
  assert.deepEqual(registry.asked, [], 'it was asked in this turn');
  await look();
  assert.equal((await promotions('web')).length, 1, 'it is there already');
});

test('one that was taken back is not written again, and the next one is', async () => {
  const before = stackFile(web('1.0.0'), 'stable');
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': before });
  await shop.sweep();
  await look();
  await look();
  assert.equal((await promotions('web')).length, 1);
  // The same in other words: what was written before is remembered, not only where.
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': `${before}# by hand\n` });
  await shop.sweep();
  await look();
  const [again] = await shop.until('the second one', async () => {
    const all = await promotions('web');
    return all.length === 2 && all[0]!.state !== 'queued' && all;
  });
  assert.deepEqual([again!.state, /taken back since: promote it by hand/.test(again!.summary)], ['nothing', true]);
  registry.put('shop/web', '1.2.0');
  await look();
  assert.equal((await ended('web', web('1.2.0'))).state, 'written');
  assert.match(await fileAt('main'), /web:1\.2\.0", two: 'stable' \} # the maps\n# by hand/);
});

test('somebody who has built one promotes it by its tag, older or not; one that is not there is refused', async () => {
  const ask = (from: string, to = 'dev') =>
    shop.worker.promote({ repository: 'estate', name: 'web', from, to, by: 'ada' });
  await shop.sweep();
  await ask('1.1.0');
  assert.equal((await ended('web', web('1.1.0'))).state, 'written');
  await shop.until('the second of 1.1.0', async () => /web:1\.1\.0"/.test(await fileAt('main')));
  await assert.rejects(ask('1.7.7'), /no such tag: \/v2\/shop\/web\/manifests\/1\.7\.7\. Check the name/);
  await assert.rejects(
    ask('not a tag'),
    /has no such version: not a tag\. Name a tag of .*\/shop\/web, or a stack of dev → prod/,
  );
  await assert.rejects(ask('1.1.0', 'prod'), /does not come by 1\.1\.0/);
});

test('a tag that moves is proposed with its digest, and the proposal goes on with the next one', async () => {
  const branch = 'promote-tool-dev';
  for (const content of ['first', 'second']) {
    const digest = registry.put('shop/tool', 'stable', content);
    await shop.sweep();
    await look();
    const from = `${registry.host}/shop/tool:stable@${digest}`;
    assert.equal((await ended('tool', from)).state, 'proposed');
    assert.match(await fileAt(branch), new RegExp(`two: 'stable@${digest}' \\} # the maps`));
    await look();
  }
  assert.equal((await promotions('tool')).length, 2, 'one for each digest, however often it is looked');
  assert.match(await fileAt('main'), /two: 'stable' \}/);
});

test('a registry that is away is said, keeps no other image waiting, and is asked again', async () => {
  const away = Array.from(
    { length: 3 },
    () => (response: import('node:http').ServerResponse) => void response.destroy(),
  );
  registry.instead.push(...away);
  registry.put('shop/tool', 'stable', 'third');
  await look();
  const [tool, shopWeb] = await shop.store.images.list('estate');
  assert.match(`${tool!.problem}${shopWeb!.problem}`, /does not answer .*It is tried again/);
  assert.equal([tool, shopWeb].filter((each) => each!.problem === '').length, 1);
  await look();
  assert.deepEqual(
    (await shop.store.images.list('estate')).map(({ problem }) => problem),
    ['', ''],
  );
});

test('what was queued by a runner that ended before it began to write is written at the next look', async () => {
  registry.put('shop/web', '1.3.0');
  await shop.sweep();
  await look(() => Promise.reject(new Error('killed')));
  assert.equal((await promotions('web'))[0]!.state, 'queued');
  assert.doesNotMatch(await fileAt('main'), /1\.3\.0/);
  await look();
  assert.equal((await ended('web', web('1.3.0'))).state, 'written');
  assert.match(await fileAt('main'), /web:1\.3\.0"/);
});

test('what the settings do not name any more is forgotten', async () => {
  await shop.push('main', { 'stacks/mainstay.yaml': settings().split('  - name: tool')[0] });
  await shop.sweep();
  await look();
  assert.deepEqual(
    (await shop.store.images.list('estate')).map(({ name }) => name),
    ['web'],
  );
});
