import type { PropertyMap } from '../../../protocol/property-value.ts';
import type { World } from './world.ts';

/** A create whose answer is lost in a test. */
interface CutCreate {
  readonly type: string;
  readonly action: string;
  inputs(world: World): Promise<PropertyMap>;
  count(world: World, id: string): Promise<number>;
}

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** One of each kind: found by a mark, by a name, among the newest, by what it is unique in, by a token of AWS. */
export const CUT_CREATES: readonly CutCreate[] = [
  {
    type: 'aws:ec2/eip:Eip',
    action: 'AllocateAddress',
    inputs: async () => ({ tags: { Name: 'cut' } }),
    count: async ({ ec2 }) => (await ec2.describeAddresses({})).Addresses!.length,
  },
  {
    type: 'aws:ec2/subnet:Subnet',
    action: 'CreateSubnet',
    inputs: async (world) => ({ vpcId: await world.vpcId(), cidrBlock: '10.90.9.0/24' }),
    count: async ({ ec2 }) =>
      (await ec2.describeSubnets({ Filters: [{ Name: 'cidr-block', Values: ['10.90.9.0/24'] }] })).Subnets!.length,
  },
  {
    type: 'aws:ec2/securityGroup:SecurityGroup',
    action: 'CreateSecurityGroup',
    inputs: async (world) => ({ vpcId: await world.vpcId(), name: 'cut', ingress: [], egress: [] }),
    count: async ({ ec2 }) =>
      (await ec2.describeSecurityGroups({ Filters: [{ Name: 'group-name', Values: ['cut'] }] })).SecurityGroups!.length,
  },
  {
    type: 'aws:iam/role:Role',
    action: 'CreateRole',
    inputs: async () => ({ name: 'cut', assumeRolePolicy: trust, tags: { Name: 'cut' } }),
    count: async ({ iam }) => (await iam.listRoles({})).Roles!.filter(({ RoleName }) => RoleName === 'cut').length,
  },
  {
    type: 'aws:ecr/repository:Repository',
    action: 'CreateRepository',
    inputs: async () => ({ name: 'cut', imageScanningConfiguration: { scanOnPush: true } }),
    count: async ({ ecr }) => (await ecr.describeRepositories({ repositoryNames: ['cut'] })).repositories!.length,
  },
  {
    type: 'aws:kms/key:Key',
    action: 'CreateKey',
    inputs: async () => ({ description: 'cut', deletionWindowInDays: 7 }),
    count: async ({ kms }) => {
      const { Keys = [] } = await kms.listKeys({});
      const all = await Promise.all(Keys.map(({ KeyId }) => kms.describeKey({ KeyId })));
      return all.filter(({ KeyMetadata }) => KeyMetadata?.Description === 'cut').length;
    },
  },
  {
    type: 'aws:cloudwatch/logGroup:LogGroup',
    action: 'CreateLogGroup',
    inputs: async () => ({ name: '/cut' }),
    count: async ({ logs }) => (await logs.describeLogGroups({ logGroupNamePrefix: '/cut' })).logGroups!.length,
  },
  {
    type: 'aws:dynamodb/table:Table',
    action: 'CreateTable',
    inputs: async () => ({
      name: 'cut',
      attributes: [{ name: 'id', type: 'S' }],
      hashKey: 'id',
      billingMode: 'PAY_PER_REQUEST',
    }),
    count: async ({ dynamodb }) => (await dynamodb.listTables({})).TableNames!.filter((name) => name === 'cut').length,
  },
  {
    type: 'aws:sqs/queue:Queue',
    action: 'CreateQueue',
    inputs: async () => ({ name: 'cut' }),
    count: async ({ sqs }) => (await sqs.listQueues({ QueueNamePrefix: 'cut' })).QueueUrls!.length,
  },
  {
    type: 'aws:ssm/parameter:Parameter',
    action: 'PutParameter',
    inputs: async () => ({ name: '/cut', type: 'String', value: 'x' }),
    count: async ({ ssm }) =>
      (await ssm.getParametersByPath({ Path: '/' })).Parameters!.filter(({ Name }) => Name === '/cut').length,
  },
];
