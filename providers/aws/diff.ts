import type { DiffKind, DiffResponse, PropertyDiff } from '../../protocol/provider.ts';
import { canonical, isNothing, isZero, sortKeys } from './canonical.ts';
import type { AwsConfiguration } from './configuration.ts';
import type { Plain, PlainMap, PropertyRule, ResourceDefinition } from './definition.ts';
import { asMap } from './plain-values.ts';
import { allTagsOf } from './tags.ts';

interface DiffCase {
  readonly definition: ResourceDefinition;
  readonly oldInputs: PlainMap;
  readonly oldOutputs: PlainMap;
  readonly newInputs: PlainMap;
  readonly ignoreChanges: readonly string[];
  readonly configuration: AwsConfiguration;
}

/** Which properties differ, and which of them make a new resource: the table's `replaces`. */
export function diffInputs(diff: DiffCase): DiffResponse {
  const { definition, newInputs } = diff;
  const changed = Object.entries(definition.properties).filter(
    ([key, rule]) =>
      !rule.output && !diff.ignoreChanges.includes(key) && differs(rule, oldValue(diff, key), newInputs[key]),
  );
  const details = changed.map(([key, rule]): [string, PropertyDiff] => [
    key,
    { kind: kindOf(rule, changeOf(diff, key)), inputDiff: true },
  ]);
  if (tagsDiffer(diff)) details.push(['tagsAll', { kind: 'update', inputDiff: false }]);
  const replaces = changed.filter(([key, rule]) => isReplacing(rule, changeOf(diff, key))).map(([key]) => key);
  return {
    changes: details.length > 0 ? 'some' : 'none',
    replaces,
    stables: Object.entries(definition.properties).flatMap(([key, rule]) =>
      rule.replaces === true || key === 'arn' ? [key] : [],
    ),
    deleteBeforeReplace: replaces.length > 0 && replacementCollides(diff),
    diffs: details.map(([key]) => key),
    detailedDiff: Object.fromEntries(details),
  };
}

/** A region that was the provider's own is none that the program leaves when it says so. */
function oldValue({ oldInputs, oldOutputs }: DiffCase, key: string): Plain | undefined {
  return key === 'region' ? (oldInputs.region ?? oldOutputs.region) : oldInputs[key];
}

/** A property that the program leaves to AWS is no difference; a value that is not known yet is one. */
function differs(rule: PropertyRule, old: Plain | undefined, next: Plain | undefined): boolean {
  if (isNothing(next) && (rule.computed || isNothing(old))) return false;
  // Nothing and an empty list, an empty text or false are the same where AWS chooses nothing by itself.
  if (!rule.computed && isZero(old ?? null) && isZero(next ?? null)) return false;
  return JSON.stringify(canonical(rule, old)) !== JSON.stringify(canonical(rule, next));
}

interface Change {
  readonly old: Plain | undefined;
  readonly next: Plain | undefined;
  readonly oldInputs: PlainMap;
}

function changeOf(diff: DiffCase, key: string): Change {
  return { old: oldValue(diff, key), next: diff.newInputs[key], oldInputs: diff.oldInputs };
}

function kindOf(rule: PropertyRule, change: Change): DiffKind {
  const kind = isNothing(change.old) ? 'add' : isNothing(change.next) ? 'delete' : 'update';
  return isReplacing(rule, change) ? `${kind}-replace` : kind;
}

function isReplacing({ replaces, writeOnly }: PropertyRule, { old, next, oldInputs }: Change): boolean {
  // What was imported has no value for it: nobody knows that it is another one.
  if (writeOnly && isNothing(old)) return false;
  return typeof replaces === 'function' ? replaces(old, next, oldInputs) : replaces === true;
}

/** For `replaces` of a structure: a change of any of these parts makes a new resource; parts that the program leaves out do not. */
export function partsReplace(...names: readonly string[]) {
  return (old: Plain | undefined, next: Plain | undefined): boolean =>
    names.some((name) => {
      const wanted = asMap(next)[name];
      return (
        !isNothing(wanted) && JSON.stringify(sortKeys(wanted!)) !== JSON.stringify(sortKeys(asMap(old)[name] ?? null))
      );
    });
}

/** Default tags of the provider changed, while the resource's own did not. */
function tagsDiffer({ definition, oldOutputs, newInputs, configuration, ignoreChanges }: DiffCase): boolean {
  if (!definition.tags || oldOutputs.tagsAll === undefined || ignoreChanges.includes('tagsAll')) return false;
  const wanted = allTagsOf(newInputs.tags, configuration);
  return JSON.stringify(sortKeys(wanted)) !== JSON.stringify(sortKeys(oldOutputs.tagsAll ?? {}));
}

/** The new one would have the same name, or the table says that two cannot exist side by side. */
function replacementCollides({ definition, oldInputs, newInputs }: DiffCase): boolean {
  const named = definition.autoname?.property;
  return (
    definition.deleteBeforeReplace === true ||
    (named !== undefined && oldInputs[named] !== undefined && oldInputs[named] === newInputs[named])
  );
}
