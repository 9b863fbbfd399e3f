import type { PropertyMap, PropertyValue } from '../../protocol/property-value.ts';
import { Asset, isPropertyArray, isPropertyMap, Output, Secret, Unknown } from '../../protocol/property-value.ts';
import type { CheckFailure } from '../../protocol/provider.ts';
import type { Plain, PlainMap, PropertyRule, ResourceDefinition } from './definition.ts';
import { autoname } from './naming.ts';

/** What stands for an unknown value in plain data: never sent anywhere, only looked at by rules that must let it pass. */
export const UNKNOWN_TEXT = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Plain data of a value: marks taken off, unknowns as `UNKNOWN_TEXT`. */
export function plain(value: PropertyValue | undefined): Plain {
  if (value === undefined || value === null) return null;
  if (value instanceof Secret) return plain(value.value);
  if (value instanceof Output) return value.value === undefined ? UNKNOWN_TEXT : plain(value.value);
  if (value instanceof Unknown) return UNKNOWN_TEXT;
  if (value instanceof Asset) return value.source && 'text' in value.source ? value.source.text : value.hash;
  if (isPropertyArray(value)) return value.map(plain);
  return isPropertyMap(value) ? plainMap(value) : scalarOrNull(value);
}

function scalarOrNull(value: PropertyValue): Plain {
  return typeof value === 'object' ? null : value;
}

export function plainMap(map: PropertyMap): PlainMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, plain(value)]));
}

export function isUnknown(value: Plain | undefined): boolean {
  return value === UNKNOWN_TEXT;
}

interface CheckCase {
  readonly definition: ResourceDefinition;
  readonly name: string;
  readonly olds: PropertyMap;
  readonly news: PropertyMap;
  readonly seed: Uint8Array | undefined;
}

/** Inputs with defaults and a name of its own filled in, and all that is wrong with them. */
export function checkInputs(check: CheckCase): {
  readonly inputs: PropertyMap;
  readonly failures: readonly CheckFailure[];
} {
  const { definition, news } = check;
  const inputs: Record<string, PropertyValue> = { ...news };
  for (const [key, rule] of Object.entries(definition.properties)) {
    if (rule.default !== undefined && isAbsent(inputs[key])) inputs[key] = rule.default as PropertyValue;
    if (rule.secret && !isAbsent(inputs[key]) && !(inputs[key] instanceof Secret))
      inputs[key] = new Secret(inputs[key]!);
  }
  fillName(check, inputs);
  const failures = Object.entries(inputs).flatMap(([key, value]) => checkProperty(definition, key, value));
  const missing = Object.entries(definition.properties).filter(([key, rule]) => rule.required && isAbsent(inputs[key]));
  failures.push(...missing.map(([property]) => ({ property, reason: `"${property}" is required.` })));
  const plainInputs = plainMap(inputs);
  if (failures.length === 0)
    failures.push(...validate(definition, plainInputs).map((reason) => ({ property: '', reason })));
  return { inputs, failures };
}

/** A rule that looked at what nobody knows yet says nothing: the same rule looks again when it is known. */
function validate(definition: ResourceDefinition, inputs: PlainMap): readonly string[] {
  let guessed = false;
  const watched = new Proxy(inputs, {
    get: (target, key) => {
      const value = target[key as string];
      guessed ||= JSON.stringify(value)?.includes(UNKNOWN_TEXT) ?? false;
      return value;
    },
  });
  const failures = definition.validate?.(watched) ?? [];
  return guessed ? [] : failures;
}

function isAbsent(value: PropertyValue | undefined): boolean {
  return value === undefined || value === null;
}

/** An old name stays: a new random one would replace the resource. */
function fillName({ definition, name, olds, seed }: CheckCase, inputs: Record<string, PropertyValue>): void {
  const rule = definition.autoname;
  if (!rule || !isAbsent(inputs[rule.property])) return;
  const prefix = definition.properties[`${rule.property}Prefix`] && inputs[`${rule.property}Prefix`];
  const old = olds[rule.property];
  const base = typeof prefix === 'string' ? prefix.replace(/-$/, '') : name;
  inputs[rule.property] = typeof old === 'string' ? old : autoname(rule, base, { seed, inputs: plainMap(inputs) });
}

function checkProperty(definition: ResourceDefinition, property: string, value: PropertyValue): CheckFailure[] {
  if (property.startsWith('__') || isAbsent(value)) return [];
  const rule = definition.properties[property];
  if (!rule)
    return [
      {
        property,
        reason: `"${property}" is not served for ${definition.type} by this provider. Use the official aws plugin for it.`,
      },
    ];
  if (rule.output) return [{ property, reason: `"${property}" is set by AWS and cannot be given.` }];
  const found = plain(value);
  if (isUnknown(found)) return [];
  const kindFailure = checkKind(rule, found);
  if (kindFailure) return [{ property, reason: `"${property}" ${kindFailure}` }];
  const strange = strangePart(rule, property, found);
  if (strange)
    return [
      { property, reason: `"${strange}" is not served for ${definition.type} by this provider. Check its name.` },
    ];
  if (rule.oneOf && typeof found === 'string' && !rule.oneOf.includes(found)) {
    return [{ property, reason: `"${property}" is none of ${rule.oneOf.join(', ')}: ${JSON.stringify(found)}.` }];
  }
  return rule.json && typeof found === 'string' ? checkJson(property, found) : [];
}

/** A part that the API would not be told of: it must not be passed over in silence. */
function strangePart({ parts }: PropertyRule, path: string, value: Plain): string | undefined {
  if (!parts) return undefined;
  const structures = Array.isArray(value) ? value : [value];
  const names = structures.flatMap((one) => (isObject(one) ? Object.keys(one as PlainMap) : []));
  const strange = names.find((name) => !parts.includes(name));
  return strange && `${path}.${strange}`;
}

function checkKind(rule: PropertyRule, value: Plain): string | undefined {
  const kinds: Readonly<Record<PropertyRule['kind'], boolean>> = {
    string: typeof value === 'string',
    boolean: typeof value === 'boolean',
    number: typeof value === 'number',
    list: Array.isArray(value),
    map: isObject(value),
    object: isObject(value),
  };
  return kinds[rule.kind]
    ? undefined
    : `must be a ${rule.kind}, not ${rule.secret ? 'what was given' : JSON.stringify(value)}.`;
}

function isObject(value: Plain): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkJson(property: string, text: string): CheckFailure[] {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    return text.includes(UNKNOWN_TEXT)
      ? []
      : [{ property, reason: `"${property}" is not JSON: ${(error as Error).message}.` }];
  }
}
