import type { QueueAttributeName } from '@aws-sdk/client-sqs';
import type { ExistingCall, Plain, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { retryWhile, waitFor } from '../../wait.ts';

/** Attributes of a queue: property here, name in the API. The API takes texts only. */
const ATTRIBUTES: Readonly<Record<string, { readonly name: QueueAttributeName; readonly rule: PropertyRule }>> = {
  contentBasedDeduplication: { name: 'ContentBasedDeduplication', rule: { kind: 'boolean', default: false } },
  deduplicationScope: { name: 'DeduplicationScope', rule: { kind: 'string', computed: true } },
  delaySeconds: { name: 'DelaySeconds', rule: { kind: 'number', default: 0 } },
  fifoThroughputLimit: { name: 'FifoThroughputLimit', rule: { kind: 'string', computed: true } },
  kmsDataKeyReusePeriodSeconds: { name: 'KmsDataKeyReusePeriodSeconds', rule: { kind: 'number', computed: true } },
  kmsMasterKeyId: { name: 'KmsMasterKeyId', rule: { kind: 'string' } },
  maxMessageSize: { name: 'MaximumMessageSize', rule: { kind: 'number', computed: true } },
  messageRetentionSeconds: { name: 'MessageRetentionPeriod', rule: { kind: 'number', default: 345_600 } },
  policy: { name: 'Policy', rule: { kind: 'string', computed: true, json: true } },
  receiveWaitTimeSeconds: { name: 'ReceiveMessageWaitTimeSeconds', rule: { kind: 'number', default: 0 } },
  redriveAllowPolicy: { name: 'RedriveAllowPolicy', rule: { kind: 'string', computed: true, json: true } },
  redrivePolicy: { name: 'RedrivePolicy', rule: { kind: 'string', computed: true, json: true } },
  sqsManagedSseEnabled: { name: 'SqsManagedSseEnabled', rule: { kind: 'boolean', computed: true } },
  visibilityTimeoutSeconds: { name: 'VisibilityTimeout', rule: { kind: 'number', default: 30 } },
};

/** https://www.pulumi.com/registry/packages/aws/api-docs/sqs/queue/ ; imported by its URL. */
export const queue: ResourceDefinition = {
  type: 'aws:sqs/queue:Queue',
  autoname: { property: 'name', maxLength: 80, suffix: ({ fifoQueue }) => (fifoQueue === true ? '.fifo' : '') },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
    fifoQueue: { kind: 'boolean', default: false, replaces: true },
    ...Object.fromEntries(Object.entries(ATTRIBUTES).map(([key, { rule }]) => [key, rule])),
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    url: { kind: 'string', output: true },
  },
  validate: ({ name, fifoQueue }) =>
    (fifoQueue === true) === String(name).endsWith('.fifo')
      ? []
      : [`the name of a FIFO queue ends in .fifo, and of no other: ${name}.`],
  tags: {
    atCreate: true,
    async set({ aws, id }, tags) {
      await (await aws.client('sqs')).tagQueue({ QueueUrl: id, Tags: { ...tags } });
    },
    async remove({ aws, id }, keys) {
      await (await aws.client('sqs')).untagQueue({ QueueUrl: id, TagKeys: [...keys] });
    },
  },
  async create(call) {
    const sqs = await call.aws.client('sqs');
    const { inputs, allTags } = call;
    const request = {
      QueueName: inputs.name as string,
      Attributes: attributesOf(inputs, ({ value }) => !isDefault(value)),
      ...(Object.keys(allTags).length > 0 && { tags: { ...allTags } }),
    };
    // A name is free a minute after its queue was deleted.
    const made = await retryWhile(`the name ${request.QueueName} to be free`, call, {
      again: (error) => error instanceof AwsFailure && /QueueDeletedRecently/.test(error.code),
      run: () => sqs.createQueue(request),
    });
    return made.QueueUrl!;
  },
  updates: [{ properties: Object.keys(ATTRIBUTES), apply: update }],
  async read({ aws, id }) {
    const sqs = await aws.client('sqs');
    const found = await unlessGone(sqs.getQueueAttributes({ QueueUrl: id, AttributeNames: ['All'] }));
    if (!found?.Attributes) return undefined;
    const { Tags = {} } = await sqs.listQueueTags({ QueueUrl: id });
    const values = Object.entries(ATTRIBUTES).map(([key, { name, rule }]) => [
      key,
      fromText(rule, found.Attributes?.[name]),
    ]);
    return {
      ...Object.fromEntries(values),
      name: id.split('/').at(-1),
      fifoQueue: found.Attributes.FifoQueue === 'true',
      arn: found.Attributes.QueueArn,
      url: id,
      tags: Tags,
    };
  },
  async delete(call) {
    const sqs = await call.aws.client('sqs');
    await unlessGone(sqs.deleteQueue({ QueueUrl: call.id }));
    await waitFor(`queue ${call.id} to be gone`, call, async () =>
      (await unlessGone(sqs.getQueueAttributes({ QueueUrl: call.id, AttributeNames: ['QueueArn'] })))
        ? undefined
        : true,
    );
  },
};

function isDefault(value: Plain): boolean {
  return value === false || value === '';
}

function attributesOf(
  inputs: PlainMap,
  wanted: (attribute: { readonly key: string; readonly value: Plain }) => boolean,
): Record<string, string> {
  const given = Object.entries(ATTRIBUTES).flatMap(([key, { name }]) => {
    const value = inputs[key];
    return value !== undefined && value !== null && wanted({ key, value }) ? [[name, String(value)]] : [];
  });
  return Object.fromEntries([...given, ...(inputs.fifoQueue === true ? [['FifoQueue', 'true']] : [])]);
}

/** What the program took out is written as empty: the API goes back to its default. */
async function update(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const { inputs, old } = call;
  const changed = Object.keys(ATTRIBUTES).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(inputs[key]));
  const removed = changed.filter((key) => asText(old[key]) && !inputs[key]).map((key) => [ATTRIBUTES[key]!.name, '']);
  const { FifoQueue: _, ...written } = attributesOf(inputs, ({ key }) => changed.includes(key));
  const Attributes = { ...Object.fromEntries(removed), ...written };
  if (Object.keys(Attributes).length > 0)
    await (await call.aws.client('sqs')).setQueueAttributes({ QueueUrl: call.id, Attributes });
}

function fromText({ kind }: PropertyRule, text: string | undefined): Plain | undefined {
  if (text === undefined || text === '') return undefined;
  return kind === 'number' ? Number(text) : kind === 'boolean' ? text === 'true' : text;
}
