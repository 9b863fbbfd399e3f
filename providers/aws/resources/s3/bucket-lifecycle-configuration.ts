import type { LifecycleRule, LifecycleRuleFilter } from '@aws-sdk/client-s3';
import type { Plain, PlainMap } from '../../definition.ts';
import { compact, fromApi, toApi } from '../../naming.ts';
import { asMap, asMaps, asText, asTexts } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { companion } from './companion.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucketlifecycleconfiguration/ */
export const bucketLifecycleConfiguration = companion({
  type: 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
  properties: {
    rules: {
      kind: 'list',
      parts: [
        'abortIncompleteMultipartUpload',
        'expiration',
        'filter',
        'id',
        'noncurrentVersionExpiration',
        'noncurrentVersionTransitions',
        'prefix',
        'status',
        'transitions',
      ],
      required: true,
    },
    transitionDefaultMinimumObjectSize: { kind: 'string', computed: true },
  },
  validate: ({ rules }) => asMaps(rules).flatMap(ruleFailures),
  async write({ aws, id, inputs }) {
    const size = asText(inputs.transitionDefaultMinimumObjectSize);
    await (await aws.client('s3')).putBucketLifecycleConfiguration({
      Bucket: id,
      LifecycleConfiguration: { Rules: asMaps(inputs.rules).map(toRule) },
      ...(size && { TransitionDefaultMinimumObjectSize: size as 'varies_by_storage_class' }),
    });
  },
  async read({ aws, id }) {
    const found = await (await aws.client('s3')).getBucketLifecycleConfiguration({ Bucket: id });
    if (!found.Rules?.length) return undefined;
    const transitionDefaultMinimumObjectSize = found.TransitionDefaultMinimumObjectSize;
    return { rules: found.Rules.map(fromRule), transitionDefaultMinimumObjectSize };
  },
  async remove({ aws, id }) {
    await (await aws.client('s3')).deleteBucketLifecycle({ Bucket: id });
  },
});

function ruleFailures({ id, status }: PlainMap, index: number): readonly string[] {
  return [
    ...(id ? [] : [`rules[${index}].id is required.`]),
    ...(status === 'Enabled' || status === 'Disabled'
      ? []
      : [`rules[${index}].status is Enabled or Disabled, not ${status}.`]),
  ];
}

function toRule({ id, filter, expiration, transitions, ...rule }: PlainMap): LifecycleRule {
  const dated = (part: Plain | undefined) => {
    const { date, ...rest } = asMap(part);
    return { ...(toApi(rest) as object), ...(asText(date) && { Date: new Date(asText(date)!) }) };
  };
  return {
    ...(toApi(compact(rule)) as object),
    ID: asText(id),
    Filter: toFilter(asMap(filter)),
    ...(expiration && { Expiration: dated(expiration) }),
    ...(transitions && { Transitions: asMaps(transitions).map(dated) }),
  } as LifecycleRule;
}

/** Without conditions a rule holds for everything: the API wants that said by an empty prefix. */
function toFilter({ and, tag, ...simple }: PlainMap): LifecycleRuleFilter {
  const { tags, ...rest } = asMap(and);
  const filter = {
    ...(toApi(compact(simple)) as object),
    ...(tag && { Tag: toApi(asMap(tag)) as { Key: string; Value: string } }),
    ...(and && { And: { ...(toApi(compact(rest)) as object), Tags: toTagList(asTexts(tags)) } }),
  };
  return Object.keys(filter).length === 0 ? { Prefix: '' } : filter;
}

function fromRule({ ID, Filter, ...rule }: LifecycleRule): PlainMap {
  const { And, ...simple } = Filter ?? {};
  const filter = {
    ...asMap(fromApi(simple)),
    ...(And && { and: { ...asMap(fromApi({ ...And, Tags: undefined })), tags: fromTagList(And.Tags) } }),
  };
  return {
    ...compact(asMap(fromApi(rule))),
    id: ID ?? '',
    filter: Object.fromEntries(Object.entries(compact(filter)).filter(([, part]) => part !== '')),
  };
}
