import type { OwnershipControlsRule } from '@aws-sdk/client-s3';
import { asMap } from '../../plain-values.ts';
import { companion } from './companion.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketownershipcontrols/ */
export const bucketOwnershipControls = companion({
  type: 'aws:s3/bucketOwnershipControls:BucketOwnershipControls',
  properties: { rule: { kind: 'object', required: true, parts: ['objectOwnership'] } },
  async write({ aws, id, inputs }) {
    const ObjectOwnership = asMap(inputs.rule).objectOwnership as OwnershipControlsRule['ObjectOwnership'];
    const s3 = await aws.client('s3');
    await s3.putBucketOwnershipControls({ Bucket: id, OwnershipControls: { Rules: [{ ObjectOwnership }] } });
  },
  async read({ aws, id }) {
    const found = await (await aws.client('s3')).getBucketOwnershipControls({ Bucket: id });
    const [rule] = found.OwnershipControls?.Rules ?? [];
    return rule && { rule: { objectOwnership: rule.ObjectOwnership ?? '' } };
  },
  async remove({ aws, id }) {
    await (await aws.client('s3')).deleteBucketOwnershipControls({ Bucket: id });
  },
});
