import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSettings } from './settings.ts';
import { parseProject, type Stack } from './stack.ts';
import { orderStages } from './stack-order.ts';

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
