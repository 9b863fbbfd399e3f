import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings } from './settings.ts';

test('says the place and the reason of every mistake', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['environments: [', /^mainstay\.yaml:1:\d+ Cannot read the runner's settings as it is no YAML/],
    [
      'environments:\n  - name: dev\n    stack: [dev]\n',
      /mainstay\.yaml:2:5 environments\.0.*Unrecognized key.*"stack"/s,
    ],
    ['environments:\n  - name: dev\n    stacks: []\n', /mainstay\.yaml:3:13 environments\.0\.stacks/],
    ['drift: report\n', /mainstay\.yaml:1:1 at the top: Unrecognized key: "drift"/],
    ['environments:\n  - {name: a, stacks: [x]}\n  - {name: b, stacks: [x]}\n', /x is in two environments: a and b/],
  ];
  for (const [text, message] of cases)
    assert.throws(() => parseSettings('mainstay.yaml', text), { kind: 'user', message });
});

test('takes an empty file for no settings', () => {
  assert.deepEqual(parseSettings('mainstay.yaml', ''), { environments: [], stacks: {} });
});
