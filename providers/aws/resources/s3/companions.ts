import type { OwnershipControlsRule, ServerSideEncryptionRule } from '@aws-sdk/client-s3';
import type { ExistingCall, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asMap, asMaps, asText } from '../../plain-values.ts';
import { whenThere } from './bucket.ts';

const bucketRule: PropertyRule = { kind: 'string', required: true, replaces: true };

interface Companion {
  readonly type: string;
  readonly properties: Readonly<Record<string, PropertyRule>>;
  readonly validate?: ResourceDefinition['validate'];
  write(call: ExistingCall): Promise<void>;
  read(call: ExistingCall): Promise<PlainMap | undefined>;
  remove(call: ExistingCall): Promise<void>;
}

/** One setting of a bucket as a resource of its own, imported by the bucket's name: written as a whole, with one call. */
export function companion({ type, properties, validate, write, read, remove }: Companion): ResourceDefinition {
  return {
    type,
    properties: { bucket: bucketRule, ...properties },
    ...(validate && { validate }),
    async create(call) {
      const id = call.inputs.bucket as string;
      await whenThere({ ...call, id }, () => write({ ...call, id, state: {} }));
      return id;
    },
    updates: [{ properties: Object.keys(properties), apply: write }],
    async read(call) {
      const found = await unlessGone(read(call));
      return found && { bucket: call.id, ...found };
    },
    delete: async (call) => void (await unlessGone(remove(call))),
  };
}

/** https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketversioning/ */
export const bucketVersioning = companion({
  type: 'aws:s3/bucketVersioning:BucketVersioning',
  properties: {
    versioningConfiguration: { kind: 'object', required: true, parts: ['status'], computedParts: ['mfaDelete'] },
  },
  validate: ({ versioningConfiguration }) => {
    const { status } = asMap(versioningConfiguration);
    return ['Enabled', 'Suspended', 'Disabled'].includes(String(status))
      ? []
      : [`versioningConfiguration.status is Enabled, Suspended or Disabled, not ${status}.`];
  },
  async write({ aws, id, inputs }) {
    const { status } = asMap(inputs.versioningConfiguration);
    // A bucket that never had versions has nothing to be switched off.
    if (status === 'Disabled') return;
    const VersioningConfiguration = { Status: status as 'Enabled' };
    await (await aws.client('s3')).putBucketVersioning({ Bucket: id, VersioningConfiguration });
  },
  async read({ aws, id }) {
    const { Status, MFADelete } = await (await aws.client('s3')).getBucketVersioning({ Bucket: id });
    const versioningConfiguration = { status: Status ?? 'Disabled', mfaDelete: MFADelete ?? 'Disabled' };
    return { versioningConfiguration };
  },
  async remove({ aws, id, inputs }) {
    if (asMap(inputs.versioningConfiguration).status === 'Disabled') return;
    const VersioningConfiguration = { Status: 'Suspended' as const };
    await (await aws.client('s3')).putBucketVersioning({ Bucket: id, VersioningConfiguration });
  },
});

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
