import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJsonPath, valuesAtJsonPath } from './json-path.ts';
import { waitForAwaiter } from './wait-for.ts';

const object = {
  metadata: { annotations: { 'a.b/c': 'x' } },
  status: {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Stalled', status: 'False' },
    ],
    addresses: [{ ip: '1' }, { ip: '2' }],
  },
};

describe('valuesAtJsonPath', () => {
  for (const [path, expected] of [
    ['{.status.phase}', ['Running']],
    ['.status.phase', ['Running']],
    ['status.phase', ['Running']],
    ['{$.status.phase}', ['Running']],
    ['{.status.addresses[*].ip}', ['1', '2']],
    ['{.status.addresses[1].ip}', ['2']],
    ['{.status.addresses[-1].ip}', ['2']],
    ['{.status.addresses[5].ip}', []],
    ['{.status.conditions[?(@.type=="Ready")].status}', ['True']],
    ['{.status.conditions[?(@.type!="Ready")].status}', ['False']],
    [`{.metadata.annotations['a.b/c']}`, ['x']],
    [String.raw`{.metadata.annotations.a\.b/c}`, ['x']],
    ['{.nothing.here}', []],
  ] as const)
    it(`follows ${path}`, () => assert.deepEqual(valuesAtJsonPath(object, parseJsonPath(path)), expected));

  for (const path of ['{.a[}', '{..a}', '{.a[0:2]}', '{range .items[*]}'])
    it(`names the part of ${path} that it does not know`, () =>
      assert.throws(() => parseJsonPath(path), /is not supported/));
});

describe('waitForAwaiter', () => {
  for (const [text, ready] of [
    ['jsonpath={.status.phase}=Running', true],
    ['jsonpath={.status.phase}="Running"', true],
    ['jsonpath={.status.phase}=Pending', false],
    ['jsonpath={.status.phase}', true],
    ['jsonpath={.status.nothing}', false],
    ['jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', true],
    ['condition=Ready', true],
    ['condition=Ready=true', true],
    ['condition=Stalled', false],
    ['condition=Stalled=False', true],
    ['condition=Unheard', false],
    ['["condition=Ready", "jsonpath={.status.phase}=Running"]', true],
    ['["condition=Ready", "condition=Stalled"]', false],
  ] as const)
    it(`finds ${text} ${ready ? 'true' : 'not true'}`, () => {
      const awaiter = waitForAwaiter(text);
      assert.equal(awaiter.assess(object, () => []).ready, ready);
      assert.equal(awaiter.explain(object, () => []).length, ready ? 0 : 1);
    });

  for (const text of ['Ready', 'condition=', '[]', '["Ready"]', '[1]', '[not json', 'jsonpath={.a}b'])
    it(`refuses ${text}`, () => assert.throws(() => waitForAwaiter(text), /pulumi\.com\/waitFor cannot be read/));
});
