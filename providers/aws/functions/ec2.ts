import type { Filter } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../../protocol/provider.ts';
import type { FunctionDefinition, PlainMap } from '../definition.ts';
import { fromApi } from '../naming.ts';
import { asList, asMaps, asText, asTexts } from '../plain-values.ts';
import { vpc } from '../resources/ec2/vpc.ts';
import { fromTagList } from '../tags.ts';

/** `filters: [{name, values}]` and `tags: {k: v}` as the API takes them; undefined for none, as an empty list matches nothing. */
function filtersOf(args: PlainMap): Filter[] | undefined {
  const named = asMaps(args.filters).map((filter) => ({
    Name: asText(filter.name) ?? '',
    Values: [...asList(filter.values)],
  }));
  const tagged = Object.entries(asTexts(args.tags)).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
  const filters = [...named, ...tagged];
  return filters.length > 0 ? filters : undefined;
}

export const getAvailabilityZones: FunctionDefinition = {
  token: 'aws:index/getAvailabilityZones:getAvailabilityZones',
  async invoke({ aws, args }) {
    const { DescribeAvailabilityZonesCommand } = await import('@aws-sdk/client-ec2');
    const state = asText(args.state);
    const Filters = [...(filtersOf(args) ?? []), ...(state ? [{ Name: 'state', Values: [state] }] : [])];
    const command = new DescribeAvailabilityZonesCommand({
      AllAvailabilityZones: args.allAvailabilityZones === true,
      ...(Filters.length > 0 && { Filters }),
    });
    const { AvailabilityZones = [] } = await (await aws.client('ec2')).send(command);
    const excluded = new Set([...asList(args.excludeNames), ...asList(args.excludeZoneIds)]);
    const zones = AvailabilityZones.filter(
      ({ ZoneName = '', ZoneId = '' }) => !excluded.has(ZoneName) && !excluded.has(ZoneId),
    );
    zones.sort((a, b) => (a.ZoneName ?? '').localeCompare(b.ZoneName ?? ''));
    const groupNames = [...new Set(zones.map(({ GroupName = '' }) => GroupName))];
    return {
      id: aws.configuration.region,
      names: zones.map(({ ZoneName }) => ZoneName!),
      zoneIds: zones.map(({ ZoneId }) => ZoneId ?? ''),
      groupNames,
      ...args,
    };
  },
};

export const getVpc: FunctionDefinition = {
  token: 'aws:ec2/getVpc:getVpc',
  async invoke({ aws, args, signal }) {
    const { DescribeVpcsCommand } = await import('@aws-sdk/client-ec2');
    const Filters = [
      ...(filtersOf(args) ?? []),
      ...(asText(args.cidrBlock) ? [{ Name: 'cidr', Values: [asText(args.cidrBlock)!] }] : []),
      ...(typeof args.default === 'boolean' ? [{ Name: 'isDefault', Values: [String(args.default)] }] : []),
    ];
    const id = asText(args.id);
    const { Vpcs = [] } = await (await aws.client('ec2')).send(
      new DescribeVpcsCommand({ ...(id && { VpcIds: [id] }), ...(Filters.length > 0 && { Filters }) }),
    );
    const [found] = oneOf(Vpcs, 'VPC');
    const call = {
      aws,
      inputs: {},
      id: found.VpcId!,
      state: {},
      signal,
      deadline: Date.now() + 60_000,
      progress: () => {},
    };
    return {
      ...(await vpc.read(call)),
      id: found.VpcId!,
      default: found.IsDefault ?? false,
      tags: fromTagList(found.Tags),
    };
  },
};

export const getSubnets: FunctionDefinition = {
  token: 'aws:ec2/getSubnets:getSubnets',
  async invoke({ aws, args }) {
    const { paginateDescribeSubnets } = await import('@aws-sdk/client-ec2');
    const ids: string[] = [];
    const filters = filtersOf(args);
    for await (const page of paginateDescribeSubnets(
      { client: await aws.client('ec2') },
      { ...(filters && { Filters: filters }) },
    )) {
      ids.push(...(page.Subnets ?? []).map(({ SubnetId }) => SubnetId!));
    }
    return { id: aws.configuration.region, ids: ids.sort(), ...args };
  },
};

export const getAmi: FunctionDefinition = {
  token: 'aws:ec2/getAmi:getAmi',
  async invoke({ aws, args }) {
    const { DescribeImagesCommand } = await import('@aws-sdk/client-ec2');
    const filters = filtersOf(args);
    const command = new DescribeImagesCommand({
      Owners: [...asList(args.owners)],
      ExecutableUsers: [...asList(args.executableUsers)],
      ...(filters && { Filters: filters }),
    });
    const { Images = [] } = await (await aws.client('ec2')).send(command);
    const pattern = asText(args.nameRegex);
    const matching = pattern ? Images.filter(({ Name = '' }) => new RegExp(pattern).test(Name)) : Images;
    const newest = matching.toSorted((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''));
    const [image] = args.mostRecent === true ? oneOf(newest.slice(0, 1), 'image') : oneOf(newest, 'image');
    return {
      ...(fromApi(image) as PlainMap),
      id: image.ImageId!,
      imageId: image.ImageId!,
      tags: fromTagList(image.Tags),
    };
  },
};

/** Throws unless there is exactly one: the program means one. */
function oneOf<T>(found: readonly T[], what: string): readonly [T] {
  if (found.length === 1) return [found[0]!];
  throw new ProviderError(
    `Cannot look up the ${what} as ${found.length === 0 ? 'none matches' : `${found.length} match`}. Make the filters ${found.length === 0 ? 'wider' : 'narrower'}.`,
  );
}
