import {
  isFields,
  isList,
  type KubeFields,
  type KubeObject,
  type KubeValue,
  managedFieldsOf,
  sameValue,
} from './object.ts';

/**
 * What is left in the cluster of what was asked for, so that its difference to `inputs` is what an update would change back, and
 * nothing else. A field that is in the cluster as it was after the last update keeps the spelling of `inputs` (the server may have
 * another); one that has changed since has the new value; one that is gone is left out. What others have added beside is theirs:
 * fields that the program does not set, and items of lists that the server keeps by key (the managed fields tell which).
 */
export function liveInputs(inputs: KubeObject, recorded: KubeObject, live: KubeObject): KubeObject {
  const ownership = managedFieldsOf(live).map((entry) => entry.fieldsV1 ?? {});
  return remaining(inputs, recorded, live, ownership) as KubeObject;
}

type Ownership = readonly KubeFields[];

function remaining(
  wanted: KubeValue,
  recorded: KubeValue | undefined,
  live: KubeValue | undefined,
  ownership: Ownership,
): KubeValue | undefined {
  if (live === undefined) return recorded === undefined ? wanted : undefined;
  if (isFields(wanted) && isFields(live))
    return remainingFields(wanted, isFields(recorded) ? recorded : {}, live, ownership);
  if (sameValue(recorded, live)) return wanted;
  if (isList(wanted) && isList(live)) return remainingItems(wanted, isList(recorded) ? recorded : [], live, ownership);
  return live;
}

function remainingFields(wanted: KubeFields, recorded: KubeFields, live: KubeFields, ownership: Ownership): KubeFields {
  const result: Record<string, KubeValue> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const left = remaining(value, recorded[name], live[name], within(ownership, `f:${name}`));
    if (left !== undefined) result[name] = left;
  }
  return result;
}

function remainingItems(
  wanted: readonly KubeValue[],
  recorded: readonly KubeValue[],
  live: readonly KubeValue[],
  ownership: Ownership,
): readonly KubeValue[] {
  const keys = mergeKeys(ownership);
  if (keys) return remainingByKey(wanted, recorded, live, { keys, ownership });
  if (isSet(ownership)) return wanted.filter((item) => live.some((other) => sameValue(item, other)));
  const items = live.map((item, index) => {
    if (index < wanted.length) return remaining(wanted[index]!, recorded[index], item, ownership);
    // What the server itself had added at the last update is not asked for.
    return sameValue(recorded[index], item) ? undefined : item;
  });
  return items.filter((item) => item !== undefined);
}

function remainingByKey(
  wanted: readonly KubeValue[],
  recorded: readonly KubeValue[],
  live: readonly KubeValue[],
  { keys, ownership }: { readonly keys: readonly string[]; readonly ownership: Ownership },
): readonly KubeValue[] {
  return wanted.flatMap((item) => {
    // Only the keys that the item names identify it: the server fills in others (a port's protocol).
    const named = keys.filter((key) => isFields(item) && item[key] !== undefined);
    const isSame = (other: KubeValue) =>
      isFields(item) && isFields(other) && named.every((key) => sameValue(item[key], other[key]));
    const current = live.find(isSame);
    const left = remaining(item, recorded.find(isSame), current, itemOwnership(ownership, current, keys));
    return left === undefined ? [] : [left];
  });
}

function within(ownership: Ownership, name: string): Ownership {
  return ownership.map((fields) => fields[name]).filter(isFields);
}

/** The names of the fields by which the server knows the items of a list; undefined where it does not. */
function mergeKeys(ownership: Ownership): readonly string[] | undefined {
  const key = ownership.flatMap((fields) => Object.keys(fields)).find((name) => name.startsWith('k:'));
  return key === undefined ? undefined : Object.keys(JSON.parse(key.slice(2)));
}

function isSet(ownership: Ownership): boolean {
  return ownership.some((fields) => Object.keys(fields).some((name) => name.startsWith('v:')));
}

function itemOwnership(ownership: Ownership, item: KubeValue | undefined, keys: readonly string[]): Ownership {
  if (!isFields(item)) return [];
  const isItem = (name: string) => {
    if (!name.startsWith('k:')) return false;
    const identity: KubeFields = JSON.parse(name.slice(2));
    return keys.every((key) => sameValue(identity[key], item[key]));
  };
  return ownership.flatMap((fields) =>
    Object.entries(fields)
      .filter(([name]) => isItem(name))
      .map(([, value]) => value)
      .filter(isFields),
  );
}
