import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { REFERENCE, referencePage } from './generate-reference.ts';
import { publishedShape } from './published-shape.ts';
import { resources } from './resources/all.ts';

/** Given by everybody who uses the resource, but not by those who only adopt or restore one: the SDK says optional, we need it. */
const NEEDED_HERE: Readonly<Record<string, readonly string[]>> = {
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': ['rules'],
  'aws:ec2/natGateway:NatGateway': ['subnetId'],
  'aws:dynamodb/table:Table': ['attributes', 'hashKey'],
  'aws:ec2/vpcEndpoint:VpcEndpoint': ['serviceName'],
  'aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation': ['cidrBlock'],
};

describe('the tables beside the published SDK', () => {
  for (const { type, properties } of resources.values()) {
    it(`${type} has no name of its own, and needs what the SDK needs`, () => {
      const { inputs, outputs } = publishedShape(type);
      for (const [key, rule] of Object.entries(properties)) {
        assert.ok(outputs.includes(key) || inputs.has(key), `the SDK has no ${key}`);
        if (!rule.output) assert.ok(inputs.has(key), `the SDK takes no ${key}`);
      }
      const ours = Object.keys(properties).filter((key) => properties[key]?.required);
      const theirs = [...inputs].filter(([, { required }]) => required).map(([key]) => key);
      assert.deepEqual(ours.toSorted(), [...theirs, ...(NEEDED_HERE[type] ?? [])].toSorted());
    });
  }

  it('has an up-to-date page of reference', () => {
    const how = 'docs/reference/aws.md is out of date. Run `node providers/aws/generate-reference.ts`.';
    assert.equal(readFileSync(REFERENCE, 'utf8'), referencePage(), how);
  });
});
