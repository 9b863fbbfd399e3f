import type { FunctionDefinition } from '../definition.ts';

/** The partition and the DNS suffix of a region (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html). */
export function partitionOf(region: string): { readonly partition: string; readonly dnsSuffix: string } {
  if (region.startsWith('cn-')) return { partition: 'aws-cn', dnsSuffix: 'amazonaws.com.cn' };
  if (region.startsWith('us-gov-')) return { partition: 'aws-us-gov', dnsSuffix: 'amazonaws.com' };
  return { partition: 'aws', dnsSuffix: 'amazonaws.com' };
}

export const getCallerIdentity: FunctionDefinition = {
  token: 'aws:index/getCallerIdentity:getCallerIdentity',
  async invoke({ aws }) {
    const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
    const { Account, Arn, UserId } = await (await aws.client('sts')).send(new GetCallerIdentityCommand({}));
    return { accountId: Account, arn: Arn, userId: UserId, id: Account };
  },
};

export const getRegion: FunctionDefinition = {
  token: 'aws:index/getRegion:getRegion',
  async invoke({ aws, args }) {
    const region =
      typeof args.region === 'string'
        ? args.region
        : typeof args.name === 'string'
          ? args.name
          : aws.configuration.region;
    const { dnsSuffix } = partitionOf(region);
    return { id: region, name: region, region, endpoint: `ec2.${region}.${dnsSuffix}`, description: region };
  },
};

export const getPartition: FunctionDefinition = {
  token: 'aws:index/getPartition:getPartition',
  async invoke({ aws }) {
    const { partition, dnsSuffix } = partitionOf(aws.configuration.region);
    const reverseDnsPrefix = dnsSuffix.split('.').reverse().join('.');
    return { id: partition, partition, dnsSuffix, reverseDnsPrefix };
  },
};
