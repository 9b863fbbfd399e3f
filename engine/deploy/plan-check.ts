import { equalValues, hasValue } from '../../protocol/property-equality.ts';
import {
  isPropertyArray,
  isPropertyMap,
  memberOf,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';
import type { CustomTimeouts } from '../../protocol/provider.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import { describeValue } from './describe-value.ts';
import type { Goal } from './goal.ts';
import type { GoalPlan, PlanDiff, ResourcePlan } from './plan.ts';
import type { ResourceState } from './resource-state.ts';
import { urnName } from './urn.ts';

interface Actual {
  readonly goal: Goal;
  readonly oldInputs: PropertyMap;
  readonly inputs: PropertyMap;
}

/** Why a registration is not what was planned; undefined where it is (facts 7). */
export function checkGoal(planned: ResourcePlan, actual: Actual): string | undefined {
  const { goal } = planned;
  if (!goal) return 'resource unexpectedly not deleted';
  return (
    checkOptions(goal, actual.goal) ??
    checkDependencies(goal, actual.goal) ??
    checkProperties(actual.oldInputs, actual.inputs, goal.inputDiff)
  );
}

/** A resource that the plan does not know must not change. */
export function checkUnplanned(old: ResourceState, inputs: PropertyMap, goal: Goal): string | undefined {
  const unchanged: GoalPlan = {
    type: old.type,
    name: urnName(old.urn),
    custom: old.custom,
    inputDiff: noChanges,
    outputDiff: noChanges,
    parent: old.parent,
    protect: old.protect,
    dependencies: old.dependencies,
    provider: old.provider,
    propertyDependencies: old.propertyDependencies,
    deleteBeforeReplace: undefined,
    ignoreChanges: [],
    additionalSecretOutputs: old.additionalSecretOutputs,
    aliases: old.aliases.map((urn) => ({ urn })),
    id: '',
    customTimeouts: old.customTimeouts,
  };
  const planned: ResourcePlan = { goal: unchanged, steps: [], outputs: {}, seed: undefined };
  return checkGoal(planned, { goal, oldInputs: old.inputs, inputs });
}

/** Why outputs that were registered are not what was planned. */
export function checkOutputs(planned: ResourcePlan, olds: PropertyMap, news: PropertyMap): string | undefined {
  return checkProperties(olds, news, planned.goal?.outputDiff ?? noChanges);
}

const noChanges: PlanDiff = { adds: {}, deletes: [], updates: {} };

function checkOptions(planned: GoalPlan, actual: Goal): string | undefined {
  if (planned.custom !== actual.custom) {
    return `resource kind changed (expected ${planned.custom ? 'custom' : 'component'})`;
  }
  if (!sameProvider(planned.provider, actual.provider)) return `provider changed (expected ${planned.provider})`;
  if (planned.parent !== actual.parent) return `parent changed (expected ${planned.parent})`;
  if (planned.protect !== (actual.protect ?? false)) return `protect changed (expected ${planned.protect})`;
  if (planned.deleteBeforeReplace !== actual.deleteBeforeReplace) {
    return `deleteBeforeReplace changed (expected ${planned.deleteBeforeReplace ?? 'no value'})`;
  }
  if (planned.id !== actual.importId) return `importID changed (expected ${planned.id})`;
  return (
    checkTimeouts(planned.customTimeouts, actual.customTimeouts) ??
    checkSet('ignoreChanges', planned.ignoreChanges, actual.ignoreChanges) ??
    checkSet('additionalSecretOutputs', planned.additionalSecretOutputs, actual.additionalSecretOutputs)
  );
}

function checkDependencies(planned: GoalPlan, actual: Goal): string | undefined {
  const aliases = (goal: GoalPlan | Goal): string[] => goal.aliases.map((alias) => JSON.stringify(alias));
  const changed =
    checkSet('dependencies', planned.dependencies, actual.dependencies) ??
    checkSet('aliases', aliases(planned), aliases(actual));
  if (changed) return changed;
  for (const [key, urns] of Object.entries(planned.propertyDependencies)) {
    // What was unknown in the plan may turn out to be absent, and its dependencies with it.
    const found = actual.propertyDependencies[key];
    const reason = found && checkSet(`dependencies for ${key}`, urns, found);
    if (reason) return reason;
  }
  return undefined;
}

/** A provider whose id was not known when the plan was made may have any id. */
function sameProvider(planned: string, actual: string): boolean {
  if (planned === actual) return true;
  if (planned === '' || actual === '') return false;
  const expected = parseProviderReference(planned);
  return expected.urn === parseProviderReference(actual).urn && expected.id === unknownId;
}

const unknownId = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

function checkTimeouts(planned: CustomTimeouts | undefined, actual: CustomTimeouts | undefined): string | undefined {
  for (const kind of ['create', 'update', 'delete', 'read'] as const) {
    const expected = planned?.[kind] ?? 0;
    if (expected !== (actual?.[kind] ?? 0)) return `${kind} timeout changed (expected ${expected})`;
  }
  return undefined;
}

function checkSet(what: string, planned: readonly string[], actual: readonly string[]): string | undefined {
  const added = [...new Set(actual).difference(new Set(planned))].sort();
  const deleted = [...new Set(planned).difference(new Set(actual))].sort();
  if (added.length === 0 && deleted.length === 0) return undefined;
  const parts = [
    ...(added.length > 0 ? [`added ${added.join(', ')}`] : []),
    ...(deleted.length > 0 ? [`deleted ${deleted.join(', ')}`] : []),
  ];
  return `${what} changed: ${parts.join('; ')}`;
}

function checkProperties(olds: PropertyMap, news: PropertyMap, planned: PlanDiff): string | undefined {
  const keys = new Set([olds, news, planned.adds, planned.updates].flatMap((map) => Object.keys(map)));
  const violations = [...new Set([...keys, ...planned.deletes])]
    .map((key) => ({ key, old: memberOf(olds, key), next: memberOf(news, key), expected: expectation(planned, key) }))
    .filter(({ old, next, expected }) => !isPlanned(old, next, expected))
    .map(({ key, old, next, expected }) => violation(key, changeOf(old, next), next, expected))
    .sort();
  return violations.length === 0 ? undefined : `properties changed: ${violations.join(', ')}`;
}

type Change = '+' | '-' | '~' | '=';

interface Expectation {
  readonly change: Change;
  readonly value: PropertyValue | undefined;
}

function expectation(planned: PlanDiff, key: string): Expectation {
  if (Object.hasOwn(planned.adds, key)) return { change: '+', value: planned.adds[key] };
  if (Object.hasOwn(planned.updates, key)) return { change: '~', value: planned.updates[key] };
  return { change: planned.deletes.includes(key) ? '-' : '=', value: undefined };
}

/** As differences are found when the plan is made: what is null is not there. */
function changeOf(old: PropertyValue | undefined, next: PropertyValue | undefined): Change {
  if (!hasValue(old)) return hasValue(next) ? '+' : '=';
  if (!hasValue(next)) return '-';
  return equalValues(old!, next!) ? '=' : '~';
}

/**
 * A property may end up as planned by less than the planned change: an addition may turn out to be an update, and either may turn
 * out to be there already. What was planned as unknown may be anything, or absent.
 */
function isPlanned(old: PropertyValue | undefined, next: PropertyValue | undefined, expected: Expectation): boolean {
  const change = changeOf(old, next);
  if (expected.change === '-') return !hasValue(next);
  if (expected.change === '=') return change === '=';
  if (!hasValue(next)) return isUnknown(expected.value) && (change !== '-' || expected.change === '~');
  if (change === '+' && expected.change === '~') return false;
  return accepts(expected.value, next);
}

function accepts(expected: PropertyValue | undefined, actual: PropertyValue | undefined): boolean {
  if (isUnknown(expected) || isUnknown(actual)) return true;
  if (expected === undefined || actual === undefined) return expected === actual;
  if (expected instanceof Secret && actual instanceof Secret) return accepts(expected.value, actual.value);
  if (isPropertyArray(expected) && isPropertyArray(actual)) {
    return expected.length === actual.length && expected.every((element, index) => accepts(element, actual[index]));
  }
  if (isPropertyMap(expected) && isPropertyMap(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return keys.values().every((key) => accepts(memberOf(expected, key), memberOf(actual, key)));
  }
  return equalValues(expected, actual);
}

function isUnknown(value: PropertyValue | undefined): boolean {
  return value instanceof Unknown || (value instanceof Output && value.value === undefined);
}

function violation(key: string, change: Change, next: PropertyValue | undefined, expected: Expectation): string {
  const values = [expected.value, next].filter((value) => value !== undefined).map(describeValue);
  const detail = values.length === 0 ? '' : `[${values.join('!=')}]`;
  return `${expected.change}${change}${key}${detail}`;
}
