import { equalValues, hasValue } from './property-equality.ts';
import { formatPath, type PropertyPath } from './property-path.ts';
import { isPropertyArray, isPropertyMap, memberOf, type PropertyMap, type PropertyValue } from './property-value.ts';
import type { PropertyDiff } from './provider.ts';

/** How one value became another. `object` or `array` is set where both are objects or lists. */
export interface ValueDiff {
  readonly old: PropertyValue;
  readonly new: PropertyValue;
  readonly object?: ObjectDiff;
  readonly array?: ArrayDiff;
}

export interface ObjectDiff {
  readonly adds: PropertyMap;
  readonly deletes: PropertyMap;
  readonly sames: PropertyMap;
  readonly updates: Readonly<Record<string, ValueDiff>>;
}

/** Lists are compared place by place; keys are indices. */
export interface ArrayDiff {
  readonly adds: ReadonlyMap<number, PropertyValue>;
  readonly deletes: ReadonlyMap<number, PropertyValue>;
  readonly sames: ReadonlyMap<number, PropertyValue>;
  readonly updates: ReadonlyMap<number, ValueDiff>;
}

/**
 * What changed from `olds` to `news`, undefined for nothing; properties for which `ignore` is true are left out at every level
 * (`PropertyMap.Diff`, sdk/go/common/resource/properties_diff.go). A null property is an absent one.
 */
export function diffProperties(
  olds: PropertyMap,
  news: PropertyMap,
  ignore: (key: string) => boolean = () => false,
): ObjectDiff | undefined {
  const adds: Record<string, PropertyValue> = {};
  const deletes: Record<string, PropertyValue> = {};
  const sames: Record<string, PropertyValue> = {};
  const updates: Record<string, ValueDiff> = {};
  for (const [key, old] of Object.entries(olds)) {
    if (ignore(key)) continue;
    const next = memberOf(news, key);
    if (next === undefined) {
      if (hasValue(old)) deletes[key] = old;
      continue;
    }
    const diff = diffValues(old, next, ignore);
    if (!diff) sames[key] = old;
    else if (!hasValue(old)) adds[key] = next;
    else if (!hasValue(next)) deletes[key] = old;
    else updates[key] = diff;
  }
  for (const [key, next] of Object.entries(news))
    if (!ignore(key) && !Object.hasOwn(olds, key) && hasValue(next)) adds[key] = next;
  const changed = [adds, deletes, updates].some((part) => Object.keys(part).length > 0);
  return changed ? { adds, deletes, sames, updates } : undefined;
}

/** As `diffProperties`, for any two values. */
export function diffValues(
  old: PropertyValue,
  next: PropertyValue,
  ignore: (key: string) => boolean = () => false,
): ValueDiff | undefined {
  if (isPropertyArray(old) && isPropertyArray(next)) {
    const array = diffArrays(old, next, ignore);
    return array && { old, new: next, array };
  }
  if (isPropertyMap(old) && isPropertyMap(next)) {
    const object = diffProperties(old, next, ignore);
    return object && { old, new: next, object };
  }
  return equalValues(old, next) ? undefined : { old, new: next };
}

function diffArrays(
  old: readonly PropertyValue[],
  next: readonly PropertyValue[],
  ignore: (key: string) => boolean,
): ArrayDiff | undefined {
  const sames = new Map<number, PropertyValue>();
  const updates = new Map<number, ValueDiff>();
  const common = Math.min(old.length, next.length);
  for (let index = 0; index < common; index += 1) {
    const diff = diffValues(old[index]!, next[index]!, ignore);
    if (diff) updates.set(index, diff);
    else sames.set(index, old[index]!);
  }
  const adds = new Map(next.slice(common).map((value, index) => [common + index, value]));
  const deletes = new Map(old.slice(common).map((value, index) => [common + index, value]));
  return adds.size + deletes.size + updates.size > 0 ? { adds, deletes, sames, updates } : undefined;
}

/** The leaves of a difference by property path, as providers give a detailed diff (sdk/go/common/resource/plugin/provider.go). */
export function detailedDiffOf(
  diff: ObjectDiff | undefined,
  options: { readonly inputDiff: boolean },
): Record<string, PropertyDiff> {
  const detailed: Record<string, PropertyDiff> = {};
  const add = (path: PropertyPath, kind: PropertyDiff['kind']) => {
    detailed[formatPath(path)] = { kind, inputDiff: options.inputDiff };
  };
  if (diff) addObject(diff, [], add);
  return detailed;
}

type Add = (path: PropertyPath, kind: 'add' | 'delete' | 'update') => void;

function addObject(diff: ObjectDiff, prefix: PropertyPath, add: Add): void {
  for (const [key, value] of Object.entries(diff.updates)) addValue(value, [...prefix, key], add);
  for (const key of Object.keys(diff.adds)) add([...prefix, key], 'add');
  for (const key of Object.keys(diff.deletes)) add([...prefix, key], 'delete');
}

function addValue(diff: ValueDiff, path: PropertyPath, add: Add): void {
  if (diff.object) addObject(diff.object, path, add);
  else if (diff.array) addArray(diff.array, path, add);
  else add(path, !hasValue(diff.old) ? 'add' : hasValue(diff.new) ? 'update' : 'delete');
}

function addArray(diff: ArrayDiff, path: PropertyPath, add: Add): void {
  for (const [index, value] of diff.updates) addValue(value, [...path, index], add);
  for (const index of diff.adds.keys()) add([...path, index], 'add');
  for (const index of diff.deletes.keys()) add([...path, index], 'delete');
}
