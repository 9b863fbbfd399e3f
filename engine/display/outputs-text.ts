import { diffProperties } from '../../protocol/property-diff.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { diffLines, type PropertyStyle, propertyLines } from './property-text.ts';

/**
 * Lines of the stack's outputs: what changed, and after an update those that did not too. Empty where there is nothing to say.
 */
export function outputLines(
  olds: PropertyMap,
  news: PropertyMap,
  options: { readonly preview: boolean; readonly style: PropertyStyle },
): string[] {
  const diff = diffProperties(olds, news);
  const changed = diff ? diffLines(diff, 1, options.style) : [];
  if (options.preview) return changed;
  const sames = diff ? diff.sames : news;
  return [...changed, ...propertyLines(sames, 1, options.style)];
}
