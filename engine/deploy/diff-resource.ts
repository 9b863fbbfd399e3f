import { detailedDiffOf, diffProperties } from '../../protocol/property-diff.ts';
import { withoutSecrets } from '../../protocol/property-equality.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { DiffResponse, Provider } from '../../protocol/provider.ts';
import { ignoreChanges } from './ignore-changes.ts';
import type { Reporter } from './reporter.ts';
import { urnName } from './urn.ts';

export interface DiffQuestion {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly newInputs: PropertyMap;
  readonly ignoreChanges: readonly string[];
}

export const noDiff: DiffResponse = {
  changes: 'none',
  replaces: [],
  stables: [],
  deleteBeforeReplace: false,
  diffs: [],
};

/** There is a difference that comes from outside of the properties; `key` is what is blamed for a replacement. */
export function someDiff(key?: string): DiffResponse {
  return { ...noDiff, changes: 'some', replaces: key === undefined ? [] : [key] };
}

/** Asks the provider; where it cannot tell, the inputs are compared, leaving out marks of secrets and what is to be ignored. */
export async function diffResource(
  reporter: Reporter,
  provider: Pick<Provider, 'diff'>,
  question: DiffQuestion,
): Promise<DiffResponse> {
  const diff = await provider.diff({ ...question, name: urnName(question.urn) });
  if (diff.changes !== 'unknown') return diff;
  const news = ignoreChanges(reporter, {
    urn: question.urn,
    news: question.newInputs,
    olds: question.oldInputs,
    paths: question.ignoreChanges,
  });
  const difference = diffProperties(
    withoutSecrets(question.oldInputs) as PropertyMap,
    withoutSecrets(news) as PropertyMap,
  );
  if (!difference) return { ...diff, changes: 'none' };
  return {
    ...diff,
    changes: 'some',
    diffs: changedKeys(difference),
    detailedDiff: detailedDiffOf(difference, { inputDiff: true }),
  };
}

function changedKeys(difference: NonNullable<ReturnType<typeof diffProperties>>): string[] {
  const keys = [difference.adds, difference.deletes, difference.updates].flatMap((part) => Object.keys(part));
  return keys.sort();
}
