import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withApprovalsOf } from './approvals-in-effect.ts';
import { parseSettings } from './settings.ts';
import { findStacks } from './stack.ts';
import { orderStages } from './stack-order.ts';
import { treeOf } from './tree-of-files.ts';

const stacks = await findStacks(
  treeOf({ 'Pulumi.yaml': 'name: shop\nruntime: nodejs\n', 'Pulumi.dev.yaml': '', 'Pulumi.prod.yaml': '' }),
);
const settings = (prod: string, more = '') =>
  parseSettings(
    'mainstay.yaml',
    `environments:\n  - {name: dev, stacks: [dev]}\n  - {name: prod, stacks: [prod]${prod}}\n${more}`,
  );
const approvalsOf = (before: ReturnType<typeof settings>, now: ReturnType<typeof settings>) =>
  withApprovalsOf([before], orderStages(stacks, { settings: now, upstreams: new Map() }), stacks).map(
    ({ environment, approvals, gate }) => [environment, approvals, gate?.approval?.owners],
  );

const STRICT = ', approval: {count: 2, owners: ["@ops"], notAuthor: true}';
const ops = 'teams: {ops: [grace]}\n';

/** What a commit may try that has to be approved for prod. */
const TRIES: Readonly<Record<string, ReturnType<typeof settings>>> = {
  'asks nobody any more': settings(''),
  'asks fewer': settings(', approval: {owners: ["@ops"]}', ops),
  'asks somebody else': settings(', approval: {count: 2, owners: [mallory]}'),
  'puts somebody into the team': settings(STRICT, 'teams: {ops: [mallory]}\n'),
  'has no environments': parseSettings('mainstay.yaml', ''),
  'calls the environment otherwise': parseSettings(
    'mainstay.yaml',
    'environments:\n  - {name: free, stacks: [shop/prod]}\n',
  ),
  'puts the stack into one that asks nobody': parseSettings(
    'mainstay.yaml',
    'environments:\n  - {name: dev, stacks: [dev, prod]}\n',
  ),
};
for (const [title, now] of Object.entries(TRIES))
  test(`a commit that ${title} is approved as before`, () => {
    const found = approvalsOf(settings(STRICT, ops), now).find(([, approvals]) => approvals !== 0);
    assert.deepEqual(found?.slice(1), [2, ['grace']]);
  });

test('a commit that asks for approvals where nobody did is approved so itself', () => {
  assert.deepEqual(approvalsOf(settings(''), settings(STRICT, ops)), [
    ['dev', 0, undefined],
    ['prod', 2, ['grace']],
  ]);
});
