import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { commentOf } from '../../runner/core/report-text.ts';
import type { Run } from '../../runner/core/run.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** Policy packs of the repository and of the runner: what previews and updates have to come through. Told in order. */
const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'mainstay-policies-test-'));
let shop: Workshop;

/** Refuses values by what they are, as mandatory or as advice. */
const packFiles = (name: string, forbidden: string, level = 'mandatory') => ({
  'PulumiPolicy.yaml': 'runtime: nodejs\n',
  'package.json': '{"name": "pack", "version": "1.0.0", "type": "commonjs", "main": "index.js"}\n',
  'index.js': `const { PolicyPack } = require('@pulumi/policy');
const rule = (name, enforcementLevel, value) => ({
  name, enforcementLevel, description: 'Values are as the house wants them',
  configSchema: { properties: { value: { type: 'string', default: value } } },
  validateResource: (args, report) => {
    const { value } = args.getConfig();
    if (args.type === 'kubernetes:core/v1:ConfigMap' && args.props.data.value === value) report(args.name + ' is ' + value);
  },
});
new PolicyPack('${name}', { policies: [rule('forbidden', '${level}', '${forbidden}'), rule('odd', 'advisory', 'odd')] });
`,
});

const inRepository = (forbidden: string, level?: string) =>
  Object.fromEntries(
    Object.entries(packFiles('house', forbidden, level)).map(([name, text]) => [`policies/house/${name}`, text]),
  );

const SETTINGS = `environments:
  - { name: dev, stacks: [dev] }
  - { name: prod, stacks: [prod] }
drift: { mode: off }
policies:
  - folder: policies/house
`;

before(async () => {
  const company = join(folder, 'company');
  mkdirSync(company);
  for (const [name, text] of Object.entries(packFiles('company', 'none'))) writeFileSync(join(company, name), text);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  shop = await createWorkshop(
    { ...FIRST_FILES, ...inRepository('bad'), 'stacks/mainstay.yaml': SETTINGS },
    { policies: [{ folder: company, stacks: ['prod'], config: { forbidden: { value: 'unheard-of' } } }] },
  );
  await shop.sweep();
  assert.equal((await shop.rollout(await shop.head())).state, 'succeeded');
});

after(async () => {
  await shop?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Pushes a branch and waits for the preview of its one stack. */
async function previewed(branch: string, files: Readonly<Record<string, string | undefined>>): Promise<Run> {
  const head = await shop.push(branch, files);
  await shop.sweep();
  return shop.until(`the preview of ${branch}`, async () => {
    const runs = await shop.store.runs.list({ change: `estate/${branch}`, kind: 'preview' });
    const change = await shop.store.changes.get(`estate/${branch}`);
    return change?.head === head && runs.find(({ commit, endedAt }) => commit === change.merge && endedAt);
  });
}

const dev = (value: string) => ({ 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: value }) });
const prod = (value: string) => ({ 'stacks/Pulumi.prod.yaml': stackFile({ one: value }) });
const violations = ({ outcome }: Run) =>
  (outcome?.diagnostics ?? []).flatMap(({ policy, severity, message }) => (policy ? [`${severity} ${message}`] : []));

test('a mandatory policy fails the preview, and says whose it is and what is wrong', async () => {
  const run = await previewed('bad', dev('bad'));
  assert.equal(run.state, 'failed');
  const [violation, ...more] = violations(run);
  assert.match(violation!, /^error policy house: forbidden: .*two is bad/s);
  assert.deepEqual(more, []);
  assert.match(run.summary, /policy house: forbidden/);
  const { outcome } = run;
  assert.match(outcome!.diagnostics.find(({ policy }) => policy)!.urn!, /::two$/);
});

test('advice is in the comment, and fails nothing', async () => {
  const run = await previewed('odd', dev('odd'));
  assert.equal(run.state, 'succeeded');
  assert.match(violations(run).join(), /^warning policy house: odd: .*two is odd/s);
  const change = (await shop.store.changes.get('estate/odd'))!;
  const comment = commentOf({ change, runs: [run], untouched: 1, removed: [], link: undefined });
  assert.match(comment, /<summary>journey\/dev: 1 policy warning<\/summary>.*two is odd.* \(two\)/s);
});

test('a change cannot weaken the policies that it has to come through', async () => {
  const weak: readonly (readonly [string, Readonly<Record<string, string | undefined>>])[] = [
    ['advised', inRepository('bad', 'advisory')],
    ['unlisted', { 'stacks/mainstay.yaml': SETTINGS.split('policies:')[0] }],
    ['elsewhere', { 'stacks/mainstay.yaml': SETTINGS.replace('policies/house', 'policies/house\n    stacks: [none]') }],
  ];
  for (const [branch, files] of weak) {
    const run = await previewed(branch, { ...files, ...dev('bad') });
    assert.equal(run.state, 'failed', branch);
    assert.match(violations(run).join(), /error policy house: forbidden/, branch);
  }
  const run = await previewed('gone', { ...dev('c'), 'policies/house/PulumiPolicy.yaml': undefined });
  assert.equal(run.state, 'failed');
  assert.match(run.summary, /has no policies\/house\/PulumiPolicy\.yaml\. Correct policies in mainstay\.yaml/);
});

test('a policy that a change adds is tried on the change', async () => {
  const run = await previewed('stricter', { ...inRepository('a'), ...dev('c') });
  assert.match(violations(run).join(), /error policy house: forbidden: .*one is a/s);
});

test('the policies of the runner itself count for the stacks that they are for, with their configuration', async () => {
  const run = await previewed('unheard', prod('unheard-of'));
  assert.equal(run.state, 'failed');
  assert.match(violations(run).join(), /^error policy company: forbidden: .*one is unheard-of/s);
  assert.equal((await previewed('heard', dev('unheard-of'))).state, 'succeeded');
});

test('what was merged past its preview is not updated, and the commit that mends it is', async () => {
  await shop.push('main', dev('bad'));
  await shop.sweep();
  const failed = await shop.rollout(await shop.head(), 'waiting');
  assert.match(failed.waits!.text, /stopped at dev as journey\/dev failed/);
  const [run] = await shop.store.runs.list({ rollout: failed.id, kind: 'update' });
  assert.match(run!.summary, /policy house: forbidden/);
  assert.equal(
    shop
      .world('dev')
      .list()
      .some((each) => JSON.stringify(each).includes('"bad"')),
    false,
  );
  await shop.push('main', dev('good'));
  await shop.sweep();
  assert.equal((await shop.rollout(await shop.head())).state, 'succeeded');
});
