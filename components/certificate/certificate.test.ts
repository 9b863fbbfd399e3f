import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mockStack } from '../testing/mock-stack';
import { Certificate } from './certificate';

describe('Certificate', () => {
  it('proves each name once: a wildcard shares the record of its parent', async () => {
    const otherNames = ['*.shop.example', 'www.shop.example'];
    const stack = await mockStack(() => new Certificate('shop', { domain: 'shop.example', otherNames, zoneId: 'Z1' }));
    const records = stack.ofType('aws:route53/record:Record');
    assert.deepEqual(
      records.map(({ inputs }) => inputs.name),
      ['_proof.shop.example', '_proof.www.shop.example'],
    );
    for (const { inputs } of records) assert.equal(inputs.zoneId, 'Z1');
  });

  it('gives its ARN out only when it is valid', async () => {
    const stack = await mockStack(() => new Certificate('shop', { domain: 'shop.example', zoneId: 'Z1' }));
    const validation = stack.only('aws:acm/certificateValidation:CertificateValidation');
    assert.ok(validation.dependencies.includes('aws:route53/record:Record::shop-shop.example'));
    assert.equal(stack.only('aws:acm/certificate:Certificate').inputs.validationMethod, 'DNS');
  });
});
