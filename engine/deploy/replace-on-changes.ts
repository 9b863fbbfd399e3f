import { containsPath, parsePath } from '../../protocol/property-path.ts';
import type { DiffKind, DiffResponse, PropertyDiff } from '../../protocol/provider.ts';

/** Matches a failed initialization in `replaceOnChanges`. */
const initErrorKey = '#initerror';

const replacingKind: Readonly<Record<DiffKind, DiffKind>> = {
  add: 'add-replace',
  'add-replace': 'add-replace',
  delete: 'delete-replace',
  'delete-replace': 'delete-replace',
  update: 'update-replace',
  'update-replace': 'update-replace',
};

/** Whether a difference means replacement: by keys, or by the kind of a detailed difference. */
export function isReplacement(diff: DiffResponse): boolean {
  if (diff.replaces.length > 0) return true;
  return Object.values(diff.detailedDiff ?? {}).some(({ kind }) => kind.endsWith('-replace'));
}

/** Turns differences under the `replaceOnChanges` paths of a resource into replacements (facts 3.3). */
export function applyReplaceOnChanges(
  diff: DiffResponse,
  replaceOnChanges: readonly string[],
  hasInitErrors: boolean,
): DiffResponse {
  if (diff.changes !== 'some' && !hasInitErrors) return diff;
  const paths = replaceOnChanges.map(parsePath);
  const isCovered = (text: string): boolean => paths.some((path) => containsPath(path, parsePath(text)));
  const initErrorReplaces = hasInitErrors && isCovered(initErrorKey);

  const detailed = diff.detailedDiff && mapDetailedDiff(diff.detailedDiff, isCovered);
  if (initErrorReplaces && detailed) detailed[initErrorKey] = { kind: 'update-replace', inputDiff: false };
  const replaces = new Set([...diff.replaces, ...diff.diffs.filter(isCovered)]);
  if (initErrorReplaces) replaces.add(initErrorKey);
  return {
    ...diff,
    changes: initErrorReplaces ? 'some' : diff.changes,
    replaces: [...replaces],
    detailedDiff: detailed,
  };
}

function mapDetailedDiff(
  detailed: Readonly<Record<string, PropertyDiff>>,
  isCovered: (path: string) => boolean,
): Record<string, PropertyDiff> {
  return Object.fromEntries(
    Object.entries(detailed).map(([path, difference]) => [
      path,
      isCovered(path) ? { ...difference, kind: replacingKind[difference.kind] } : difference,
    ]),
  );
}
