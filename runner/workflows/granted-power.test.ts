import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSettings, settingsSchema } from '../core/settings.ts';
import { treeOf } from '../core/tree-of-files.ts';
import type { Services } from './services.ts';
import { stackAt } from './with-checkout.ts';

const FILES = { 'Pulumi.yaml': 'name: shop\nruntime: nodejs\n', 'Pulumi.dev.yaml': 'config: {}\n', 'index.ts': '' };
const BASE = {
  ...FILES,
  'mainstay.yaml':
    'preview: {credentials: reader, environment: [AWS_REGION], time: 5m, memory: 256MiB, output: 1MiB}\nupdate: {credentials: writer}\n',
};

/** What a run may be given, by the settings of its change and of the base branch. */
async function accessOf(own: Readonly<Record<string, string>>, kind: 'preview' | 'update', change = true) {
  const trees = new Map([
    ['base', treeOf(BASE)],
    ['merge', treeOf(own)],
  ]);
  const mirror = { tree: async (commit: string) => trees.get(commit)! };
  const engines = new Map(['embedded', 'official'].map((name) => [name, { name }]));
  const services = {
    ...{ repositories: new Map([['estate', { id: 'estate', mirror }]]), engines, defaultEngine: 'embedded' },
    store: { changes: { get: async () => ({ base: 'base' }) } },
  } as unknown as Services;
  const run = { id: 'r', repository: 'estate', stack: 'shop/dev', commit: 'merge', kind };
  return (await stackAt(services, { ...run, change: change ? 'estate/7' : undefined })).access;
}

const access = fc.record(
  {
    credentials: fc.constantFrom('writer', 'admin', 'reader'),
    environment: fc.subarray(['*', 'AWS_*', 'SECRET'], { minLength: 1 }),
  },
  { requiredKeys: [] },
);
const limits = {
  time: fc.constantFrom('24h', '1h'),
  memory: fc.constantFrom('64GiB', '8GiB'),
  output: fc.constantFrom('1GiB'),
};
const preview = fc
  .tuple(access, fc.record(limits, { requiredKeys: [] }))
  .map(([granted, limited]) => ({ ...granted, ...limited }));
const stack = fc.record(
  { preview, update: access, engine: fc.constantFrom('embedded', 'official') },
  { requiredKeys: [] },
);

/** By key of the schema: what a change may ask for there. A key that is new is not known to grant nothing: it has to be put here. */
const ASKED: Readonly<Record<keyof typeof settingsSchema.shape, fc.Arbitrary<unknown>>> = {
  preview,
  update: access,
  stacks: fc.record({ 'shop/dev': stack, dev: stack }, { requiredKeys: [] }),
  environments: fc.constantFrom(
    [],
    [{ name: 'mine', stacks: ['dev'], onFailure: 'revert' }],
    [{ name: 'mine', stacks: ['dev'], verify: [{ kind: 'command', command: ['sh', '-c', 'evil'] }] }],
  ),
  drift: fc.constantFrom({ mode: 'off' }, { mode: 'correct' }),
  types: fc.constantFrom('off', 'report'),
  previewEnvironments: fc.constantFrom([], [{ stack: 'dev', for: 'all', credentials: 'admin', environment: ['*'] }]),
  promotions: fc.constant([]),
  policies: fc.constantFrom([], [{ folder: 'policies/mine' }]),
  freezes: fc.constant([]),
  teams: fc.constant({ ops: ['mallory'] }),
  timeZone: fc.constant('UTC'),
};

test('whatever a change writes into its settings, its previews get what the base branch says', async () => {
  assert.deepEqual(Object.keys(ASKED).sort(), Object.keys(settingsSchema.shape).sort());
  const before = await accessOf(BASE, 'preview');
  assert.deepEqual(before.access, { credentials: 'reader', environment: ['AWS_REGION'] });
  await fc.assert(
    fc.asyncProperty(
      fc.record(ASKED, { requiredKeys: [] }),
      fc.constantFrom('mainstay.yaml', 'mainstay.yml', 'stacks/mainstay.yaml'),
      async (asked, file) => {
        const text = JSON.stringify(asked);
        parseSettings(file, text);
        assert.deepEqual(await accessOf({ ...FILES, [file]: text }, 'preview'), before);
        assert.deepEqual(await accessOf({ ...FILES, [file]: text }, 'update'), await accessOf(BASE, 'update'));
      },
    ),
    { numRuns: 60 },
  );
});

test('what is merged counts: the test above would see a difference', async () => {
  const asked = { ...FILES, 'mainstay.yaml': 'update: {credentials: admin}\n' };
  assert.deepEqual((await accessOf(asked, 'update', false)).access, { credentials: 'admin' });
});
