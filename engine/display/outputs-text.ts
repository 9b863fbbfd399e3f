import { diffProperties, type ObjectDiff } from '../../protocol/property-diff.ts';
import { Output, type PropertyMap, Unknown } from '../../protocol/property-value.ts';
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
  if (!diff) return preview && olds ? [] : propertyLines(news, 1, style);
  return diffLines(preview ? withoutUnknownUpdates(diff) : diff, 1, style, preview ? {} : diff.sames);
}

/** What a preview cannot know may well stay as it is. */
function withoutUnknownUpdates(diff: ObjectDiff): ObjectDiff {
  const known = Object.entries(diff.updates).filter(
    ([, update]) =>
      !(update.new instanceof Unknown || (update.new instanceof Output && update.new.value === undefined)),
  );
  return { ...diff, updates: Object.fromEntries(known) };
}
