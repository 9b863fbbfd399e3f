import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import type { EnvironmentResponse } from '../../runner/api/responses.ts';
import { createEstate, type Estate, FIRST_FILES, stackFile } from './estate.ts';

/** Preview environments on plain Git, where every branch is a change. Told in order. */
let estate: Estate;

const settings = (environments: readonly object[]) =>
  JSON.stringify({
    environments: [
      { name: 'dev', stacks: ['dev'] },
      { name: 'prod', stacks: ['prod'] },
    ],
    drift: { mode: 'off' },
    previewEnvironments: environments,
  });
const ENVIRONMENTS = [{ stack: 'dev', config: { 'journey:maps': { host: '${change}.example.org' } }, atMost: 2 }];

before(async () => {
  estate = await createEstate({}, { ...FIRST_FILES, 'stacks/mainstay.yaml': settings(ENVIRONMENTS) });
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
});
after(() => estate.close());

const all = () => estate.api().environments();
/** Waits until the environment of a branch is in a state, at its present head where that is given. */
const isIn = (branch: string, state: EnvironmentResponse['state'], commit?: string) =>
  estate.until(`${branch} ${state}`, async () =>
    (await all()).find(
      (each) =>
        each.change === `estate/${branch}` && each.state === state && (commit === undefined || each.commit === commit),
    ),
  );
const hasState = (name: string) =>
  existsSync(join(estate.dataFolder(), 'state/.pulumi/stacks/journey', `${name}.json`));
const mapsOf = (name: string) =>
  Object.fromEntries(
    estate
      .state(name)
      .resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap')
      .map(({ inputs }) => {
        const { metadata, data } = inputs as { metadata: { name: string }; data: { value: string } };
        return [metadata.name, data.value];
      }),
  );
const note = (ref: string, commit: string) => git(estate.repository, 'notes', '--ref', ref, 'show', commit);
/** Told after the state is put down. */
const told = (commit: string, text: RegExp, ref = 'mainstay') =>
  estate.until(`the note ${text}`, async () => {
    const said = await note(ref, commit).catch(() => '');
    return text.test(said) ? said : undefined;
  });

test('a branch gets an environment of its own, with settings of its own on top of the template', async () => {
  const head = await estate.push('green', { 'infra/labels.ts': "export const labels = { team: 'green' };\n" });
  const environment = await isIn('green', 'ready', head);
  assert.equal(environment.stack, 'journey/pr-green');
  assert.equal(environment.template, 'journey/dev');
  assert.equal(environment.sandbox, true);
  assert.deepEqual(environment.outputs, { names: ['host', 'one', 'two'] });
  assert.deepEqual(mapsOf('pr-green'), { one: 'a', two: 'b', host: 'green.example.org' });
  assert.deepEqual(mapsOf('dev'), { one: 'a', two: 'b' }, 'the template is as it was');
  const said = await told(head, /Preview environment `journey\/pr-green` \(sandbox\) is ready/);
  assert.match(said, /\| names \| \["host","one","two"\] \|/);
  assert.match(said, /mainstay:change/, 'the report of the previews stays');
  await told(
    head,
    /mainstay\/environment\/journey\/dev: success: journey\/pr-green is ready: \d created/,
    'mainstay-status',
  );
});

test('it is in no way of the stacks: they are aligned, and only they are looked at and rolled out', async () => {
  const status = await estate.api().status();
  assert.equal(status.aligned, true);
  const [repository] = status.repositories;
  assert.deepEqual(
    repository!.stacks.map(({ id }) => id),
    ['journey/dev', 'journey/prod'],
  );
  assert.deepEqual(
    repository!.previewEnvironments.map(({ stack }) => stack),
    ['journey/pr-green'],
  );
  const change = (await estate.api().changes()).find(({ name }) => name === 'green')!;
  assert.deepEqual(change.runs.map(({ kind, stack }) => `${kind} ${stack}`).sort(), [
    'preview journey/dev',
    'preview journey/prod',
  ]);
});

test('a push updates it, and a branch that does not affect the template gets none', async () => {
  const other = await estate.push('only-prod', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'p' }) });
  const head = await estate.push('green', { 'infra/labels.ts': "export const labels = { team: 'greener' };\n" });
  const { summary } = await isIn('green', 'ready', head);
  assert.equal(summary, '3 updated');
  await estate.previewed('only-prod', other);
  assert.deepEqual(
    (await all()).map(({ change }) => change),
    ['estate/green'],
  );
});

test('no more than there may be: the next one waits, says so, and is made when there is room', async () => {
  const blue = await estate.push('blue', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'blue' }) });
  await isIn('blue', 'ready', blue);
  const red = await estate.push('feature/Red', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'red' }) });
  const waiting = await isIn('feature/Red', 'waiting');
  assert.match(waiting.summary, /^waits for its turn as there are 2 of journey\/dev already/);
  await told(red, /`journey\/pr-feature-red-[0-9a-f]{6}` waits/);
  await git(estate.repository, 'branch', '-D', 'blue');
  await estate.api().sync();
  const gone = await isIn('blue', 'removed');
  assert.match(gone.summary, /deleted/);
  assert.equal(hasState('pr-blue'), false);
  const { stack } = await isIn('feature/Red', 'ready', red);
  assert.match(stack, /^journey\/pr-feature-red-[0-9a-f]{6}$/);
});

test('a merge destroys it, also where no runner was there to see it', async () => {
  await estate.kill();
  const commit = await estate.merge('green');
  await estate.start();
  await isIn('green', 'removed');
  assert.equal(hasState('pr-green'), false);
  const rollout = await estate.rolledOut(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.deepEqual(mapsOf('dev'), { one: 'a', two: 'b' }, 'the stack itself was updated, and not destroyed');
});

test('somebody ends it, and asks for it again', async () => {
  const change = (await estate.api().changes()).find(({ name }) => name === 'feature/Red')!;
  await estate.api().askForEnvironment(change.id, { asked: 'down' });
  const { summary } = await isIn('feature/Red', 'removed');
  assert.match(summary, /deleted/);
  await estate.api().askForEnvironment(change.id, { asked: 'up' });
  await isIn('feature/Red', 'ready');
  await assert.rejects(estate.api().askForEnvironment(change.id, { asked: 'up', commit: 'abcdef1' }), /head is/);
});

test('it has to come through the policies of its template', async () => {
  const index = `const { PolicyPack } = require('@pulumi/policy');
const validateResource = (args, report) => args.props.data && args.props.data.value === 'bad' && report(args.name + ' is bad');
new PolicyPack('house', { policies: [{ name: 'good', description: 'Good', enforcementLevel: 'mandatory', validateResource }] });
`;
  await estate.push('main', {
    'policies/house/PulumiPolicy.yaml': 'runtime: nodejs\n',
    'policies/house/package.json': '{"name": "pack", "version": "1.0.0", "type": "commonjs", "main": "index.js"}\n',
    'policies/house/index.js': index,
    'stacks/mainstay.yaml': JSON.stringify({
      ...JSON.parse(settings(ENVIRONMENTS)),
      policies: [{ folder: 'policies/house' }],
    }),
  });
  // Its preview fails too: what affects the template is not known then, so somebody asks.
  const head = await estate.push('bad', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'bad' }) });
  await estate.previewed('bad', head);
  const change = (await estate.api().changes()).find(({ name }) => name === 'bad')!;
  await estate.api().askForEnvironment(change.id, { asked: 'up' });
  const { summary } = await isIn('bad', 'failed');
  assert.match(summary, /policy house: good/);
  assert.ok(!hasState('pr-bad') || mapsOf('pr-bad').one === undefined, 'nothing of it was made');
  await git(estate.repository, 'branch', '-D', 'bad');
  await estate.api().sync();
  await isIn('bad', 'removed');
});

test('settings that say nothing of it any more destroy it', async () => {
  await estate.push('main', { 'stacks/mainstay.yaml': settings([]) });
  const { stack } = await isIn('feature/Red', 'removed');
  assert.equal(hasState(stack.slice('journey/'.length)), false);
  assert.match(readFileSync(join(estate.dataFolder(), 'runner.json'), 'utf8'), /url/);
});
