import * as ec2 from '@pulumi/aws/ec2';
import { getRegionOutput } from '@pulumi/aws/getRegion';
import * as pulumi from '@pulumi/pulumi';
import { stackTags } from '../component';
import type { Routing } from './routing';
import type { SubnetPlan, SubnetTier } from './subnet-plan';

/** Ways to AWS services that do not leave the network. */
export interface EndpointArgs {
  /** Free of charge, by route. Default both. */
  readonly gateway?: readonly ('s3' | 'dynamodb')[];
  /**
   * By a network interface in each zone, in its private subnet or else its isolated one; all subnets of the network reach it.
   * `ecr.api`, `ecr.dkr`, `sts`, `logs`, ... Default none.
   */
  readonly interface?: readonly string[];
}

interface Surroundings {
  readonly parent: pulumi.Resource;
  readonly vpc: ec2.Vpc;
  readonly cidr: string;
  readonly ipv6: boolean;
  readonly subnets: readonly { readonly plan: SubnetPlan; readonly subnet: ec2.Subnet }[];
  readonly routing: Routing;
  readonly args: EndpointArgs | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Ways to AWS services that do not leave the network. */
export function createEndpoints(name: string, options: Surroundings): void {
  const region = getRegionOutput({}, { parent: options.parent }).region;
  const tables = [...options.routing.privateTables, ...options.routing.isolatedTables].map((table) => table.id);
  for (const service of tables.length > 0 ? (options.args?.gateway ?? ['s3', 'dynamodb']) : []) {
    new ec2.VpcEndpoint(
      `${name}-${service}`,
      {
        vpcId: options.vpc.id,
        serviceName: pulumi.interpolate`com.amazonaws.${region}.${service}`,
        vpcEndpointType: 'Gateway',
        routeTableIds: tables,
        tags: stackTags(`${name}-${service}`, options.tags),
      },
      { parent: options.parent },
    );
  }
  const services = options.args?.interface ?? [];
  if (services.length > 0) createInterfaceEndpoints(name, { ...options, services, region });
}

function createInterfaceEndpoints(
  name: string,
  options: Surroundings & { readonly services: readonly string[]; readonly region: pulumi.Output<string> },
): void {
  const { parent, vpc, tags } = options;
  const group = new ec2.SecurityGroup(
    `${name}-endpoints`,
    {
      vpcId: vpc.id,
      description: 'HTTPS from within the network to interface endpoints',
      ingress: [
        {
          protocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          cidrBlocks: [options.cidr],
          ...(options.ipv6 ? { ipv6CidrBlocks: [vpc.ipv6CidrBlock] } : {}),
        },
      ],
      tags: stackTags(`${name}-endpoints`, tags),
    },
    { parent },
  );
  const inside = interfacePlaces(options.subnets);
  for (const service of options.services) {
    const endpointName = `${name}-${service.replaceAll('.', '-')}`;
    new ec2.VpcEndpoint(
      endpointName,
      {
        vpcId: vpc.id,
        serviceName: pulumi.interpolate`com.amazonaws.${options.region}.${service}`,
        vpcEndpointType: 'Interface',
        privateDnsEnabled: true,
        subnetIds: inside.map(({ subnet }) => subnet.id),
        securityGroupIds: [group.id],
        tags: stackTags(endpointName, tags),
      },
      { parent },
    );
  }
}

/** AWS takes one subnet per zone: the private one, else the isolated one, else the public one. */
function interfacePlaces(subnets: Surroundings['subnets']): Surroundings['subnets'] {
  const order: readonly SubnetTier[] = ['private', 'isolated', 'public'];
  const byPreference = [...subnets].sort((a, b) => order.indexOf(a.plan.tier) - order.indexOf(b.plan.tier));
  const zones = [...new Set(subnets.map(({ plan }) => plan.zone))];
  return zones.map((zone) => byPreference.find(({ plan }) => plan.zone === zone)!);
}
