import type { ObjectIdentifier } from '@aws-sdk/client-s3';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { partitionOf } from '../../functions/identity.ts';
import { fromTagList, type Tags, toTagList } from '../../tags.ts';
import { retryWhile, waitFor } from '../../wait.ts';

/**
 * https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/ ; imported by its name. Versioning, encryption, policy and so on are
 * resources of their own (BucketVersioning, ...): the SDK's older properties of the bucket itself are refused by name.
 */
export const bucket: ResourceDefinition = {
  type: 'aws:s3/bucket:Bucket',
  lostCreate: { id: ({ inputs }) => inputs.bucket as string },
  autoname: { property: 'bucket', maxLength: 63, lowerCase: true },
  properties: {
    bucket: { kind: 'string', replaces: true },
    bucketPrefix: { kind: 'string', replaces: true, writeOnly: true },
    forceDestroy: { kind: 'boolean', default: false, writeOnly: true },
    objectLockEnabled: { kind: 'boolean', computed: true, replaces: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    bucketDomainName: { kind: 'string', output: true },
    bucketRegion: { kind: 'string', output: true },
    bucketRegionalDomainName: { kind: 'string', output: true },
  },
  validate: ({ bucket: name }) =>
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(String(name))
      ? []
      : [`bucket has 3 to 63 lower-case letters, digits, dots and dashes: ${name}.`],
  tags: {
    atCreate: false,
    async set(call, tags) {
      await writeTags(call, (there) => ({ ...there, ...tags }));
    },
    async remove(call, keys) {
      const kept = ([key]: [string, string]) => !keys.includes(key);
      await writeTags(call, (there) => Object.fromEntries(Object.entries(there).filter(kept)));
    },
  },
  async create({ aws, inputs }) {
    const { region } = aws.configuration;
    const name = inputs.bucket as string;
    await (await aws.client('s3')).createBucket({
      Bucket: name,
      ...(region !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }),
      ...(inputs.objectLockEnabled === true && { ObjectLockEnabledForBucket: true }),
    });
    return name;
  },
  async read(call) {
    const { aws, id } = call;
    const s3 = await aws.client('s3');
    const head = await unlessGone(s3.headBucket({ Bucket: id }));
    if (!head) return undefined;
    const { region } = aws.configuration;
    const { partition, dnsSuffix } = partitionOf(region);
    return {
      bucket: id,
      objectLockEnabled: call.inputs.objectLockEnabled === true || call.state.objectLockEnabled === true,
      arn: `arn:${partition}:s3:::${id}`,
      bucketDomainName: `${id}.s3.${dnsSuffix}`,
      bucketRegion: head.BucketRegion ?? region,
      bucketRegionalDomainName: `${id}.s3.${region}.${dnsSuffix}`,
      tags: await tagsOf(call),
    };
  },
  async delete(call) {
    const s3 = await call.aws.client('s3');
    try {
      if (call.inputs.forceDestroy === true) await unlessGone(empty(call));
      await unlessGone(s3.deleteBucket({ Bucket: call.id }));
    } catch (error) {
      if (!(error instanceof AwsFailure && error.code === 'BucketNotEmpty')) throw error;
      throw new ProviderError(
        `Cannot delete bucket ${call.id} as it is not empty. Empty it, or set forceDestroy in an update of its own first.`,
        { cause: error },
      );
    }
    await waitFor(`bucket ${call.id} to be gone`, call, async () =>
      (await unlessGone(s3.headBucket({ Bucket: call.id }))) === undefined ? true : undefined,
    );
  },
};

async function tagsOf({ aws, id }: ExistingCall): Promise<Tags> {
  return fromTagList((await unlessGone((await aws.client('s3')).getBucketTagging({ Bucket: id })))?.TagSet);
}

/** The API writes all tags at once. Those of AWS itself (`aws:`) stay out: they cannot be written. */
async function writeTags(call: ExistingCall, change: (there: Tags) => Tags): Promise<void> {
  const s3 = await call.aws.client('s3');
  const there = Object.entries(await tagsOf(call)).filter(([key]) => !key.startsWith('aws:'));
  const TagSet = toTagList(change(Object.fromEntries(there)));
  if (TagSet.length === 0) await s3.deleteBucketTagging({ Bucket: call.id });
  else await s3.putBucketTagging({ Bucket: call.id, Tagging: { TagSet } });
}

/** Deletes every version of every object. */
async function empty({ aws, id, progress }: ExistingCall): Promise<void> {
  const s3 = await aws.client('s3');
  let count = 0;
  for (let marker = {}; ; ) {
    const page = await s3.listObjectVersions({ Bucket: id, ...marker });
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    const Objects = found.map(({ Key, VersionId }): ObjectIdentifier => ({ Key, VersionId }));
    if (Objects.length > 0) {
      const { Errors = [] } = await s3.deleteObjects({ Bucket: id, Delete: { Objects, Quiet: true } });
      const [first] = Errors;
      if (first)
        throw new ProviderError(
          `Cannot empty bucket ${id} as AWS answered ${first.Code} for ${first.Key}: ${first.Message}.`,
        );
    }
    count += Objects.length;
    if (!page.IsTruncated) return;
    progress(`emptying bucket ${id}: ${count} objects are gone`);
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}

/** What a bucket's companions do right after the bucket is made: S3 does not know it everywhere yet. */
export function whenThere<T>(
  call: { readonly id: string } & Parameters<typeof retryWhile>[1],
  run: () => Promise<T>,
): Promise<T> {
  const shortly = { ...call, deadline: Math.min(call.deadline, Date.now() + 60_000) };
  return retryWhile(`bucket ${call.id} to be known`, shortly, {
    again: (error) =>
      error instanceof AwsFailure && (error.code === 'NoSuchBucket' || error.code === 'OperationAborted'),
    run,
  });
}
