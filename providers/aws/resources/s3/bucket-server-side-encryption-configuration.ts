import type { ServerSideEncryptionRule } from '@aws-sdk/client-s3';
import { asMap, asMaps, asText } from '../../plain-values.ts';
import { companion } from './companion.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketserversideencryptionconfiguration/ */
export const bucketServerSideEncryptionConfiguration = companion({
  type: 'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
  properties: {
    rules: {
      kind: 'list',
      required: true,
      unordered: true,
      parts: ['applyServerSideEncryptionByDefault', 'bucketKeyEnabled'],
    },
  },
  async write({ aws, id, inputs }) {
    const Rules = asMaps(inputs.rules).map((rule): ServerSideEncryptionRule => {
      const { sseAlgorithm, kmsMasterKeyId } = asMap(rule.applyServerSideEncryptionByDefault);
      return {
        ...(sseAlgorithm && {
          ApplyServerSideEncryptionByDefault: {
            SSEAlgorithm: sseAlgorithm as 'aws:kms',
            ...(asText(kmsMasterKeyId) && { KMSMasterKeyID: asText(kmsMasterKeyId)! }),
          },
        }),
        ...(typeof rule.bucketKeyEnabled === 'boolean' && { BucketKeyEnabled: rule.bucketKeyEnabled }),
      };
    });
    const s3 = await aws.client('s3');
    await s3.putBucketEncryption({ Bucket: id, ServerSideEncryptionConfiguration: { Rules } });
  },
  async read({ aws, id }) {
    const found = await (await aws.client('s3')).getBucketEncryption({ Bucket: id });
    const rules = (found.ServerSideEncryptionConfiguration?.Rules ?? []).map((rule) => {
      const { SSEAlgorithm, KMSMasterKeyID } = rule.ApplyServerSideEncryptionByDefault ?? {};
      return {
        ...(SSEAlgorithm && {
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: SSEAlgorithm,
            ...(KMSMasterKeyID && { kmsMasterKeyId: KMSMasterKeyID }),
          },
        }),
        bucketKeyEnabled: rule.BucketKeyEnabled ?? false,
      };
    });
    return rules.length > 0 ? { rules } : undefined;
  },
  async remove({ aws, id }) {
    await (await aws.client('s3')).deleteBucketEncryption({ Bucket: id });
  },
});
