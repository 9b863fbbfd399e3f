import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings } from './settings.ts';
import { findStacks } from './stack.ts';
import { treeOf } from './tree-of-files.ts';

const aliases = `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefghi'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]\n`).join('')}`;
const deep = `a: ${'['.repeat(100_000)}`;

const refused = (text: string, pattern: RegExp) =>
  assert.rejects(findStacks(treeOf({ 'Pulumi.yaml': text })), { kind: 'user', message: pattern });

test('a file that grows beyond all measure is a mistake with its name', async () => {
  for (const text of [aliases, deep]) {
    await refused(`name: shop\nruntime: nodejs\n${text}`, /Pulumi\.yaml/);
    assert.throws(() => parseSettings('mainstay.yaml', text), { kind: 'user', message: /mainstay\.yaml/ });
  }
});

test('a name that could lead elsewhere, or be taken for an option, is none', async () => {
  for (const name of ['../other', 'a/b', '..', '--config-file', 'a b', 'x'.repeat(101), 'a\\b'])
    await refused(`name: ${JSON.stringify(name)}\nruntime: nodejs\n`, /its name is not one of a project/);
  for (const name of ['--secrets-provider', 'a b', '..'])
    await assert.rejects(
      findStacks(treeOf({ 'Pulumi.yaml': 'name: shop\nruntime: nodejs\n', [`Pulumi.${name}.yaml`]: '' })),
      { kind: 'user', message: /is no name of a stack/ },
    );
  const [stack] = await findStacks(
    treeOf({ 'Pulumi.yaml': 'name: a.b_c-d\nruntime: nodejs\n', 'Pulumi.eu-1.prod.yaml': '' }),
  );
  assert.equal(stack?.id, 'a.b_c-d/eu-1.prod');
});
