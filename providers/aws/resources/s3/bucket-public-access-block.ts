import type { PropertyRule } from '../../definition.ts';
import { companion } from './companion.ts';

const BLOCKS = ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'] as const;

/** https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketpublicaccessblock/ */
export const bucketPublicAccessBlock = companion({
  type: 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
  properties: {
    ...Object.fromEntries(BLOCKS.map((key): [string, PropertyRule] => [key, { kind: 'boolean', default: false }])),
    skipDestroy: { kind: 'boolean', writeOnly: true },
  },
  async write({ aws, id, inputs }) {
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: inputs.blockPublicAcls === true,
      BlockPublicPolicy: inputs.blockPublicPolicy === true,
      IgnorePublicAcls: inputs.ignorePublicAcls === true,
      RestrictPublicBuckets: inputs.restrictPublicBuckets === true,
    };
    await (await aws.client('s3')).putPublicAccessBlock({ Bucket: id, PublicAccessBlockConfiguration });
  },
  async read({ aws, id }) {
    const found = (await (await aws.client('s3')).getPublicAccessBlock({ Bucket: id })).PublicAccessBlockConfiguration;
    return {
      blockPublicAcls: found?.BlockPublicAcls ?? false,
      blockPublicPolicy: found?.BlockPublicPolicy ?? false,
      ignorePublicAcls: found?.IgnorePublicAcls ?? false,
      restrictPublicBuckets: found?.RestrictPublicBuckets ?? false,
    };
  },
  async remove({ aws, id, inputs }) {
    if (inputs.skipDestroy !== true) await (await aws.client('s3')).deletePublicAccessBlock({ Bucket: id });
  },
});
