import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Promotion } from '../../runner/core/keeping-store.ts';
import { FIRST_FILES } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

const stackFile = (one: string, comment: string) => `# ${comment}
config:
  mainstay:sandbox: true
  journey:maps:   { one: ${one}, two: "b" } # the maps
`;

const SETTINGS = `environments:
  - { name: dev, stacks: [dev] }
  - { name: prod, stacks: [prod] }
drift: { mode: off }
promotions:
  - { name: app=web, path: [dev, prod], values: [journey:maps.one], by: commit }
  - { name: slow, path: [dev, prod], values: [journey:maps.two] }
`;

let shop: Workshop;

before(async () => {
  shop = await createWorkshop({
    ...FIRST_FILES,
    'stacks/mainstay.yaml': SETTINGS,
    'stacks/Pulumi.dev.yaml': stackFile('v1', 'dev'),
    'stacks/Pulumi.prod.yaml': stackFile('v1', 'prod'),
  });
  await rolledOut();
});

after(() => shop.close());

async function rolledOut(): Promise<void> {
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head());
  assert.equal(rollout.state, 'succeeded', rollout.summary);
}

const ask = (name: string, by = 'ada') =>
  shop.worker.promote({ repository: 'estate', name, from: 'dev', to: 'prod', by });
const ended = (id: string): Promise<Promotion> =>
  shop.until(`the promotion ${id}`, async () => {
    const promotion = await shop.store.promotions.get(id);
    return promotion?.state !== 'queued' && promotion;
  });
const fileOf = async (commit: string, stack: string) => {
  await shop.repository.mirror.fetch();
  return (await shop.repository.mirror.tree(commit)).read(`stacks/Pulumi.${stack}.yaml`);
};

test('writes the version that is applied, and changes nothing else of the file', async () => {
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v2', 'dev') });
  await rolledOut();
  // Not rolled out: nobody knows yet that it works.
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v3', 'dev') });
  const promotion = await ended(await ask('web'));
  assert.equal(promotion.state, 'written', promotion.summary);
  assert.deepEqual(promotion.values, [{ path: 'journey:maps.one', before: 'v1', after: 'v2' }]);
  assert.equal(await fileOf(await shop.head(), 'prod'), stackFile('v2', 'prod'));
  assert.equal(await fileOf(await shop.head(), 'dev'), stackFile('v3', 'dev'));
  assert.equal((await ended(await ask('app=web'))).state, 'nothing');
  await rolledOut();
  assert.deepEqual(
    (await shop.store.audit.list({ subject: promotion.id })).map(({ by, kind }) => [by, kind]),
    [
      ['mainstay', 'promotion'],
      ['ada', 'promotion'],
    ],
  );
});

test('opens a change where it is set so, and goes on with it', async () => {
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v3', 'dev').replace('"b"', '"c"') });
  await rolledOut();
  const first = await ended(await ask('slow'));
  assert.deepEqual([first.state, first.change], ['proposed', 'promote-slow-prod']);
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v3', 'dev').replace('"b"', '"d"') });
  await rolledOut();
  const second = await ended(await ask('slow'));
  assert.deepEqual(second.values, [{ path: 'journey:maps.two', before: 'c', after: 'd' }]);
  assert.match(await fileOf(second.commit!, 'prod'), /two: "d" \} # the maps/);
  await shop.sweep();
  await shop.until(
    'the change',
    async () => (await shop.store.changes.get('estate/promote-slow-prod'))?.head === second.commit,
  );
  await shop.merge('promote-slow-prod');
  await rolledOut();
});

test('two promotions and a person race on one file, and nothing is lost', async () => {
  await shop.push('main', {
    'stacks/mainstay.yaml': SETTINGS.replace(
      'values: [journey:maps.two] }',
      'values: [journey:maps.two], by: commit }',
    ),
  });
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v4', 'dev').replace('"b"', '"e"') });
  await rolledOut();
  const [one, two] = await Promise.all([
    ask('web', 'ada').then(ended),
    ask('slow', 'bob').then(ended),
    shop.push('main', { 'infra/labels.ts': "export const labels = { team: 'race' };\n" }),
  ]);
  assert.deepEqual([one.state, two.state], ['written', 'written'], `${one.summary} ${two.summary}`);
  const prod = await fileOf(await shop.head(), 'prod');
  assert.match(prod, /one: v4, two: "e" \} # the maps/);
  assert.match(await (await shop.repository.mirror.tree(await shop.head())).read('infra/labels.ts'), /race/);
  await rolledOut();
});

test('promotes by itself what was verified', async () => {
  await shop.push('main', { 'stacks/mainstay.yaml': SETTINGS.replace('by: commit }', 'by: commit, when: verified }') });
  const commit = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v5', 'dev').replace('"b"', '"e"') });
  await shop.sweep();
  await shop.rollout(commit);
  await shop.until('the promotion', async () => (await fileOf(await shop.head(), 'prod')).includes('v5'));
  await rolledOut();
  const [last] = await shop.store.promotions.list('estate');
  // Taken back by somebody: the same version does not come again by itself.
  await shop.push('main', { 'stacks/Pulumi.prod.yaml': stackFile('v4', 'prod').replace('"b"', '"e"') });
  await shop.push('main', { 'infra/labels.ts': "export const labels = { team: 'again' };\n" });
  await rolledOut();
  const again = await shop.until('the promotion', async () => {
    const [newest] = await shop.store.promotions.list('estate');
    return newest!.id !== last!.id && newest!.state !== 'queued' && newest;
  });
  assert.match(
    again.summary,
    /^journey:maps\.one v4 → v5 was promoted before and taken back since: promote it by hand$/,
  );
  assert.deepEqual([last!.state, last!.by], ['written', 'mainstay']);
});

test('refuses what has no way, and says the way', async () => {
  const refused = (request: object, message: RegExp) =>
    assert.rejects(
      shop.worker.promote({ repository: 'estate', name: 'web', from: 'dev', to: 'prod', by: 'ada', ...request }),
      { kind: 'user', message },
    );
  await refused({ name: 'wbe' }, /no such promotion: wbe\. (Did you mean|There is: app=web, slow)/);
  await refused({ from: 'prod', to: 'dev' }, /the way of app=web is dev → prod/);
  await refused({ to: 'staging' }, /does not come by staging: its way is dev → prod/);
  await shop.push('main', { 'stacks/Pulumi.prod.yaml': 'config:\n  mainstay:sandbox: true\n  journey:maps: {}\n' });
  await rolledOut();
  const failed = await ended(await ask('web'));
  assert.match(
    failed.summary,
    /^stacks\/Pulumi\.prod\.yaml Cannot promote as the file has no such place below config: journey:maps\.one/,
  );
});

test('rolls a stack back to a commit by the revert of what affects it, and of nothing else', async () => {
  const settings = SETTINGS.slice(0, SETTINGS.indexOf('promotions:'));
  const good = await shop.push('main', {
    'stacks/Pulumi.prod.yaml': stackFile('v6', 'prod'),
    'stacks/mainstay.yaml': settings,
  });
  await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v7', 'dev') });
  const bad = await shop.push('main', { 'stacks/Pulumi.prod.yaml': stackFile('v8', 'prod') });
  await rolledOut();
  const offered = await shop.worker.rollBack({
    repository: 'estate',
    stack: 'prod',
    to: good.slice(0, 8),
    by: 'ada',
    reason: 'v8 loses orders',
  });
  await shop.sweep();
  const runs = await shop.until('the preview', async () => {
    const found = await shop.store.runs.list({ change: `estate/${offered.change}` });
    return found.length > 0 && found.every(({ endedAt }) => endedAt) && found;
  });
  assert.deepEqual(
    runs.map(({ stack, state, summary }) => [stack, state, summary]),
    [['journey/prod', 'succeeded', '1 to replace']],
  );
  assert.equal(await fileOf(offered.commit, 'prod'), stackFile('v6', 'prod'));
  assert.equal(await fileOf(offered.commit, 'dev'), stackFile('v7', 'dev'));
  const later = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile('v9', 'dev') });
  await shop.sweep();
  const held = await shop.rollout(later, 'waiting');
  assert.match(held.waits!.text, new RegExp(`${bad.slice(0, 8)} was taken back by ada: merge ${offered.change}`));
  await shop.merge(offered.change);
  await rolledOut();
  const rolledBack = (request: object, message: RegExp) =>
    assert.rejects(
      shop.worker.rollBack({ repository: 'estate', stack: 'prod', to: good, by: 'ada', reason: '', ...request }),
      { kind: 'user', message },
    );
  await rolledBack({ to: 'ffffffff' }, /no such commit: ffffffff/);
  await rolledBack({ stack: 'prd' }, /no such stack: prd\. There is: journey\/dev, journey\/prod/);
  await rolledBack({ to: await shop.head() }, /nothing since \w+ affects the stack: journey\/prod/);
  await rolledBack({ to: offered.commit.replace(/^..../, '0000') }, /no such commit/);
});
