import type { Life } from '../life.ts';

const lifecycle = (count: number) =>
  JSON.stringify({
    rules: [
      {
        rulePriority: 1,
        selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: count },
        action: { type: 'expire' },
      },
    ],
  });

const readers = (action: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'read', Effect: 'Allow', Principal: '*', Action: [action] }],
  });

/** Registries, logs, queues, topics, secrets and parameters. */
export const serviceLives: readonly Life[] = [
  {
    type: 'aws:ecr/repository:Repository',
    inputs: async ({ prefix }) => ({
      name: `${prefix}-own`,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      tags: { Name: 'one' },
    }),
    live: async ({ ecr }, { id }) => (await ecr.describeRepositories({ repositoryNames: [id] })).repositories?.[0],
    change: (_, inputs) => ({ ...inputs, imageTagMutability: 'MUTABLE', tags: { Name: 'two' } }),
    replace: { inputs: ({ prefix }) => ({ name: `${prefix}-other` }), properties: ['name'] },
    drift: {
      by: ({ ecr }, { id }) =>
        ecr.putImageScanningConfiguration({ repositoryName: id, imageScanningConfiguration: { scanOnPush: false } }),
      properties: ['imageScanningConfiguration'],
    },
  },
  {
    type: 'aws:ecr/lifecyclePolicy:LifecyclePolicy',
    inputs: async (world) => ({ repository: await world.repository(), policy: lifecycle(10) }),
    live: async ({ ecr }, { id }) => (await ecr.getLifecyclePolicy({ repositoryName: id })).lifecyclePolicyText,
    change: (_, inputs) => ({ ...inputs, policy: lifecycle(20) }),
    replace: {
      inputs: ({ prefix }) => ({ repository: `${prefix}-own`, policy: lifecycle(10) }),
      properties: ['repository'],
    },
    drift: {
      by: ({ ecr }, { id }) => ecr.putLifecyclePolicy({ repositoryName: id, lifecyclePolicyText: lifecycle(1) }),
      properties: ['policy'],
    },
  },
  {
    type: 'aws:ecr/repositoryPolicy:RepositoryPolicy',
    inputs: async (world) => ({ repository: await world.repository(), policy: readers('ecr:BatchGetImage') }),
    live: async ({ ecr }, { id }) => (await ecr.getRepositoryPolicy({ repositoryName: id })).policyText,
    change: (_, inputs) => ({ ...inputs, policy: readers('ecr:GetDownloadUrlForLayer') }),
    replace: {
      inputs: ({ prefix }) => ({ repository: `${prefix}-own`, policy: readers('ecr:BatchGetImage') }),
      properties: ['repository'],
    },
    drift: {
      by: ({ ecr }, { id }) => ecr.setRepositoryPolicy({ repositoryName: id, policyText: readers('ecr:*') }),
      properties: ['policy'],
    },
  },
  {
    type: 'aws:cloudwatch/logGroup:LogGroup',
    inputs: async ({ prefix }) => ({ name: `/${prefix}/own`, retentionInDays: 30, tags: { Name: 'one' } }),
    live: async ({ logs }, { id }) => (await logs.describeLogGroups({ logGroupNamePrefix: id })).logGroups?.[0],
    change: (_, inputs) => ({ ...inputs, retentionInDays: 90, tags: { Name: 'two' } }),
    replace: { inputs: ({ prefix }) => ({ name: `/${prefix}/other` }), properties: ['name'] },
    drift: {
      by: ({ logs }, { id }) => logs.deleteRetentionPolicy({ logGroupName: id }),
      properties: ['retentionInDays'],
    },
  },
  {
    type: 'aws:sqs/queue:Queue',
    inputs: async ({ prefix }) => ({
      name: `${prefix}-own.fifo`,
      fifoQueue: true,
      visibilityTimeoutSeconds: 60,
      tags: { Name: 'one' },
    }),
    live: async ({ sqs }, { id }) =>
      (await sqs.getQueueAttributes({ QueueUrl: id, AttributeNames: ['All'] })).Attributes,
    change: (_, inputs) => ({ ...inputs, visibilityTimeoutSeconds: 90, contentBasedDeduplication: true }),
    replace: { inputs: ({ prefix }) => ({ name: `${prefix}-own` }), properties: ['name', 'fifoQueue'] },
    drift: {
      by: ({ sqs }, { id }) => sqs.setQueueAttributes({ QueueUrl: id, Attributes: { VisibilityTimeout: '5' } }),
      properties: ['visibilityTimeoutSeconds'],
    },
  },
  {
    type: 'aws:sns/topic:Topic',
    inputs: async ({ prefix }) => ({ name: `${prefix}-own`, displayName: 'one', tags: { Name: 'one' } }),
    live: async ({ sns }, { id }) => (await sns.getTopicAttributes({ TopicArn: id })).Attributes,
    change: (_, inputs) => ({ ...inputs, displayName: 'two', tags: { Name: 'two' } }),
    replace: {
      inputs: ({ prefix }) => ({ name: `${prefix}-own.fifo`, fifoTopic: true }),
      properties: ['name', 'fifoTopic'],
    },
    drift: {
      by: ({ sns }, { id }) =>
        sns.setTopicAttributes({ TopicArn: id, AttributeName: 'DisplayName', AttributeValue: 'by hand' }),
      properties: ['displayName'],
    },
  },
  {
    type: 'aws:secretsmanager/secret:Secret',
    inputs: async ({ prefix }) => ({
      name: `${prefix}-own`,
      description: 'one',
      recoveryWindowInDays: 0,
      tags: { Name: 'one' },
    }),
    live: async ({ secretsmanager }, { id }) =>
      secretsmanager.describeSecret({ SecretId: id }).then(({ $metadata: _, ...one }) => one),
    change: (_, inputs) => ({ ...inputs, description: 'two' }),
    replace: { inputs: ({ prefix }) => ({ name: `${prefix}-other` }), properties: ['name'] },
    drift: {
      by: ({ secretsmanager }, { id }) => secretsmanager.updateSecret({ SecretId: id, Description: 'by hand' }),
      properties: ['description'],
    },
  },
  {
    type: 'aws:secretsmanager/secretVersion:SecretVersion',
    inputs: async ({ secretsmanager, prefix, later }) => {
      const { ARN } = await secretsmanager.createSecret({ Name: `${prefix}-${Math.random()}` });
      later(() => secretsmanager.deleteSecret({ SecretId: ARN, ForceDeleteWithoutRecovery: true }));
      return { secretId: ARN!, secretString: 'to be kept' };
    },
    live: async ({ secretsmanager }, { outputs }) =>
      (await secretsmanager.getSecretValue({ SecretId: outputs.secretArn as string })).SecretString,
    change: (_, inputs) => ({ ...inputs, versionStages: ['AWSCURRENT', 'approved'] }),
    replace: {
      inputs: () => ({
        secretId: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:other',
        secretString: 'another',
      }),
      properties: ['secretId', 'secretString'],
    },
    remains: true,
    motoLacks: { live: 'a stage besides AWSCURRENT does not change the value' },
  },
  {
    type: 'aws:ssm/parameter:Parameter',
    inputs: async ({ prefix }) => ({ name: `/${prefix}/own`, type: 'String', value: 'one', tags: { Name: 'one' } }),
    live: async ({ ssm }, { id }) => (await ssm.getParameter({ Name: id })).Parameter?.Value,
    change: (_, inputs) => ({ ...inputs, value: 'two', description: 'two' }),
    replace: {
      inputs: ({ prefix }) => ({ name: `/${prefix}/own`, type: 'SecureString', value: 'one' }),
      properties: ['type'],
    },
    drift: {
      by: ({ ssm }, { id }) => ssm.putParameter({ Name: id, Value: 'by hand', Type: 'String', Overwrite: true }),
      properties: ['value'],
    },
  },
];
