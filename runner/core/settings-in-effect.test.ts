import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsInEffect } from './settings-in-effect.ts';

test('names the line of each setting, and `default` where no file says it', () => {
  const text = 'environments:\n  - name: dev\n    stacks: [a, b]\nstacks:\n  shop/dev:\n    engine: embedded\n';
  const settings = {
    environments: [{ name: 'dev', stacks: ['a', 'b'] }],
    stacks: { 'shop/dev': { engine: 'embedded', watches: [] } },
  };
  assert.deepEqual(
    settingsInEffect(settings, { path: 'mainstay.yaml', text }).map(({ path, source }) => [path, source]),
    [
      ['environments[0].name', 'mainstay.yaml:2'],
      ['environments[0].stacks[0]', 'mainstay.yaml:3'],
      ['environments[0].stacks[1]', 'mainstay.yaml:3'],
      ['stacks["shop/dev"].engine', 'mainstay.yaml:6'],
      ['stacks["shop/dev"].watches', 'default'],
    ],
  );
  assert.deepEqual(settingsInEffect({ stacks: {} }), [{ path: 'stacks', value: {}, source: 'default' }]);
});
