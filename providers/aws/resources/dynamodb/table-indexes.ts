import type { GlobalSecondaryIndexUpdate, KeySchemaElement, TableDescription } from '@aws-sdk/client-dynamodb';
import type { ExistingCall, PlainMap } from '../../definition.ts';
import { asList, asMaps, asText } from '../../plain-values.ts';

/** Types of the keys. */
export function definitionsOf(inputs: PlainMap) {
  return asMaps(inputs.attributes).map(({ name, type }) => ({
    AttributeName: name as string,
    AttributeType: type as 'S',
  }));
}

/** The keys of a table or an index. */
export function keySchema({ hashKey, rangeKey }: PlainMap): KeySchemaElement[] {
  const hash = { AttributeName: hashKey as string, KeyType: 'HASH' as const };
  return asText(rangeKey) ? [hash, { AttributeName: asText(rangeKey)!, KeyType: 'RANGE' }] : [hash];
}

/** An index as a create call takes it; capacity only where the table itself has one. */
export function indexRequest(index: PlainMap, { billingMode }: PlainMap) {
  const { readCapacity, writeCapacity } = index;
  const others = asList(index.nonKeyAttributes);
  const capacity = { ReadCapacityUnits: readCapacity as number, WriteCapacityUnits: writeCapacity as number };
  return {
    IndexName: index.name as string,
    KeySchema: keySchema(index),
    Projection: {
      ProjectionType: index.projectionType as 'ALL',
      ...(others.length > 0 && { NonKeyAttributes: [...others] }),
    },
    ...(billingMode !== 'PAY_PER_REQUEST' && readCapacity && writeCapacity && { ProvisionedThroughput: capacity }),
  };
}

export function indexesOutput({
  GlobalSecondaryIndexes = [],
  BillingModeSummary,
}: TableDescription): readonly PlainMap[] {
  const provisioned = BillingModeSummary?.BillingMode !== 'PAY_PER_REQUEST';
  return GlobalSecondaryIndexes.map(({ ProvisionedThroughput, ...index }) => ({
    ...indexOutput(index),
    hashKey: index.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '',
    ...(provisioned && {
      readCapacity: ProvisionedThroughput?.ReadCapacityUnits ?? 0,
      writeCapacity: ProvisionedThroughput?.WriteCapacityUnits ?? 0,
    }),
  }));
}

export function localIndexesOutput({ LocalSecondaryIndexes = [] }: TableDescription): readonly PlainMap[] {
  return LocalSecondaryIndexes.map(indexOutput);
}

function indexOutput(index: NonNullable<TableDescription['LocalSecondaryIndexes']>[number]): PlainMap {
  const rangeKey = index.KeySchema?.find(({ KeyType }) => KeyType === 'RANGE')?.AttributeName;
  const others = index.Projection?.NonKeyAttributes ?? [];
  return {
    name: index.IndexName ?? '',
    ...(rangeKey && { rangeKey }),
    projectionType: index.Projection?.ProjectionType ?? '',
    ...(others.length > 0 && { nonKeyAttributes: others }),
  };
}

/** Deletes, makes and resizes indexes one after the other: the API takes one that is made or deleted a call. */
export async function updateIndexes(
  call: ExistingCall & { readonly old: PlainMap },
  untilActive: (call: ExistingCall) => Promise<void>,
): Promise<void> {
  const dynamodb = await call.aws.client('dynamodb');
  for (const change of indexChanges(call)) {
    const AttributeDefinitions = definitionsOf(call.inputs);
    const GlobalSecondaryIndexUpdates = [change];
    await dynamodb.updateTable({ TableName: call.id, AttributeDefinitions, GlobalSecondaryIndexUpdates });
    await untilActive(call);
  }
}

function indexChanges({
  old,
  inputs,
}: {
  readonly old: PlainMap;
  readonly inputs: PlainMap;
}): GlobalSecondaryIndexUpdate[] {
  const before = new Map(asMaps(old.globalSecondaryIndexes).map((one) => [one.name, one]));
  const after = new Map(asMaps(inputs.globalSecondaryIndexes).map((one) => [one.name, one]));
  const changes: GlobalSecondaryIndexUpdate[] = [];
  for (const [name, index] of before) {
    const next = after.get(name);
    if (!next || shape(next) !== shape(index)) changes.push({ Delete: { IndexName: name as string } });
  }
  for (const [name, index] of after) {
    const previous = before.get(name);
    const request = indexRequest(index, inputs);
    if (!previous || shape(previous) !== shape(index)) changes.push({ Create: request });
    else if (JSON.stringify(previous) !== JSON.stringify(index) && request.ProvisionedThroughput) {
      const { ProvisionedThroughput } = request;
      changes.push({ Update: { IndexName: name as string, ProvisionedThroughput } });
    }
  }
  return changes;
}

/** What cannot be changed of an index. */
function shape({ hashKey, rangeKey, projectionType, nonKeyAttributes }: PlainMap): string {
  return JSON.stringify([hashKey, rangeKey, projectionType, [...asList(nonKeyAttributes)].sort()]);
}
