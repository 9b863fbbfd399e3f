import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSettings } from './settings.ts';
import { parseProject, type Stack } from './stack.ts';
import { environmentOf, managedStacks, orderStages, settingsOf } from './stack-order.ts';

const project = parseProject('Pulumi.yaml', 'name: shop\nruntime: nodejs\n');
const stackOf = (name: string): Stack => ({ id: `shop/${name}`, project, name, file: `Pulumi.${name}.yaml` });

test('orders environments as the settings do, whatever order the stacks come in', () => {
  const settings = parseSettings(
    'mainstay.yaml',
    'environments:\n  - {name: dev, stacks: [dev]}\n  - {name: live, stacks: [prod, shop/eu]}\n',
  );
  for (const names of [
    ['prod', 'eu', 'dev'],
    ['dev', 'eu', 'prod'],
  ])
    assert.deepEqual(
      orderStages(names.map(stackOf), { settings, upstreams: new Map() }).map(({ environment, groups }) => [
        environment,
        groups,
      ]),
      [
        ['dev', [['shop/dev']]],
        ['live', [['shop/eu', 'shop/prod']]],
      ],
    );
});

test('puts every stack in once, after all that it reads from', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  // An edge goes from a later to an earlier name only: no circles.
  const edges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)).filter(([from, to]) => from > to));
  fc.assert(
    fc.property(edges, fc.shuffledSubarray(names, { minLength: 6 }), (pairs, order) => {
      const settings = parseSettings(
        'mainstay.yaml',
        `environments:\n  - {name: all, stacks: [${names.join(', ')}]}\n`,
      );
      const upstreams = new Map(
        names.map((name, index) => [
          `shop/${name}`,
          pairs.filter(([from]) => from === index).map(([, to]) => `shop/${names[to]}`),
        ]),
      );
      const [stage] = orderStages(order.map(stackOf), { settings, upstreams });
      const flat = stage!.groups.flat();
      assert.deepEqual(
        [...flat].sort(),
        names.map((name) => `shop/${name}`),
      );
      const group = (id: string) => stage!.groups.findIndex((ids) => ids.includes(id));
      for (const [id, needs] of upstreams)
        for (const need of needs) assert.ok(group(need) < group(id), `${need} before ${id}`);
    }),
  );
});

test('refuses a circle and names who is in it', () => {
  const settings = parseSettings(
    'mainstay.yaml',
    'environments:\n  - {name: all, stacks: [a, b]}\nstacks:\n  a: {dependsOn: [b]}\n  b: {dependsOn: [a]}\n',
  );
  assert.throws(
    () => orderStages(['a', 'b'].map(stackOf), { settings, upstreams: new Map() }),
    /in a circle: shop\/a, shop\/b/,
  );
});

test('finds the environment of a stack by its name before all patterns, and the settings of a stack too', () => {
  const settings = parseSettings(
    'mainstay.yaml',
    `environments:
  - {name: edge, stacks: ["edge-*", "shop/eu-?"]}
  - {name: canary, stacks: [edge-1]}
  - {name: rest, stacks: ["*"]}
stacks:
  "edge-*": {engine: embedded}
  edge-2: {engine: official}
`,
    ['edge-1', 'edge-2'].map(stackOf),
  );
  const found = ['edge-1', 'edge-2', 'edge-30', 'eu-1', 'eu-10', 'prod'].map(stackOf);
  assert.deepEqual(
    found.map((stack) => environmentOf(settings, stack).name),
    ['canary', 'edge', 'edge', 'edge', 'rest', 'rest'],
  );
  assert.deepEqual(
    found.slice(0, 4).map((stack) => settingsOf(settings, stack).engine),
    ['embedded', 'official', 'embedded', undefined],
  );
  const few = parseSettings('mainstay.yaml', 'environments: [{name: edge, stacks: ["edge-*"]}]\n', []);
  assert.deepEqual(
    managedStacks(few, found).map(({ name }) => name),
    ['edge-1', 'edge-2', 'edge-30'],
  );
});

test('updates so many at once as the environment says, each once, and never before what it reads from', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), fc.nat(29), (count, atOnce, base) => {
      const settings = parseSettings(
        'mainstay.yaml',
        `environments: [{name: all, stacks: ["s-*"], atOnce: ${atOnce}}]\n`,
      );
      const stacks = Array.from({ length: count }, (_, index) => stackOf(`s-${index}`));
      const root = stacks[base % count]!.id;
      const upstreams = new Map(stacks.filter(({ id }) => id !== root).map(({ id }) => [id, [root]]));
      const [stage] = orderStages(stacks, { settings, upstreams });
      assert.deepEqual(stage!.groups[0], [root]);
      assert.ok(stage!.groups.every(({ length }) => length <= atOnce && length > 0));
      assert.deepEqual(stage!.groups.flat().sort(), stacks.map(({ id }) => id).sort());
    }),
  );
});
