import { isBuiltInGroup, isCustomResourceDefinition, isSecret, kindOfObject } from './kind.ts';
import {
  fieldsAt,
  hasUnknown,
  isFields,
  isList,
  type KubeFields,
  type KubeObject,
  type KubeValue,
  valueAt,
  withoutValueAt,
  withValueAt,
} from './object.ts';
import { canonicalQuantity } from './quantity.ts';

/** Metadata that the server sets and nobody else. */
const READ_ONLY_METADATA = [
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'uid',
];

/** Fields of built-in kinds whose values are quantities by name. */
const QUANTITY_MAPS = [
  'limits',
  'requests',
  'capacity',
  'allocatable',
  'hard',
  'default',
  'defaultRequest',
  'max',
  'min',
  'podFixed',
];
const QUANTITIES = ['sizeLimit', 'divisor', 'averageValue'];

/**
 * What is asked for, in the form in which the server gives it back, so that the same wish is no change: quantities in canonical form,
 * a Secret's `stringData` as `data`, read-only metadata left out. Custom resources and objects with unknowns stay as they are.
 */
export function normalizeInputs(object: KubeObject): KubeObject {
  return withoutReadOnly(
    !hasUnknown(object) && isBuiltInGroup(kindOfObject(object).group) ? normalizeBuiltIn(object) : object,
  );
}

function withoutReadOnly(object: KubeObject): KubeObject {
  return READ_ONLY_METADATA.reduce((result, name) => withoutValueAt(result, ['metadata', name]), object);
}

function normalizeBuiltIn(object: KubeObject): KubeObject {
  if (isSecret(object)) return normalizeSecret(object);
  if (isCustomResourceDefinition(object)) {
    const preserve = valueAt(object, 'spec', 'preserveUnknownFields') === false;
    const reduced = preserve ? withoutValueAt(object, ['spec', 'preserveUnknownFields']) : object;
    return withoutValueAt(reduced, ['status']);
  }
  const metadata = object.metadata;
  const normalized = normalizeFields(object);
  return metadata === undefined ? normalized : { ...normalized, metadata };
}

function normalizeSecret(object: KubeObject): KubeObject {
  const encoded: Record<string, KubeValue> = {};
  for (const [name, value] of Object.entries(fieldsAt(object, 'data')))
    encoded[name] = typeof value === 'string' ? canonicalBase64(value) : value;
  for (const [name, value] of Object.entries(fieldsAt(object, 'stringData')))
    encoded[name] = typeof value === 'string' ? Buffer.from(value, 'utf8').toString('base64') : value;
  if (Object.keys(encoded).length === 0) return object;
  return withValueAt(withoutValueAt(object, ['stringData']), ['data'], encoded);
}

/** A text that is no base64 stays: the server says what is wrong with it. */
function canonicalBase64(text: string): string {
  return /^[\sA-Za-z0-9+/]*={0,2}\s*$/.test(text) ? Buffer.from(text, 'base64').toString('base64') : text;
}

function normalizeValue(value: KubeValue): KubeValue {
  if (isList(value)) return value.map(normalizeValue);
  return isFields(value) ? normalizeFields(value) : value;
}

function normalizeFields(fields: KubeFields): KubeFields {
  const normalized: Record<string, KubeValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    // The typed objects of built-in kinds know no null.
    if (value === null) continue;
    if (QUANTITY_MAPS.includes(name) && isFields(value)) normalized[name] = normalizeQuantities(value);
    else if (QUANTITIES.includes(name)) normalized[name] = asQuantity(value);
    else normalized[name] = normalizeValue(value);
  }
  return normalized;
}

function normalizeQuantities(fields: KubeFields): KubeFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, asQuantity(value)]));
}

function asQuantity(value: KubeValue): KubeValue {
  return typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(String(value)) : value;
}
