import type { Life } from '../life.ts';
import type { World } from '../world.ts';

const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' }],
  });

const allow = (action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });

/** IAM and KMS. */
export const identityLives: readonly Life[] = [
  {
    type: 'aws:iam/role:Role',
    inputs: async ({ prefix }) => ({ name: `${prefix}-own`, assumeRolePolicy: trust('ec2'), tags: { Name: 'one' } }),
    live: async ({ iam }, { id }) => (await iam.getRole({ RoleName: id })).Role,
    change: (_, inputs) => ({
      ...inputs,
      assumeRolePolicy: trust('eks'),
      description: 'two',
      maxSessionDuration: 7200,
    }),
    replace: {
      inputs: ({ prefix }) => ({ name: `${prefix}-own`, path: '/team/', assumeRolePolicy: trust('ec2') }),
      properties: ['path'],
    },
    drift: {
      by: ({ iam }, { id }) => iam.updateAssumeRolePolicy({ RoleName: id, PolicyDocument: trust('lambda') }),
      properties: ['assumeRolePolicy'],
    },
  },
  {
    type: 'aws:iam/policy:Policy',
    inputs: async ({ prefix }) => ({ name: `${prefix}-own`, policy: allow('s3:GetObject'), tags: { Name: 'one' } }),
    live: async ({ iam }, { id }) => {
      const found = (await iam.getPolicy({ PolicyArn: id })).Policy;
      const version = await iam.getPolicyVersion({ PolicyArn: id, VersionId: found?.DefaultVersionId });
      return [found?.Tags, version.PolicyVersion?.Document];
    },
    change: (_, inputs) => ({ ...inputs, policy: allow('s3:ListBucket') }),
    replace: {
      inputs: ({ prefix }) => ({ name: `${prefix}-own`, description: 'other', policy: allow('s3:GetObject') }),
      properties: ['description'],
    },
    drift: {
      by: ({ iam }, { id }) =>
        iam.createPolicyVersion({ PolicyArn: id, PolicyDocument: allow('s3:*'), SetAsDefault: true }),
      properties: ['policy'],
    },
  },
  {
    type: 'aws:iam/rolePolicy:RolePolicy',
    inputs: async (world) => ({ name: 'own', role: await roleName(world), policy: allow('s3:GetObject') }),
    live: async (world) =>
      world.iam.getRolePolicy({ RoleName: await roleName(world), PolicyName: 'own' }).then((one) => one.PolicyDocument),
    change: (_, inputs) => ({ ...inputs, policy: allow('s3:ListBucket') }),
    replace: {
      inputs: async (world) => ({ name: 'other', role: await roleName(world), policy: allow('s3:GetObject') }),
      properties: ['name'],
    },
    drift: {
      by: async (world) =>
        world.iam.putRolePolicy({ RoleName: await roleName(world), PolicyName: 'own', PolicyDocument: allow('s3:*') }),
      properties: ['policy'],
    },
  },
  {
    type: 'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
    inputs: async (world) => ({
      role: await roleName(world),
      policyArn: 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy',
    }),
    live: async (world) => {
      const { AttachedPolicies } = await world.iam.listAttachedRolePolicies({ RoleName: await roleName(world) });
      return AttachedPolicies?.find(({ PolicyName }) => PolicyName === 'AmazonEKSWorkerNodePolicy');
    },
    replace: {
      inputs: async (world) => ({
        role: await roleName(world),
        policyArn: 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy',
      }),
      properties: ['policyArn'],
    },
  },
  {
    type: 'aws:iam/instanceProfile:InstanceProfile',
    inputs: async (world) => ({ name: `${world.prefix}-own`, role: await roleName(world), tags: { Name: 'one' } }),
    live: async ({ iam }, { id }) => (await iam.getInstanceProfile({ InstanceProfileName: id })).InstanceProfile,
    change: async (world, inputs) => ({ ...inputs, role: (await world.roleArn('ecs')).split('/').at(-1)! }),
    replace: { inputs: ({ prefix }) => ({ name: `${prefix}-other` }), properties: ['name'] },
    drift: {
      by: async (world, { id }) =>
        world.iam.removeRoleFromInstanceProfile({
          InstanceProfileName: id,
          RoleName: (await world.roleArn('ecs')).split('/').at(-1),
        }),
      properties: ['role'],
    },
  },
  {
    type: 'aws:iam/openIdConnectProvider:OpenIdConnectProvider',
    inputs: async ({ prefix }) => ({
      url: `https://${prefix}.example/id`,
      clientIdLists: ['sts.amazonaws.com'],
      thumbprintLists: ['9e99a48a9960b14926bb7f3b02e22da2b0ab7280'],
      tags: { Name: 'one' },
    }),
    live: ({ iam }, { id }) =>
      iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn: id }).then(({ $metadata: _, ...one }) => one),
    // Other clients are not asked of moto: it does not know the calls.
    change: (_, inputs) => ({
      ...inputs,
      thumbprintLists: ['1111111111111111111111111111111111111111'],
    }),
    replace: {
      inputs: ({ prefix }) => ({ url: `https://${prefix}.example/other`, clientIdLists: ['sts.amazonaws.com'] }),
      properties: ['url'],
    },
    drift: {
      by: ({ iam }, { id }) => iam.untagOpenIDConnectProvider({ OpenIDConnectProviderArn: id, TagKeys: ['Name'] }),
      properties: ['tags', 'tagsAll'],
    },
  },
  {
    type: 'aws:kms/key:Key',
    inputs: async () => ({ description: 'one', deletionWindowInDays: 7, tags: { Name: 'one' } }),
    live: async ({ kms }, { id }) => {
      const { KeyMetadata } = await kms.describeKey({ KeyId: id });
      return KeyMetadata?.KeyState === 'PendingDeletion' ? undefined : KeyMetadata;
    },
    change: (_, inputs) => ({ ...inputs, description: 'two', enableKeyRotation: true }),
    replace: {
      inputs: () => ({ keyUsage: 'SIGN_VERIFY', customerMasterKeySpec: 'RSA_2048' }),
      properties: ['keyUsage', 'customerMasterKeySpec'],
    },
    drift: {
      by: ({ kms }, { id }) => kms.disableKeyRotation({ KeyId: id }),
      properties: ['enableKeyRotation'],
    },
  },
  {
    type: 'aws:kms/alias:Alias',
    inputs: async (world) => ({ name: `alias/${world.prefix}`, targetKeyId: await world.keyId() }),
    live: async ({ kms }, { id }) => (await kms.listAliases({})).Aliases?.find(({ AliasName }) => AliasName === id),
    change: async (world, inputs) => ({ ...inputs, targetKeyId: await otherKey(world) }),
    replace: {
      inputs: async (world) => ({ name: `alias/${world.prefix}-other`, targetKeyId: await world.keyId() }),
      properties: ['name'],
    },
    drift: {
      by: async (world, { id }) => world.kms.updateAlias({ AliasName: id, TargetKeyId: await world.keyId() }),
      properties: ['targetKeyId'],
    },
  },
];

async function roleName(world: World): Promise<string> {
  return (await world.roleArn('ec2')).split('/').at(-1)!;
}

async function otherKey({ kms, later }: World): Promise<string> {
  const { KeyMetadata } = await kms.createKey({});
  later(() => kms.scheduleKeyDeletion({ KeyId: KeyMetadata!.KeyId, PendingWindowInDays: 7 }));
  return KeyMetadata!.KeyId!;
}
