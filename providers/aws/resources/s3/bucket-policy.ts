import { companion } from './companion.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketpolicy/ */
export const bucketPolicy = companion({
  type: 'aws:s3/bucketPolicy:BucketPolicy',
  properties: { policy: { kind: 'string', required: true, json: true } },
  async write({ aws, id, inputs }) {
    await (await aws.client('s3')).putBucketPolicy({ Bucket: id, Policy: inputs.policy as string });
  },
  async read({ aws, id }) {
    const { Policy } = await (await aws.client('s3')).getBucketPolicy({ Bucket: id });
    return Policy ? { policy: Policy } : undefined;
  },
  async remove({ aws, id }) {
    await (await aws.client('s3')).deleteBucketPolicy({ Bucket: id });
  },
});
