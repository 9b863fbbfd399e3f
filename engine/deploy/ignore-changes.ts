import { parsePath, resetPath } from '../../protocol/property-path.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Reporter } from './reporter.ts';

/**
 * The new inputs with the old values at the ignored paths (facts 3.2, 6). Where a path only exists on one side there is nothing to
 * set back: the user is told, and the new value stays.
 */
export function ignoreChanges(
  reporter: Pick<Reporter, 'info'>,
  change: {
    readonly urn: string;
    readonly news: PropertyMap;
    readonly olds: PropertyMap;
    readonly paths: readonly string[];
  },
): PropertyMap {
  let result = change.news;
  const impossible: string[] = [];
  for (const text of change.paths) {
    const path = parsedOrUndefined(text);
    if (!path) continue;
    const reset = resetPath(path, change.olds, result);
    if (reset === undefined) impossible.push(text);
    else result = reset as PropertyMap;
  }
  if (impossible.length > 0) {
    reporter.info(
      change.urn,
      `cannot ignore changes in added or removed elements of the path: "${impossible.join(', ')}"`,
    );
  }
  return result;
}

/** A path that does not parse ignores nothing, as in the official engine. */
function parsedOrUndefined(text: string): ReturnType<typeof parsePath> | undefined {
  try {
    return parsePath(text);
  } catch {
    return undefined;
  }
}
