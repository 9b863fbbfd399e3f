import { MARK } from '../../create-once.ts';
import type { LostCreate, TagRule } from '../../definition.ts';
import { type Tags, toTagList } from '../../tags.ts';

/** Tags of anything in EC2: one pair of calls for all kinds. */
export const ec2Tags: TagRule = {
  atCreate: true,
  async set({ aws, id }, tags) {
    const { CreateTagsCommand } = await import('@aws-sdk/client-ec2');
    await (await aws.client('ec2')).send(new CreateTagsCommand({ Resources: [id], Tags: toTagList(tags) }));
  },
  async remove({ aws, id }, keys) {
    const { DeleteTagsCommand } = await import('@aws-sdk/client-ec2');
    await (await aws.client('ec2')).send(
      new DeleteTagsCommand({ Resources: [id], Tags: keys.map((Key) => ({ Key })) }),
    );
  },
};

/** The part of a create call that carries tags. EC2 refuses an empty list. */
export function tagSpecification<Kind extends string>(ResourceType: Kind, tags: Tags) {
  if (Object.keys(tags).length === 0) return {};
  return { TagSpecifications: [{ ResourceType, Tags: toTagList(tags) }] };
}

/** The ARN of something in EC2, which its own API does not always give. */
export function ec2Arn(place: { readonly region: string; readonly account: string }, path: string): string {
  const partition = place.region.startsWith('cn-')
    ? 'aws-cn'
    : place.region.startsWith('us-gov-')
      ? 'aws-us-gov'
      : 'aws';
  return `arn:${partition}:ec2:${place.region}:${place.account}:${path}`;
}

/** For what has neither a name nor a client token: the create call carries a tag of its own, by which it is found again. */
export const findMarked: LostCreate = {
  mark: async ({ aws, mark }) => {
    const Filters = [
      { Name: 'key', Values: [MARK] },
      { Name: 'value', Values: [mark] },
    ];
    return (await (await aws.client('ec2')).describeTags({ Filters })).Tags?.[0]?.ResourceId;
  },
};
