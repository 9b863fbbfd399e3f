import type { CreateTableInput, TableDescription, UpdateTableInput } from '@aws-sdk/client-dynamodb';
import type { ExistingCall, Plain, PlainMap, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asMap, asMaps, asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { waitFor } from '../../wait.ts';
import {
  definitionsOf,
  indexesOutput,
  indexRequest,
  keySchema,
  localIndexesOutput,
  updateIndexes,
} from './table-indexes.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/dynamodb/table/ ; imported by its name. Replicas and restores are not served. */
export const table: ResourceDefinition = {
  type: 'aws:dynamodb/table:Table',
  lostCreate: { id: ({ inputs }) => inputs.name as string },
  autoname: { property: 'name', maxLength: 255 },
  timeouts: { create: 1800, update: 3600, delete: 600 },
  properties: {
    name: { kind: 'string', replaces: true },
    attributes: { kind: 'list', parts: ['name', 'type'], unordered: true, required: true },
    hashKey: { kind: 'string', replaces: true, required: true },
    rangeKey: { kind: 'string', replaces: true },
    billingMode: { kind: 'string', default: 'PROVISIONED', oneOf: ['PROVISIONED', 'PAY_PER_REQUEST'] },
    readCapacity: { kind: 'number', computed: true },
    writeCapacity: { kind: 'number', computed: true },
    globalSecondaryIndexes: {
      kind: 'list',
      parts: ['hashKey', 'name', 'nonKeyAttributes', 'projectionType', 'rangeKey', 'readCapacity', 'writeCapacity'],
      unordered: true,
    },
    localSecondaryIndexes: {
      kind: 'list',
      parts: ['name', 'nonKeyAttributes', 'projectionType', 'rangeKey'],
      unordered: true,
      replaces: true,
    },
    streamEnabled: { kind: 'boolean' },
    streamViewType: { kind: 'string', computed: true },
    tableClass: { kind: 'string', default: 'STANDARD', oneOf: ['STANDARD', 'STANDARD_INFREQUENT_ACCESS'] },
    deletionProtectionEnabled: { kind: 'boolean', default: false },
    ttl: { kind: 'object', parts: ['attributeName', 'enabled'], computed: true, afterCreate: true },
    pointInTimeRecovery: {
      kind: 'object',
      parts: ['enabled', 'recoveryPeriodInDays'],
      computed: true,
      afterCreate: true,
      computedParts: ['recoveryPeriodInDays'],
    },
    serverSideEncryption: { kind: 'object', parts: ['enabled', 'kmsKeyArn'], computed: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    streamArn: { kind: 'string', output: true },
    streamLabel: { kind: 'string', output: true },
  },
  validate,
  tags: {
    atCreate: true,
    async set({ aws, state }, tags) {
      await (await aws.client('dynamodb')).tagResource({ ResourceArn: state.arn as string, Tags: toTagList(tags) });
    },
    async remove({ aws, state }, keys) {
      await (await aws.client('dynamodb')).untagResource({ ResourceArn: state.arn as string, TagKeys: [...keys] });
    },
  },
  async create({ aws, inputs, allTags }) {
    const tags = toTagList(allTags);
    const request = { ...createRequest(inputs), ...(tags.length > 0 && { Tags: tags }) };
    return (await (await aws.client('dynamodb')).createTable(request)).TableDescription!.TableName!;
  },
  ready: (call) => untilActive(call),
  updates: [
    {
      properties: ['billingMode', 'readCapacity', 'writeCapacity', 'tableClass', 'deletionProtectionEnabled'],
      apply: updateTable,
    },
    { properties: ['streamEnabled', 'streamViewType'], apply: updateStream },
    { properties: ['serverSideEncryption'], apply: updateEncryption },
    { properties: ['globalSecondaryIndexes', 'attributes'], apply: (call) => updateIndexes(call, untilActive) },
    { properties: ['ttl'], apply: updateTimeToLive },
    { properties: ['pointInTimeRecovery'], apply: updateRecovery },
  ],
  read: readTable,
  async delete(call) {
    const dynamodb = await call.aws.client('dynamodb');
    // A table that is still being made or changed cannot be deleted yet.
    await waitFor(`table ${call.id} to be free of other changes`, call, async () => {
      try {
        await unlessGone(dynamodb.deleteTable({ TableName: call.id }));
        return true;
      } catch (error) {
        if (error instanceof AwsFailure && error.code === 'ResourceInUseException') return undefined;
        throw error;
      }
    });
    await waitFor(`table ${call.id} to be gone`, call, async () => ((await describe(call)) ? undefined : true));
  },
};

function validate(inputs: PlainMap): readonly string[] {
  const given = asMaps(inputs.attributes).map(({ name }) => name);
  const indexes = [...asMaps(inputs.globalSecondaryIndexes), ...asMaps(inputs.localSecondaryIndexes)];
  const keys = [inputs, ...indexes].flatMap(({ hashKey, rangeKey }) => [hashKey, rangeKey]).filter((key) => key);
  const missing = keys.filter((key) => !given.includes(key as string));
  const unused = given.filter((name) => !keys.includes(name));
  const provisioned = inputs.billingMode !== 'PAY_PER_REQUEST';
  return [
    ...missing.map((key) => `attributes has no type for the key ${key}.`),
    ...unused.map((name) => `attributes are for keys only: no key or index uses ${name}.`),
    ...(provisioned && !(inputs.readCapacity && inputs.writeCapacity)
      ? ['readCapacity and writeCapacity are required, or billingMode PAY_PER_REQUEST.']
      : []),
    ...(inputs.streamEnabled === true && !inputs.streamViewType ? ['a stream needs streamViewType.'] : []),
  ];
}

function createRequest(inputs: PlainMap): CreateTableInput {
  const indexes = asMaps(inputs.globalSecondaryIndexes);
  const local = asMaps(inputs.localSecondaryIndexes);
  return {
    TableName: inputs.name as string,
    AttributeDefinitions: definitionsOf(inputs),
    KeySchema: keySchema(inputs),
    BillingMode: inputs.billingMode as 'PROVISIONED',
    ...throughputOf(inputs),
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes.map((one) => indexRequest(one, inputs)) }),
    ...(local.length > 0 && {
      LocalSecondaryIndexes: local.map((one) => indexRequest({ ...one, hashKey: inputs.hashKey }, {})),
    }),
    ...(inputs.streamEnabled === true && { StreamSpecification: streamOf(inputs) }),
    ...(inputs.serverSideEncryption && { SSESpecification: encryptionOf(inputs) }),
    TableClass: inputs.tableClass as 'STANDARD',
    ...(inputs.deletionProtectionEnabled === true && { DeletionProtectionEnabled: true }),
  };
}

function throughputOf({ billingMode, readCapacity, writeCapacity }: PlainMap) {
  if (billingMode === 'PAY_PER_REQUEST') return {};
  const capacity = { ReadCapacityUnits: readCapacity as number, WriteCapacityUnits: writeCapacity as number };
  return { ProvisionedThroughput: capacity };
}

function streamOf({ streamEnabled, streamViewType }: PlainMap) {
  if (streamEnabled !== true) return { StreamEnabled: false };
  return { StreamEnabled: true, StreamViewType: streamViewType as 'NEW_IMAGE' };
}

function encryptionOf({ serverSideEncryption }: PlainMap) {
  const { enabled, kmsKeyArn } = asMap(serverSideEncryption);
  if (enabled !== true) return { Enabled: false };
  return { Enabled: true, SSEType: 'KMS' as const, ...(asText(kmsKeyArn) && { KMSMasterKeyId: asText(kmsKeyArn)! }) };
}

async function untilActive(call: ExistingCall): Promise<void> {
  await waitFor(`table ${call.id} to be active`, call, async () => {
    const found = await describe(call);
    const indexes = found?.GlobalSecondaryIndexes?.every(({ IndexStatus }) => (IndexStatus ?? 'ACTIVE') === 'ACTIVE');
    return found?.TableStatus === 'ACTIVE' && indexes !== false ? true : undefined;
  });
}

async function update(call: ExistingCall, change: Omit<UpdateTableInput, 'TableName'>): Promise<void> {
  await (await call.aws.client('dynamodb')).updateTable({ TableName: call.id, ...change });
  await untilActive(call);
}

/** The API takes one kind of change a call, and refuses one that changes nothing. */
async function updateTable(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const { inputs, old } = call;
  const changed = (...keys: readonly string[]) => keys.some((key) => (inputs[key] ?? null) !== (old[key] ?? null));
  if (changed('deletionProtectionEnabled'))
    await update(call, { DeletionProtectionEnabled: inputs.deletionProtectionEnabled === true });
  if (changed('tableClass')) await update(call, { TableClass: inputs.tableClass as 'STANDARD' });
  if (changed('billingMode', 'readCapacity', 'writeCapacity')) {
    const BillingMode = inputs.billingMode as 'PROVISIONED';
    await update(call, { ...(changed('billingMode') && { BillingMode }), ...throughputOf(inputs) });
  }
}

async function updateStream(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  // What a stream shows cannot be changed: it ends, and another begins.
  if (call.old.streamEnabled === true) await update(call, { StreamSpecification: { StreamEnabled: false } });
  if (call.inputs.streamEnabled === true) await update(call, { StreamSpecification: streamOf(call.inputs) });
}

async function updateEncryption(call: ExistingCall): Promise<void> {
  await update(call, { SSESpecification: encryptionOf(call.inputs) });
}

async function updateTimeToLive(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const dynamodb = await call.aws.client('dynamodb');
  const [old, next] = [asMap(call.old.ttl), asMap(call.inputs.ttl)];
  const AttributeName = asText(next.attributeName) ?? asText(old.attributeName);
  const Enabled = next.enabled === true;
  if (!AttributeName || Enabled === (old.enabled === true)) return;
  await dynamodb.updateTimeToLive({ TableName: call.id, TimeToLiveSpecification: { AttributeName, Enabled } });
}

async function updateRecovery(call: ExistingCall): Promise<void> {
  const dynamodb = await call.aws.client('dynamodb');
  const { enabled, recoveryPeriodInDays: days } = asMap(call.inputs.pointInTimeRecovery);
  const PointInTimeRecoverySpecification = {
    PointInTimeRecoveryEnabled: enabled === true,
    ...(enabled === true && typeof days === 'number' && { RecoveryPeriodInDays: days }),
  };
  await waitFor(`backups of table ${call.id} to be possible`, call, async () => {
    try {
      await dynamodb.updateContinuousBackups({ TableName: call.id, PointInTimeRecoverySpecification });
      return true;
    } catch (error) {
      if (error instanceof AwsFailure && error.code === 'ContinuousBackupsUnavailableException') return undefined;
      throw error;
    }
  });
}

async function describe({ aws, id }: ExistingCall): Promise<TableDescription | undefined> {
  return (await unlessGone((await aws.client('dynamodb')).describeTable({ TableName: id })))?.Table;
}

async function readTable(call: ExistingCall): Promise<PlainMap | undefined> {
  const found = await describe(call);
  if (!found || found.TableStatus === 'DELETING') return undefined;
  const dynamodb = await call.aws.client('dynamodb');
  const [tags, ttl, backups] = await Promise.all([
    dynamodb.listTagsOfResource({ ResourceArn: found.TableArn }),
    dynamodb.describeTimeToLive({ TableName: call.id }),
    dynamodb.describeContinuousBackups({ TableName: call.id }),
  ]);
  const { AttributeName, TimeToLiveStatus } = ttl.TimeToLiveDescription ?? {};
  const recovery = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
  return {
    ...settingsOutput(found),
    ttl: { attributeName: AttributeName ?? '', enabled: /^ENABL/.test(TimeToLiveStatus ?? '') },
    pointInTimeRecovery: {
      enabled: recovery?.PointInTimeRecoveryStatus === 'ENABLED',
      ...(recovery?.RecoveryPeriodInDays && { recoveryPeriodInDays: recovery.RecoveryPeriodInDays }),
    },
    tags: fromTagList(tags.Tags),
  };
}

function settingsOutput(found: TableDescription): PlainMap {
  const key = (type: string, keys = found.KeySchema) => keys?.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const stream = found.StreamSpecification;
  const encrypted = found.SSEDescription?.Status === 'ENABLED';
  return {
    name: found.TableName,
    attributes: (found.AttributeDefinitions ?? []).map(
      ({ AttributeName, AttributeType }): Plain => ({ name: AttributeName ?? '', type: AttributeType ?? '' }),
    ),
    hashKey: key('HASH'),
    rangeKey: key('RANGE'),
    billingMode: found.BillingModeSummary?.BillingMode ?? 'PROVISIONED',
    readCapacity: found.ProvisionedThroughput?.ReadCapacityUnits ?? 0,
    writeCapacity: found.ProvisionedThroughput?.WriteCapacityUnits ?? 0,
    globalSecondaryIndexes: indexesOutput(found),
    localSecondaryIndexes: localIndexesOutput(found),
    streamEnabled: stream?.StreamEnabled ?? false,
    streamViewType: stream?.StreamEnabled ? stream.StreamViewType : undefined,
    tableClass: found.TableClassSummary?.TableClass ?? 'STANDARD',
    deletionProtectionEnabled: found.DeletionProtectionEnabled ?? false,
    serverSideEncryption: {
      enabled: encrypted,
      ...(encrypted && { kmsKeyArn: found.SSEDescription?.KMSMasterKeyArn ?? '' }),
    },
    arn: found.TableArn,
    streamArn: found.LatestStreamArn,
    streamLabel: found.LatestStreamLabel,
  };
}
