import type { PropertyMap } from '../../../../protocol/property-value.ts';
import type { Life } from '../life.ts';

const keep = (days: number): PropertyMap => ({
  rules: [
    {
      id: 'all',
      status: 'Enabled',
      filter: {},
      expiration: { days },
      noncurrentVersionExpiration: { noncurrentDays: 7 },
    },
    {
      id: 'logs',
      status: 'Enabled',
      filter: { and: { prefix: 'logs/', tags: { kind: 'log' } } },
      transitions: [{ days: 30, storageClass: 'STANDARD_IA' }],
    },
  ],
});

const encrypted = (sseAlgorithm: string) => ({
  rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm }, bucketKeyEnabled: true }],
});

const bucketPolicyOf = (bucket: string, action: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: action,
        Resource: `arn:aws:s3:::${bucket}/*`,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });

/** S3 and DynamoDB. */
export const storageLives: readonly Life[] = [
  {
    type: 'aws:s3/bucket:Bucket',
    inputs: async ({ prefix }) => ({ bucket: `${prefix}-own`, forceDestroy: true, tags: { Name: 'one' } }),
    live: async ({ s3 }, { id }) => {
      await s3.headBucket({ Bucket: id });
      return (await s3.getBucketTagging({ Bucket: id })).TagSet;
    },
    change: (_, inputs) => ({ ...inputs, tags: { Name: 'two', More: 'x' } }),
    replace: { inputs: ({ prefix }) => ({ bucket: `${prefix}-other` }), properties: ['bucket'] },
    drift: {
      by: ({ s3 }, { id }) =>
        s3.putBucketTagging({ Bucket: id, Tagging: { TagSet: [{ Key: 'Name', Value: 'by hand' }] } }),
      properties: ['tags', 'tagsAll'],
    },
  },
  {
    type: 'aws:s3/bucketVersioning:BucketVersioning',
    inputs: async (world) => ({ bucket: await world.bucket(), versioningConfiguration: { status: 'Enabled' } }),
    live: async ({ s3 }, { id }) => (await s3.getBucketVersioning({ Bucket: id })).Status,
    change: (_, inputs) => ({ ...inputs, versioningConfiguration: { status: 'Suspended' } }),
    replace: {
      inputs: ({ prefix }) => ({ bucket: `${prefix}-other`, versioningConfiguration: { status: 'Enabled' } }),
      properties: ['bucket'],
    },
    drift: {
      by: ({ s3 }, { id }) => s3.putBucketVersioning({ Bucket: id, VersioningConfiguration: { Status: 'Enabled' } }),
      properties: ['versioningConfiguration'],
    },
    remains: true,
  },
  {
    type: 'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
    inputs: async (world) => ({ bucket: await world.bucket(), ...encrypted('aws:kms') }),
    live: async ({ s3 }, { id }) => (await s3.getBucketEncryption({ Bucket: id })).ServerSideEncryptionConfiguration,
    change: (_, inputs) => ({ ...inputs, ...encrypted('AES256') }),
    replace: {
      inputs: ({ prefix }) => ({ bucket: `${prefix}-other`, ...encrypted('AES256') }),
      properties: ['bucket'],
    },
    drift: {
      by: ({ s3 }, { id }) =>
        s3.putBucketEncryption({
          Bucket: id,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: false }],
          },
        }),
      properties: ['rules'],
    },
  },
  {
    type: 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
    inputs: async (world) => ({ bucket: await world.bucket(), blockPublicAcls: true, blockPublicPolicy: false }),
    live: async ({ s3 }, { id }) => (await s3.getPublicAccessBlock({ Bucket: id })).PublicAccessBlockConfiguration,
    change: (_, inputs) => ({ ...inputs, ignorePublicAcls: true, restrictPublicBuckets: true }),
    replace: { inputs: ({ prefix }) => ({ bucket: `${prefix}-other` }), properties: ['bucket'] },
    drift: {
      by: ({ s3 }, { id }) =>
        s3.putPublicAccessBlock({ Bucket: id, PublicAccessBlockConfiguration: { BlockPublicAcls: false } }),
      properties: ['blockPublicAcls', 'ignorePublicAcls', 'restrictPublicBuckets'],
    },
  },
  {
    type: 'aws:s3/bucketPolicy:BucketPolicy',
    inputs: async (world) => {
      const bucket = await world.bucket();
      return { bucket, policy: bucketPolicyOf(bucket, 's3:PutObject') };
    },
    live: async ({ s3 }, { id }) => (await s3.getBucketPolicy({ Bucket: id })).Policy,
    change: (_, inputs) => ({ ...inputs, policy: bucketPolicyOf(inputs.bucket as string, 's3:*') }),
    replace: {
      inputs: ({ prefix }) => ({ bucket: `${prefix}-other`, policy: bucketPolicyOf(`${prefix}-other`, 's3:*') }),
      properties: ['bucket'],
    },
    drift: {
      by: ({ s3 }, { id }) => s3.putBucketPolicy({ Bucket: id, Policy: bucketPolicyOf(id, 's3:DeleteObject') }),
      properties: ['policy'],
    },
  },
  {
    type: 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
    inputs: async (world) => ({ bucket: await world.bucket(), ...keep(30) }),
    live: async ({ s3 }, { id }) => (await s3.getBucketLifecycleConfiguration({ Bucket: id })).Rules,
    change: (_, inputs) => ({ ...inputs, ...keep(90) }),
    replace: { inputs: ({ prefix }) => ({ bucket: `${prefix}-other`, ...keep(30) }), properties: ['bucket'] },
    drift: {
      by: ({ s3 }, { id }) =>
        s3.putBucketLifecycleConfiguration({
          Bucket: id,
          LifecycleConfiguration: {
            Rules: [{ ID: 'all', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
          },
        }),
      properties: ['rules'],
    },
  },
  {
    type: 'aws:s3/bucketOwnershipControls:BucketOwnershipControls',
    inputs: async (world) => ({ bucket: await world.bucket(), rule: { objectOwnership: 'BucketOwnerPreferred' } }),
    live: async ({ s3 }, { id }) => (await s3.getBucketOwnershipControls({ Bucket: id })).OwnershipControls,
    change: (_, inputs) => ({ ...inputs, rule: { objectOwnership: 'BucketOwnerEnforced' } }),
    replace: {
      inputs: ({ prefix }) => ({ bucket: `${prefix}-other`, rule: { objectOwnership: 'BucketOwnerEnforced' } }),
      properties: ['bucket'],
    },
    drift: {
      by: ({ s3 }, { id }) =>
        s3.putBucketOwnershipControls({
          Bucket: id,
          OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
        }),
      properties: ['rule'],
    },
  },
  {
    type: 'aws:dynamodb/table:Table',
    inputs: async ({ prefix }) => ({
      name: `${prefix}-own`,
      attributes: [
        { name: 'id', type: 'S' },
        { name: 'at', type: 'N' },
        { name: 'owner', type: 'S' },
      ],
      hashKey: 'id',
      rangeKey: 'at',
      billingMode: 'PAY_PER_REQUEST',
      globalSecondaryIndexes: [{ name: 'by-owner', hashKey: 'owner', projectionType: 'ALL' }],
      ttl: { attributeName: 'until', enabled: true },
      pointInTimeRecovery: { enabled: true },
      tags: { Name: 'one' },
    }),
    live: async ({ dynamodb }, { id }) => (await dynamodb.describeTable({ TableName: id })).Table,
    change: (_, inputs) => ({
      ...inputs,
      attributes: [
        { name: 'id', type: 'S' },
        { name: 'at', type: 'N' },
      ],
      globalSecondaryIndexes: [],
      streamEnabled: true,
      streamViewType: 'NEW_IMAGE',
    }),
    replace: {
      inputs: ({ prefix }) => ({
        name: `${prefix}-own`,
        attributes: [{ name: 'key', type: 'S' }],
        hashKey: 'key',
        billingMode: 'PAY_PER_REQUEST',
      }),
      properties: ['hashKey', 'rangeKey'],
    },
    drift: {
      by: ({ dynamodb }, { id }) =>
        dynamodb.updateTimeToLive({
          TableName: id,
          TimeToLiveSpecification: { AttributeName: 'until', Enabled: false },
        }),
      properties: ['ttl'],
    },
  },
];
