import type {
  Address,
  EC2,
  EgressOnlyInternetGateway,
  Filter,
  FlowLog,
  InternetGateway,
  NatGateway,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
  Vpc,
  VpcEndpoint,
} from '@aws-sdk/client-ec2';
import type { AwsCalls } from '../../clients.ts';
import { unlessGone } from '../../failures.ts';

/** Kinds of things in EC2 that are read by the hundred with one call. */
interface Described {
  address: Address;
  egressOnlyInternetGateway: EgressOnlyInternetGateway;
  flowLog: FlowLog;
  internetGateway: InternetGateway;
  natGateway: NatGateway;
  securityGroup: SecurityGroup;
  securityGroupRule: SecurityGroupRule;
  subnet: Subnet;
  vpc: Vpc;
  vpcEndpoint: VpcEndpoint;
}

interface Look<T> {
  /** Of many: by a filter, as a list of ids fails as a whole where one of them is gone. */
  many(ec2: EC2, ids: string[]): Promise<T[] | undefined>;
  idOf(found: T): string | undefined;
}

const by = (Name: string, Values: string[]): Filter[] => [{ Name, Values }];

const LOOKS: { readonly [Kind in keyof Described]: Look<Described[Kind]> } = {
  address: {
    many: async (ec2, ids) => (await ec2.describeAddresses({ Filters: by('allocation-id', ids) })).Addresses,
    idOf: (one) => one.AllocationId,
  },
  egressOnlyInternetGateway: {
    // There is no filter by id; ids that are gone are left out of the answer.
    many: async (ec2, ids) =>
      (await ec2.describeEgressOnlyInternetGateways({ EgressOnlyInternetGatewayIds: ids })).EgressOnlyInternetGateways,
    idOf: (one) => one.EgressOnlyInternetGatewayId,
  },
  flowLog: {
    many: (ec2, ids) =>
      eachIfOneIsGone(ids, async (some) => (await ec2.describeFlowLogs({ FlowLogIds: some })).FlowLogs),
    idOf: (one) => one.FlowLogId,
  },
  internetGateway: {
    many: async (ec2, ids) =>
      (await ec2.describeInternetGateways({ Filters: by('internet-gateway-id', ids) })).InternetGateways,
    idOf: (one) => one.InternetGatewayId,
  },
  natGateway: {
    many: async (ec2, ids) => (await ec2.describeNatGateways({ Filter: by('nat-gateway-id', ids) })).NatGateways,
    idOf: (one) => one.NatGatewayId,
  },
  securityGroup: {
    many: async (ec2, ids) => (await ec2.describeSecurityGroups({ Filters: by('group-id', ids) })).SecurityGroups,
    idOf: (one) => one.GroupId,
  },
  securityGroupRule: {
    many: async (ec2, ids) =>
      (await ec2.describeSecurityGroupRules({ Filters: by('security-group-rule-id', ids) })).SecurityGroupRules,
    idOf: (one) => one.SecurityGroupRuleId,
  },
  subnet: {
    many: async (ec2, ids) => (await ec2.describeSubnets({ Filters: by('subnet-id', ids) })).Subnets,
    idOf: (one) => one.SubnetId,
  },
  vpc: {
    many: async (ec2, ids) => (await ec2.describeVpcs({ Filters: by('vpc-id', ids) })).Vpcs,
    idOf: (one) => one.VpcId,
  },
  vpcEndpoint: {
    many: (ec2, ids) =>
      eachIfOneIsGone(ids, async (some) => (await ec2.describeVpcEndpoints({ VpcEndpointIds: some })).VpcEndpoints),
    idOf: (one) => one.VpcEndpointId,
  },
};

/** For lists of ids that fail as a whole where one of them is gone: then each is asked for alone. */
async function eachIfOneIsGone<T>(
  ids: readonly string[],
  ask: (some: string[]) => Promise<T[] | undefined>,
): Promise<T[]> {
  const all = await unlessGone(ask([...ids]));
  if (all !== undefined || ids.length === 1) return all ?? [];
  const each = await Promise.all(ids.map((id) => unlessGone(ask([id]))));
  return each.flatMap((some) => some ?? []);
}

/** What EC2 says of one thing, asked together with others of its kind; undefined where there is none. */
export function describe<Kind extends keyof Described>(
  kind: Kind,
  { aws, id }: { readonly aws: AwsCalls; readonly id: string },
): Promise<Described[Kind] | undefined> {
  const { many, idOf } = LOOKS[kind] as Look<Described[Kind]>;
  return aws.batches.look(`ec2 ${kind}`, id, async (ids) => {
    const found = (await many(await aws.client('ec2'), [...ids])) ?? [];
    return new Map(found.map((one) => [idOf(one) ?? '', one]));
  });
}
