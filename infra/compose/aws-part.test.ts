import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, mockStack } from '../../components/testing/mock-stack';
import { settingsSchema } from '../settings/settings-schema';
import { composeAws } from './aws-part';

const NETWORK = { cidr: '10.0.0.0/16', zones: ['eu-central-1a', 'eu-central-1b'], nat: 'none', flowLogs: false };

const parse = (values: Record<string, unknown>) => settingsSchema.parse({ tags: { CostCentre: 'shop' }, ...values });
const compose = (values: Record<string, unknown>) => mockStack(() => composeAws(parse(values), 'prod'));

describe('the AWS part of an estate', () => {
  it('shows a private zone to its network only, and a public one to everybody', async () => {
    const domains = { 'shop.internal': { private: true }, 'shop.example': {} };
    const stack = await compose({ network: NETWORK, domains });
    const zone = (name: string) => stack.named('aws:route53/zone:Zone', name).inputs;
    assert.deepEqual(zone('shop.internal').vpcs, [{ vpcId: 'main-id' }]);
    assert.equal(zone('shop.example').vpcs, undefined);
  });

  it('refuses private zones that could not be', () => {
    const zone = (of: object, more: object = { network: NETWORK }) =>
      parse({ ...more, domains: { 'shop.internal': { private: true, ...of } } });
    assert.throws(() => zone({}, {}), /needs a network/);
    assert.throws(() => zone({ zoneId: 'Z1' }), /there already/);
    assert.throws(() => zone({ certificate: ['@'] }), /proved in public/);
  });

  it('proves a certificate in the zone of its domain', async () => {
    const stack = await compose({ domains: { 'shop.example': { certificate: ['@', '*'] } } });
    const { inputs } = stack.only('aws:acm/certificate:Certificate');
    assert.deepEqual([inputs.domainName, inputs.subjectAlternativeNames], ['shop.example', ['*.shop.example']]);
    assert.equal(stack.only('aws:route53/record:Record').inputs.zoneId, 'shop.example-id');
  });

  it('tags subnets for the cluster that will be on them, and everything as the stack says', async () => {
    const cluster = { kind: 'eks', version: '1.35', nodeGroups: { general: { maximum: 2 } } };
    const stack = await compose({ network: NETWORK, cluster, registry: { repositories: ['shop'] } });
    const [subnet] = stack
      .ofType('aws:ec2/subnet:Subnet')
      .filter(({ inputs }) => at(inputs, 'tags.Tier') === 'private');
    assert.equal(at(subnet!.inputs, 'tags.karpenter\\.sh/discovery'), 'prod-main');
    for (const { inputs, urn } of stack.resources.filter((one) => one.inputs.tags)) {
      assert.equal(at(inputs, 'tags.CostCentre'), 'shop', urn);
    }
  });
});
