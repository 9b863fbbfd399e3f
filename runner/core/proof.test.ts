import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Unproven } from './known-stack.ts';
import { stacksToProve } from './proof.ts';
import { parseSettings } from './settings.ts';
import type { Stack } from './stack.ts';

const CHECK = 'verify: [{ kind: command, command: [smoke] }]';
const settings = parseSettings(
  'm',
  `environments:
  - { name: dev, stacks: [dev, dev2], ${CHECK} }
  - { name: staging, stacks: [staging], ${CHECK} }
  - { name: prod, stacks: [prod] }
`,
);
const stacks = ['dev', 'dev2', 'staging', 'prod'].map((name) => ({ id: `p/${name}`, name })) as unknown as Stack[];
const OPEN: Unproven = { bad: false, why: 'not verified yet' };
const BAD: Unproven = { bad: true, why: 'answers 500' };

const proved = (unproven: Readonly<Record<string, Unproven>>, ...affected: readonly string[]) => {
  const known = stacks.map(({ id, name }) => ({ id, unproven: unproven[name] }));
  const found = stacksToProve(stacks, { settings, known, affected: new Set(affected.map((name) => `p/${name}`)) });
  return found.map(({ name }) => name).join(' ');
};

test('has every environment on the way prove good that has not yet, and that is not updated anyway', () => {
  const cases: readonly (readonly [ReturnType<typeof proved>, expected: string])[] = [
    [proved({}, 'prod'), ''],
    [proved({ dev: BAD }, 'prod'), 'dev dev2'],
    [proved({ dev2: OPEN }, 'prod'), 'dev dev2'],
    [proved({ dev: BAD }, 'dev', 'prod'), ''],
    [proved({ dev: BAD }, 'dev2', 'prod'), ''],
    [proved({ dev: BAD, staging: OPEN }, 'prod'), 'dev dev2 staging'],
    [proved({ staging: OPEN }, 'dev'), ''],
    [proved({ staging: BAD }, 'dev'), 'staging'],
    [proved({ dev: BAD }), 'dev dev2'],
    [proved({ dev: OPEN }), ''],
    [proved({ prod: BAD }), ''],
  ];
  for (const [index, [found, expected]] of cases.entries()) assert.equal(found, expected, `case ${index}`);
});
