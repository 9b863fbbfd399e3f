import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import type { Life } from '../life.ts';
import { newVpc, untag } from './network.ts';

const rule = (port: number) => ({ protocol: 'tcp', fromPort: port, toPort: port, cidrBlocks: ['10.0.0.0/8'] });

const S3_READ = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }],
});

/** Security groups, endpoints, flow logs, launch templates and tags. */
export const machineLives: readonly Life[] = [
  {
    type: 'aws:ec2/securityGroup:SecurityGroup',
    inputs: async (world) => ({
      vpcId: await world.vpcId(),
      name: `${world.prefix}-group`,
      ingress: [rule(443)],
      egress: [],
      tags: { Name: 'one' },
    }),
    live: async ({ ec2 }, { id }) => (await ec2.describeSecurityGroups({ GroupIds: [id] })).SecurityGroups?.[0],
    change: (_, inputs) => ({ ...inputs, ingress: [rule(8443)], tags: { Name: 'two' } }),
    replace: {
      inputs: async (world) => ({ vpcId: await world.vpcId(), name: `${world.prefix}-other` }),
      properties: ['name'],
    },
    drift: {
      by: ({ ec2 }, { id }) =>
        ec2.authorizeSecurityGroupIngress({
          GroupId: id,
          IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
        }),
      properties: ['ingress'],
    },
  },
  {
    type: 'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup',
    inputs: async (world) => ({ vpcId: await newVpc(world, '10.99.0.0/16'), tags: { Name: 'one' } }),
    live: async ({ ec2 }, { id }) => (await ec2.describeSecurityGroups({ GroupIds: [id] })).SecurityGroups?.[0],
    change: (_, inputs) => ({ ...inputs, ingress: [rule(443)] }),
    drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
    remains: true,
  },
  ...(['Ingress', 'Egress'] as const).map(
    (direction): Life => ({
      type: `aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`,
      inputs: async (world) => ({
        securityGroupId: await newGroup(world),
        ipProtocol: 'tcp',
        fromPort: 443,
        toPort: 443,
        cidrIpv4: '10.0.0.0/8',
        description: 'one',
        tags: { Name: 'one' },
      }),
      live: async ({ ec2 }, { id }) =>
        (await ec2.describeSecurityGroupRules({ SecurityGroupRuleIds: [id] })).SecurityGroupRules?.[0],
      change: (_, inputs) => ({ ...inputs, fromPort: 8443, toPort: 8443 }),
      replace: {
        inputs: async (world) => ({
          securityGroupId: await newGroup(world),
          ipProtocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          cidrIpv4: '10.0.0.0/8',
        }),
        properties: ['securityGroupId'],
      },
      drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
    }),
  ),
  {
    type: 'aws:ec2/vpcEndpoint:VpcEndpoint',
    inputs: async (world) => ({
      vpcId: await world.vpcId(),
      serviceName: `com.amazonaws.${world.region}.s3`,
      routeTableIds: [await newTable(world)],
      tags: { Name: 'one' },
    }),
    live: async ({ ec2 }, { id }) => {
      const [endpoint] = (await ec2.describeVpcEndpoints({ VpcEndpointIds: [id] })).VpcEndpoints ?? [];
      return endpoint && /delet/i.test(endpoint.State ?? '') ? undefined : endpoint;
    },
    // Another route table is not asked of moto: it then cannot delete the endpoint.
    change: (_, inputs) => ({ ...inputs, policy: S3_READ, tags: { Name: 'two' } }),
    replace: {
      inputs: async (world) => ({
        vpcId: await world.vpcId(),
        serviceName: `com.amazonaws.${world.region}.dynamodb`,
      }),
      properties: ['serviceName'],
    },
    drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
  },
  {
    type: 'aws:ec2/flowLog:FlowLog',
    inputs: async (world) => ({
      vpcId: await world.vpcId(),
      trafficType: 'REJECT',
      logDestinationType: 's3',
      logDestination: `arn:aws:s3:::${await world.bucket()}`,
      tags: { Name: 'one' },
    }),
    live: async ({ ec2 }, { id }) => (await ec2.describeFlowLogs({ FlowLogIds: [id] })).FlowLogs?.[0],
    change: (_, inputs) => ({ ...inputs, tags: { Name: 'two' } }),
    replace: {
      inputs: async (world) => ({
        vpcId: await world.vpcId(),
        trafficType: 'ALL',
        logDestinationType: 's3',
        logDestination: `arn:aws:s3:::${await world.bucket()}`,
      }),
      properties: ['trafficType'],
    },
    drift: { by: untag('Name'), properties: ['tags', 'tagsAll'] },
  },
  {
    type: 'aws:ec2/launchTemplate:LaunchTemplate',
    inputs: async (world) => ({
      name: `${world.prefix}-template`,
      metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: { volumeSize: 50, volumeType: 'gp3', encrypted: 'true', deleteOnTermination: 'true' },
        },
      ],
      tagSpecifications: [{ resourceType: 'instance', tags: { Name: 'node' } }],
      tags: { Name: 'one' },
    }),
    live: async ({ ec2 }, { id }) => {
      const found = await ec2.describeLaunchTemplateVersions({ LaunchTemplateId: id, Versions: ['$Latest'] });
      return found.LaunchTemplateVersions?.[0];
    },
    change: (_, inputs) => ({ ...inputs, instanceType: 'm7g.large', updateDefaultVersion: true }),
    replace: { inputs: (world) => ({ name: `${world.prefix}-other-template` }), properties: ['name'] },
    drift: {
      by: async ({ ec2 }, { id }) => {
        const latest = await ec2.describeLaunchTemplateVersions({ LaunchTemplateId: id, Versions: ['$Latest'] });
        const data = latest.LaunchTemplateVersions?.[0]?.LaunchTemplateData as RequestLaunchTemplateData;
        const LaunchTemplateData = { ...data, InstanceType: 't4g.nano' as const };
        await ec2.createLaunchTemplateVersion({ LaunchTemplateId: id, LaunchTemplateData });
      },
      properties: ['instanceType'],
    },
  },
  {
    type: 'aws:ec2/tag:Tag',
    inputs: async (world) => ({ resourceId: await world.vpcId(), key: 'kubernetes.io/role/elb', value: '1' }),
    live: async (world) => {
      const Filters = [{ Name: 'resource-id', Values: [await world.vpcId()] }];
      return (await world.ec2.describeTags({ Filters })).Tags?.find(({ Key }) => Key === 'kubernetes.io/role/elb');
    },
    change: (_, inputs) => ({ ...inputs, value: '0' }),
    replace: {
      inputs: async (world) => ({ resourceId: await world.vpcId(), key: 'other', value: '1' }),
      properties: ['key'],
    },
    drift: {
      by: async (world) =>
        world.ec2.createTags({
          Resources: [await world.vpcId()],
          Tags: [{ Key: 'kubernetes.io/role/elb', Value: 'by hand' }],
        }),
      properties: ['value'],
    },
  },
];

async function newGroup(world: Parameters<typeof newVpc>[0]): Promise<string> {
  const GroupName = `${world.prefix}-${Math.random().toString(36).slice(2, 8)}`;
  const { GroupId } = await world.ec2.createSecurityGroup({
    GroupName,
    Description: 'test',
    VpcId: await world.vpcId(),
  });
  world.later(() => world.ec2.deleteSecurityGroup({ GroupId }));
  return GroupId!;
}

async function newTable(world: Parameters<typeof newVpc>[0]): Promise<string> {
  const { RouteTable } = await world.ec2.createRouteTable({ VpcId: await world.vpcId() });
  const RouteTableId = RouteTable!.RouteTableId!;
  world.later(() => world.ec2.deleteRouteTable({ RouteTableId }));
  return RouteTableId;
}
