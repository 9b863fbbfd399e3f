import { type ArrayDiff, diffProperties, type ObjectDiff, type ValueDiff } from '../../protocol/property-diff.ts';
import {
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Unknown,
} from '../../protocol/property-value.ts';
import { diffLines, type PropertyStyle, propertyLines } from './property-text.ts';

/**
 * Lines of the stack's outputs. Of a new stack (`olds` undefined) all of them; else what changed, and after an update also those that
 * did not. Empty where there is nothing to say.
 */
export function outputLines(
  olds: PropertyMap | undefined,
  news: PropertyMap,
  options: { readonly preview: boolean; readonly style: PropertyStyle },
): string[] {
  const { preview, style } = options;
  const diff = olds && diffProperties(olds, news);
  if (!diff) return preview && olds ? [] : propertyLines(preview ? withoutMarks(news) : news, 1, style);
  return diffLines(preview ? foreseen(diff) : diff, 1, style, preview ? {} : diff.sames);
}

/** In previews the SDK marks the objects that stand for exported resources: nobody wants to see that. */
const RESOURCE_MARK = '@isPulumiResource';

function withoutMarks(map: PropertyMap): PropertyMap {
  const shown = Object.entries(map).filter(([key]) => key !== RESOURCE_MARK);
  return Object.fromEntries(shown.map(([key, value]) => [key, withoutMark(value)]));
}

function withoutMark(value: PropertyValue): PropertyValue {
  if (isPropertyArray(value)) return value.map(withoutMark);
  return isPropertyMap(value) ? withoutMarks(value) : value;
}

/** What a preview cannot know may well stay as it is, at any depth, and so do unknown properties of an exported resource. */
function foreseen({ adds, updates, ...others }: ObjectDiff): ObjectDiff {
  const isResource = RESOURCE_MARK in adds;
  const added = Object.entries(withoutMarks(adds)).filter(([, value]) => !(isResource && isUnknown(value)));
  const changed = Object.entries(updates)
    .map(([key, update]) => [key, foreseenUpdate(update)] as const)
    .filter((entry): entry is readonly [string, ValueDiff] => entry[1] !== undefined);
  return { ...others, adds: Object.fromEntries(added), updates: Object.fromEntries(changed) };
}

/** undefined: nothing is left of it. */
function foreseenUpdate(update: ValueDiff): ValueDiff | undefined {
  if (isUnknown(update.new)) return undefined;
  if (update.array) {
    const array = foreseenItems(update.array);
    return array.adds.size + array.deletes.size + array.updates.size === 0 ? undefined : { ...update, array };
  }
  if (!update.object) return update;
  const object = foreseen(update.object);
  const { adds, deletes, updates } = object;
  return Object.keys({ ...adds, ...deletes, ...updates }).length === 0 ? undefined : { ...update, object };
}

function foreseenItems({ adds, updates, ...others }: ArrayDiff): ArrayDiff {
  const changed = [...updates]
    .map(([index, update]) => [index, foreseenUpdate(update)] as const)
    .filter((entry): entry is readonly [number, ValueDiff] => entry[1] !== undefined);
  return {
    ...others,
    adds: new Map([...adds].map(([index, value]) => [index, withoutMark(value)])),
    updates: new Map(changed),
  };
}

function isUnknown(value: PropertyValue): boolean {
  return value instanceof Unknown || (value instanceof Output && value.value === undefined);
}
