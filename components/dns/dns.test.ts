import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mockStack } from '../testing/mock-stack';
import { Dns } from './dns';
import { fullName, recordValues } from './record-plan';

describe('Dns', () => {
  it('makes a zone and its records', async () => {
    const records = [
      { name: '@', type: 'A', values: ['192.0.2.1'] },
      { name: 'www', type: 'CNAME', values: ['shop.example'], ttl: 60 },
    ] as const;
    const stack = await mockStack(() => new Dns('main', { domain: 'shop.example', records }));
    assert.equal(stack.only('aws:route53/zone:Zone').inputs.forceDestroy, false);
    const { inputs } = stack.named('aws:route53/record:Record', 'main-www-cname');
    assert.deepEqual([inputs.name, inputs.ttl, inputs.records], ['www.shop.example', 60, ['shop.example']]);
    assert.equal(stack.named('aws:route53/record:Record', 'main-apex-a').inputs.name, 'shop.example');
  });

  it('writes into a zone that is there already', async () => {
    const records = [{ name: 'www', type: 'A', values: ['192.0.2.1'] }] as const;
    const stack = await mockStack(() => new Dns('main', { domain: 'shop.example', zoneId: 'Z1', records }));
    assert.equal(stack.ofType('aws:route53/zone:Zone').length, 0);
    assert.equal(stack.only('aws:route53/record:Record').inputs.zoneId, 'Z1');
  });

  it('keeps a private zone to the networks that are named', async () => {
    const stack = await mockStack(() => new Dns('main', { domain: 'internal.example', privateTo: ['vpc-1'] }));
    assert.deepEqual(stack.only('aws:route53/zone:Zone').inputs.vpcs, [{ vpcId: 'vpc-1' }]);
  });
});

describe('record names and values', () => {
  it('adds the domain once', () => {
    const cases = [
      ['@', 'shop.example'],
      ['www', 'www.shop.example'],
      ['www.shop.example', 'www.shop.example'],
      ['shop.example', 'shop.example'],
      ['*', '*.shop.example'],
    ] as const;
    for (const [name, wanted] of cases) assert.equal(fullName(name, 'shop.example'), wanted);
  });

  it('cuts long texts into parts that DNS takes, and loses nothing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9 ]{0,900}$/), (text) => {
        const parts = recordValues('TXT', [text])[0]!.split('""');
        assert.equal(parts.join(''), text);
        assert.ok(parts.every((part) => part.length <= 255));
      }),
    );
  });
});
