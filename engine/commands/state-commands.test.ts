import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { findOfficial } from '../../test/differential/find-official.ts';
import { createEmbeddedPulumi } from '../automation/pulumi-command.ts';

const official = findOfficial();
const secret = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', plaintext: '"hunter2"' };

const urn = (type: string, name: string, stack = 'dev') => `urn:pulumi:${stack}::demo::${type}::${name}`;
const root = urn('pulumi:pulumi:Stack', 'demo-dev');
const provider = urn('pulumi:providers:cloud', 'default_1_0_0');
const group = urn('my:index:Group', 'group');
const inner = urn('my:index:Group$cloud:index:Thing', 'inner');
const thing = (name: string) => urn('cloud:index:Thing', name);

const custom = (name: string, more: object = {}) => ({
  urn: thing(name),
  type: 'cloud:index:Thing',
  custom: true,
  id: `${name}-id`,
  parent: root,
  provider: `${provider}::p-1`,
  inputs: { name },
  outputs: { name, password: secret, __internal: 'x' },
  ...more,
});

/** A component, providers, and every kind of reference. */
const resources = [
  { urn: root, type: 'pulumi:pulumi:Stack', custom: false },
  {
    urn: provider,
    type: 'pulumi:providers:cloud',
    custom: true,
    id: 'p-1',
    inputs: { version: '1.0.0', __internal: {} },
    outputs: { version: '1.0.0' },
  },
  { urn: group, type: 'my:index:Group', custom: false, parent: root },
  custom('first'),
  {
    ...custom('inner'),
    urn: inner,
    parent: group,
    dependencies: [thing('first')],
    propertyDependencies: { name: [thing('first')], other: [] },
  },
  custom('last', {
    dependencies: [inner, thing('first')],
    propertyDependencies: { name: [inner] },
    deletedWith: group,
  }),
  custom('kept', { protect: true }),
];

interface Exported {
  readonly urn: string;
  readonly [key: string]: unknown;
}

/** Runs command lines in one place; stacks `dev` with the resources, and `other` without any. */
interface Place {
  run(...args: string[]): Promise<string>;
  resources(stack: string): Promise<readonly Exported[]>;
  /** Puts the resources into `dev` again, or others. */
  importAll(others?: readonly object[]): Promise<void>;
}

const pulumi = createEmbeddedPulumi({ environment: {}, warm: false });
const roots: string[] = [];
after(async () => {
  await pulumi.close();
  await Promise.all(roots.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function newPlace(kind: 'ours' | 'official'): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-state-'));
  roots.push(folder);
  for (const name of ['state', 'home']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: demo\nruntime: nodejs\n');
  const env = {
    PATH: process.env.PATH!,
    HOME: folder,
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_CONFIG_PASSPHRASE: 'x',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  const run: Place['run'] = async (...args) => {
    if (kind === 'ours') return (await pulumi.run(args, folder, env)).stdout;
    return (await promisify(execFile)(official!, [...args, '--non-interactive'], { cwd: folder, env })).stdout;
  };
  await run('stack', 'init', 'other');
  await run('stack', 'init', 'dev');
  const importAll = async (imported: readonly object[] = resources) => {
    const settings = await readFile(join(folder, 'Pulumi.dev.yaml'), 'utf8');
    const salt = /encryptionsalt: (.*)/.exec(settings)![1]!;
    const file = join(folder, 'deployment.json');
    const manifest = { time: '2026-01-01T00:00:00Z', magic: '', version: '' };
    const deployment = { manifest, secrets_providers: { type: 'passphrase', state: { salt } }, resources: imported };
    await writeFile(file, JSON.stringify({ version: 3, deployment }));
    await run('stack', 'import', '--file', file);
  };
  await importAll();
  return {
    run,
    importAll,
    async resources(stack) {
      const text = await run('stack', 'export', '--show-secrets', '--stack', stack);
      return (JSON.parse(text) as { deployment: { resources?: Exported[] } }).deployment.resources ?? [];
    },
  };
}

const names = (list: readonly Exported[]) => list.map((resource) => resource.urn.split('::').at(-1));
const move = (...urns: string[]) => ['state', 'move', '--yes', '--dest', 'other', ...urns];

/** Command lines, the names left in both stacks, and what the last command says. */
const cases: readonly (readonly [string, readonly (readonly string[])[], string, string])[] = [
  [
    'moves a resource with its provider',
    [move(thing('first'))],
    'demo-dev default_1_0_0 group inner last kept',
    'demo-other default_1_0_0 first',
  ],
  [
    'moves what is below',
    [move(group)],
    'demo-dev default_1_0_0 first last kept',
    'demo-other default_1_0_0 group inner',
  ],
  [
    'moves a child alone',
    [move(inner)],
    'demo-dev default_1_0_0 group first last kept',
    'demo-other default_1_0_0 inner',
  ],
  [
    'moves what is above',
    [[...move(inner), '--include-parents']],
    'demo-dev default_1_0_0 first last kept',
    'demo-other default_1_0_0 group inner',
  ],
  [
    'moves twice',
    [move(thing('first')), move(thing('kept'), thing('nowhere'))],
    'demo-dev default_1_0_0 group inner last',
    'demo-other default_1_0_0 first kept',
  ],
  ['moves all', [move(root)], 'demo-dev default_1_0_0', 'demo-other default_1_0_0 group first inner last kept'],
  [
    'protects and unprotects',
    [
      ['state', 'protect', '--yes', thing('first'), inner],
      ['state', 'unprotect', '--yes', thing('kept')],
    ],
    'demo-dev default_1_0_0 group first inner last kept',
    '',
  ],
  [
    'taints and untaints',
    [
      ['state', 'taint', '--yes', thing('first'), inner],
      ['state', 'untaint', '--yes', inner],
    ],
    'demo-dev default_1_0_0 group first inner last kept',
    '',
  ],
  [
    'renames a component',
    [['state', 'rename', '--yes', group, 'party']],
    'demo-dev default_1_0_0 party first inner last kept',
    '',
  ],
  [
    'renames what others refer to',
    [['state', 'rename', '--yes', inner, 'renamed']],
    'demo-dev default_1_0_0 group first renamed last kept',
    '',
  ],
  [
    'deletes with dependents',
    [['state', 'delete', '--yes', '--target-dependents', thing('first')]],
    'demo-dev default_1_0_0 group kept',
    '',
  ],
  [
    'deletes by force',
    [['state', 'delete', '--yes', '--force', thing('kept')]],
    'demo-dev default_1_0_0 group first inner last',
    '',
  ],
  [
    'repairs what is not broken',
    [['state', 'repair', '--yes']],
    'demo-dev default_1_0_0 group first inner last kept',
    '',
  ],
];

describe('pulumi state', () => {
  for (const [title, commands, left, moved] of cases)
    test(`${title}, as the official CLI does where it is there`, async (t) => {
      const ours = await newPlace('ours');
      for (const args of commands) await ours.run(...args);
      const states = [await ours.resources('dev'), await ours.resources('other')];
      assert.equal(names(states[0]!).join(' '), left);
      assert.equal(names(states[1]!).join(' '), moved);
      if (official === undefined) return t.diagnostic('there is no official CLI to compare with');
      const theirs = await newPlace('official');
      for (const args of commands) await theirs.run(...args);
      const expected = [await theirs.resources('dev'), await theirs.resources('other')];
      assert.deepEqual(states.map(withoutEmptyLists), expected.map(withoutEmptyLists));
    });

  test('move drops references over the border and says so, and keeps secrets encrypted', async () => {
    const place = await newPlace('ours');
    const said = await place.run(...move(inner));
    assert.match(
      said,
      /Planning to move.*inner.*remains in organization\/demo\/dev.*last depends on.*inner.*\(name\) depends on.*Successfully/s,
    );
    assert.match(said, /What is moved refers to.*inner depends on .*first/s);
    const [, , one] = await place.resources('other');
    assert.deepEqual(
      [one!.urn, one!.parent, one!.dependencies, one!.propertyDependencies, one!.provider],
      [
        urn('cloud:index:Thing', 'inner', 'other'),
        urn('pulumi:pulumi:Stack', 'demo-other', 'other'),
        undefined,
        { other: [] },
        `${urn('pulumi:providers:cloud', 'default_1_0_0', 'other')}::p-1`,
      ],
    );
    assert.ok(!(await place.run('stack', 'export', '--stack', 'other')).includes('hunter2'));
  });

  test('move refuses providers, what is not there, the same stack, and what the target already has', async () => {
    const place = await newPlace('ours');
    await assert.rejects(place.run(...move(provider)), /Cannot move a provider/);
    await assert.rejects(place.run(...move(thing('nowhere'))), /Cannot find any of the resources/);
    await assert.rejects(place.run('state', 'move', '--yes', '--dest', 'dev', inner), /from a stack to itself/);
    await assert.rejects(place.run('state', 'move', '--yes', inner), /at least one of --source or --dest/);
    await assert.rejects(place.run('state', 'move', '--dest', 'other', inner), /--yes must be passed/);
    await place.run(...move(thing('first')));
    await place.importAll(resources.map((one) => (one.urn === thing('first') ? { ...one, id: 'another' } : one)));
    const before = await place.resources('dev');
    await assert.rejects(place.run(...move(thing('first'))), /the target has another one of the same URN/);
    assert.deepEqual(await place.resources('dev'), before);
  });

  test('move finishes what was cut off when the target had been written and the source not', async () => {
    const place = await newPlace('ours');
    await place.run(...move(group));
    const target = await place.resources('other');
    await place.importAll();
    assert.match(await place.run(...move(group)), /has already what follows.*group.*inner.*Successfully/s);
    assert.deepEqual(await place.resources('other'), target);
    assert.deepEqual(names(await place.resources('dev')), ['demo-dev', 'default_1_0_0', 'first', 'last', 'kept']);
  });

  test('get shows a resource by URN, name or identifier, secrets only when asked', async (t) => {
    const places = [await newPlace('ours'), ...(official === undefined ? [] : [await newPlace('official')])];
    const [ours, theirs] = places;
    const shown = JSON.parse(await ours!.run('state', 'get', inner, '--output', 'json')) as object;
    assert.deepEqual(shown, {
      id: 'inner-id',
      inputs: { name: 'inner' },
      outputs: { name: 'inner', password: '[secret]' },
      type: 'cloud:index:Thing',
      urn: inner,
    });
    assert.match(
      await ours!.run('state', 'get', 'last', '--show-secrets'),
      /URN: {2}.*::last\nID: {3}last-id\nInputs:.*hunter2/s,
    );
    await assert.rejects(ours!.run('state', 'get', 'nothing'), /Cannot find the resource in the state: nothing/);
    if (theirs === undefined) return t.diagnostic('there is no official CLI to compare with');
    for (const args of [[inner], ['last', '--show-secrets'], ['inner_7dc2c0'], [group]]) {
      const json = [...args, '--output', 'json'];
      assert.deepEqual(await answer(ours!, json), await answer(theirs, json), args.join(' '));
    }
  });
});

/** The official CLI loses that a property is known to depend on nothing; ours keeps it. */
function withoutEmptyLists(list: readonly Exported[]): readonly Exported[] {
  return list.map((resource) => {
    const entries = Object.entries((resource.propertyDependencies ?? {}) as Record<string, readonly string[]>);
    const filled = entries.filter(([, urns]) => urns.length > 0);
    const { propertyDependencies: _, ...others } = resource;
    return filled.length === 0 ? others : { ...others, propertyDependencies: Object.fromEntries(filled) };
  });
}

async function answer(place: Place, args: readonly string[]): Promise<unknown> {
  return place.run('state', 'get', ...args).then(
    (text) => JSON.parse(text) as unknown,
    () => 'failed',
  );
}
