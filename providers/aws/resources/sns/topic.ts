import type { ExistingCall, Plain, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';

const text: PropertyRule = { kind: 'string' };

/** Feedback of deliveries, the same three attributes for each protocol. */
const FEEDBACK = Object.fromEntries(
  [
    ['application', 'Application'],
    ['firehose', 'Firehose'],
    ['http', 'HTTP'],
    ['lambda', 'Lambda'],
    ['sqs', 'SQS'],
  ].flatMap(([key, name]): [string, Attribute][] => [
    [`${key}FailureFeedbackRoleArn`, { name: `${name}FailureFeedbackRoleArn`, rule: text }],
    [`${key}SuccessFeedbackRoleArn`, { name: `${name}SuccessFeedbackRoleArn`, rule: text }],
    [
      `${key}SuccessFeedbackSampleRate`,
      { name: `${name}SuccessFeedbackSampleRate`, rule: { kind: 'number', computed: true } },
    ],
  ]),
);

interface Attribute {
  readonly name: string;
  readonly rule: PropertyRule;
}

/** Attributes of a topic: property here, name in the API. The API takes texts only, one a call. */
const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  archivePolicy: { name: 'ArchivePolicy', rule: { ...text, json: true } },
  contentBasedDeduplication: { name: 'ContentBasedDeduplication', rule: { kind: 'boolean', default: false } },
  deliveryPolicy: { name: 'DeliveryPolicy', rule: { ...text, json: true } },
  displayName: { name: 'DisplayName', rule: text },
  fifoThroughputScope: { name: 'FifoThroughputScope', rule: { ...text, computed: true } },
  kmsMasterKeyId: { name: 'KmsMasterKeyId', rule: text },
  policy: { name: 'Policy', rule: { ...text, computed: true, json: true } },
  signatureVersion: { name: 'SignatureVersion', rule: { kind: 'number', computed: true } },
  tracingConfig: { name: 'TracingConfig', rule: { ...text, computed: true } },
  ...FEEDBACK,
};

/** https://www.pulumi.com/registry/packages/aws/api-docs/sns/topic/ ; imported by its ARN. */
export const topic: ResourceDefinition = {
  type: 'aws:sns/topic:Topic',
  autoname: { property: 'name', maxLength: 256, suffix: ({ fifoTopic }) => (fifoTopic === true ? '.fifo' : '') },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
    fifoTopic: { kind: 'boolean', default: false, replaces: true },
    ...Object.fromEntries(Object.entries(ATTRIBUTES).map(([key, { rule }]) => [key, rule])),
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    owner: { kind: 'string', output: true },
  },
  validate: ({ name, fifoTopic }) =>
    (fifoTopic === true) === String(name).endsWith('.fifo')
      ? []
      : [`the name of a FIFO topic ends in .fifo, and of no other: ${name}.`],
  tags: {
    atCreate: true,
    async set({ aws, id }, tags) {
      await (await aws.client('sns')).tagResource({ ResourceArn: id, Tags: toTagList(tags) });
    },
    async remove({ aws, id }, keys) {
      await (await aws.client('sns')).untagResource({ ResourceArn: id, TagKeys: [...keys] });
    },
  },
  async create({ aws, inputs, allTags }) {
    const Attributes = attributesOf(inputs);
    const made = await (await aws.client('sns')).createTopic({
      Name: inputs.name as string,
      ...(Object.keys(Attributes).length > 0 && { Attributes }),
      ...(Object.keys(allTags).length > 0 && { Tags: toTagList(allTags) }),
    });
    return made.TopicArn!;
  },
  updates: [{ properties: Object.keys(ATTRIBUTES), apply: update }],
  async read({ aws, id }) {
    const sns = await aws.client('sns');
    const found = await unlessGone(sns.getTopicAttributes({ TopicArn: id }));
    if (!found?.Attributes) return undefined;
    const { Tags } = await sns.listTagsForResource({ ResourceArn: id });
    const values = Object.entries(ATTRIBUTES).map(([key, { name, rule }]) => [
      key,
      fromText(rule, found.Attributes?.[name]),
    ]);
    return {
      ...Object.fromEntries(values),
      name: id.split(':').at(-1),
      fifoTopic: found.Attributes.FifoTopic === 'true',
      arn: id,
      owner: found.Attributes.Owner,
      tags: fromTagList(Tags),
    };
  },
  async delete({ aws, id }) {
    await unlessGone((await aws.client('sns')).deleteTopic({ TopicArn: id }));
  },
};

function attributesOf(inputs: PlainMap): Record<string, string> {
  const given = Object.entries(ATTRIBUTES).flatMap(([key, { name }]) => {
    const value = inputs[key];
    return value === undefined || value === null || value === false || value === '' ? [] : [[name, String(value)]];
  });
  return Object.fromEntries([...given, ...(inputs.fifoTopic === true ? [['FifoTopic', 'true']] : [])]);
}

async function update({ aws, id, inputs, old }: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const sns = await aws.client('sns');
  for (const [key, { name }] of Object.entries(ATTRIBUTES)) {
    if (JSON.stringify(old[key]) === JSON.stringify(inputs[key])) continue;
    const value = inputs[key] ?? undefined;
    // A policy that is taken out stays as AWS has it: there is no topic without one.
    if (value === undefined && key === 'policy') continue;
    await sns.setTopicAttributes({
      TopicArn: id,
      AttributeName: name,
      AttributeValue: asText(String(value ?? '')) ?? '',
    });
  }
}

function fromText({ kind }: PropertyRule, value: string | undefined): Plain | undefined {
  if (value === undefined || value === '') return undefined;
  return kind === 'number' ? Number(value) : kind === 'boolean' ? value === 'true' : value;
}
