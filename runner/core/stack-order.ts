import { userError } from '../../foundation/errors.ts';
import type { AccessSettings, PreviewSettings } from './access-settings.ts';
import { type Gate, gateOf, NO_GATE } from './gate.ts';
import {
  DEFAULT_STACK_SETTINGS,
  defaultEnvironment,
  type EnvironmentSettings,
  type Settings,
  type StackSettings,
} from './settings.ts';
import type { Stack } from './stack.ts';
import { isPattern, stackTest } from './stack-patterns.ts';

/** One environment's part of a rollout. */
export interface Stage {
  readonly environment: string;
  readonly approvals: number;
  /** What it has to come through; undefined in rollouts of an earlier version. */
  readonly gate?: Gate;
  /** The stacks of the environment before: what has to have been good for a while. */
  readonly before?: readonly string[];
  /** Groups of stack ids: those of one group may go at once, a group waits for the one before. */
  readonly groups: readonly (readonly string[])[];
  /** Stacks that are not updated: the environment has to prove good before the next one, as nothing has shown that since its update. */
  readonly verifies?: readonly string[];
}

/** The stacks that a stage is about, updated or only verified. */
export function stacksOfStage({ groups, verifies = [] }: Stage): readonly string[] {
  return [...groups.flat(), ...verifies];
}

/** The settings of one stack: by its id, by its name, or by the first pattern that either matches. */
export function settingsOf({ stacks }: Settings, stack: Pick<Stack, 'id' | 'name'>): StackSettings {
  const own = stacks[stack.id] ?? stacks[stack.name];
  if (own) return own;
  const pattern = patternsAmong(stacks, Object.keys(stacks)).find(({ matches }) => matches(stack.id));
  return pattern ? stacks[pattern.name]! : DEFAULT_STACK_SETTINGS;
}

/** What a stack's previews may see and use: its own settings, or the file's for all. */
export function previewSettingsOf(settings: Settings, stack: Pick<Stack, 'id' | 'name'>): PreviewSettings {
  return settingsOf(settings, stack).preview ?? settings.preview;
}

/** What a stack's updates may see: its own settings, or the file's for all. */
export function updateAccessOf(settings: Settings, stack: Pick<Stack, 'id' | 'name'>): AccessSettings {
  return settingsOf(settings, stack).update ?? settings.update;
}

/** The stacks that the runner looks after: those that the settings' environments name, or all where they name none. */
export function managedStacks(settings: Settings, stacks: readonly Stack[]): readonly Stack[] {
  if (settings.environments.length === 0) return stacks;
  return stacks.filter((stack) => placeOf(settings, stack) !== undefined);
}

/** The environment of all stacks where the settings have none: nothing but their dependencies orders them. */
export const UNORDERED = 'default';

/** The environment of a stack. */
export function environmentOf(settings: Settings, stack: Pick<Stack, 'id' | 'name'>): EnvironmentSettings {
  return settings.environments[placeOf(settings, stack) ?? -1] ?? defaultEnvironment(UNORDERED, [stack.id]);
}

/** Where a stack's environment stands: the first one that has its id or name, else the first one with a pattern that matches either. */
function placeOf({ environments }: Settings, stack: Pick<Stack, 'id' | 'name'>): number | undefined {
  const places = placesIn(environments);
  const place = Math.min(places.get(stack.id) ?? Infinity, places.get(stack.name) ?? Infinity);
  if (place !== Infinity) return place;
  const pattern = patternsAmong(environments, [...places.keys()]).find(({ matches }) => matches(stack.id));
  return pattern && places.get(pattern.name);
}

const known = new WeakMap<Settings['environments'], ReadonlyMap<string, number>>();

/** The first environment that names a stack, by that name: asked for each of a thousand stacks. */
function placesIn(environments: Settings['environments']): ReadonlyMap<string, number> {
  const before = known.get(environments);
  if (before) return before;
  const places = new Map<string, number>();
  for (const [place, { stacks }] of environments.entries())
    for (const name of stacks) if (!places.has(name)) places.set(name, place);
  known.set(environments, places);
  return places;
}

interface Pattern {
  readonly name: string;
  matches(id: string): boolean;
}

const compiled = new WeakMap<object, readonly Pattern[]>();

/** The patterns among names, in their order; compiled once for the part of the settings that has them. */
function patternsAmong(part: object, names: readonly string[]): readonly Pattern[] {
  const before = compiled.get(part);
  if (before) return before;
  const patterns = names.filter(isPattern).map((name): Pattern => ({ name, matches: stackTest([name]) }));
  compiled.set(part, patterns);
  return patterns;
}

/**
 * The order of an update: the environments as the settings order them; inside an environment upstream stacks first, and what does not depend on
 * each other at once. `all` are the stacks that there are, to know what an environment waits behind; `verifies` are stacks of environments
 * that are not updated and only have to prove good. Throws a user error where stacks depend on each other in a circle.
 */
export function orderStages(
  stacks: readonly Stack[],
  options: {
    readonly settings: Settings;
    readonly upstreams: ReadonlyMap<string, readonly string[]>;
    readonly all?: readonly Stack[];
    readonly verifies?: readonly Stack[];
  },
): readonly Stage[] {
  const { settings, all = stacks, verifies = [] } = options;
  const byEnvironment = Map.groupBy(stacks, (stack) => environmentOf(settings, stack).name);
  const rank = (name: string) => {
    const index = settings.environments.findIndex((candidate) => candidate.name === name);
    return index < 0 ? settings.environments.length : index;
  };
  const onlyVerified = Map.groupBy(verifies, (stack) => environmentOf(settings, stack).name);
  const names = [...new Set([...byEnvironment.keys(), ...onlyVerified.keys()])].sort(
    (a, b) => rank(a) - rank(b) || a.localeCompare(b),
  );
  return names.map((name) => {
    const environment = settings.environments[rank(name)];
    const earlier = settings.environments[rank(name) - 1];
    return {
      environment: name,
      approvals: environment?.approval?.count ?? 0,
      gate: environment ? gateOf(environment, settings) : { ...NO_GATE, opening: freezesOf(settings) },
      before: earlier
        ? all.filter((stack) => environmentOf(settings, stack).name === earlier.name).map(({ id }) => id)
        : [],
      groups: groupByDependency(byEnvironment.get(name) ?? [], options).flatMap((group) =>
        inBatches(group, environment?.atOnce),
      ),
      ...(byEnvironment.has(name) ? {} : { verifies: onlyVerified.get(name)!.map(({ id }) => id) }),
    };
  });
}

function inBatches(group: readonly string[], size = Infinity): readonly (readonly string[])[] {
  if (group.length <= size) return [group];
  const count = Math.ceil(group.length / size);
  return Array.from({ length: count }, (_, index) => group.slice(index * size, (index + 1) * size));
}

function freezesOf({ freezes, timeZone }: Settings): Gate['opening'] {
  return { windows: [], freezes, timeZone };
}

function groupByDependency(
  stacks: readonly Stack[],
  { settings, upstreams }: { readonly settings: Settings; readonly upstreams: ReadonlyMap<string, readonly string[]> },
): readonly (readonly string[])[] {
  const waiting = new Map(stacks.map((stack) => [stack.id, neededBy(stack)]));
  const groups: (readonly string[])[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, needs]) => needs.every((id) => !waiting.has(id))).map(([id]) => id);
    if (ready.length === 0)
      throw userError(
        `Cannot order the stacks as they read each other's outputs in a circle: ${[...waiting.keys()].join(', ')}. Break the circle.`,
      );
    for (const id of ready) waiting.delete(id);
    groups.push(ready.sort());
  }
  return groups;

  function neededBy(stack: Stack): readonly string[] {
    const named = [...settingsOf(settings, stack).dependsOn, ...(upstreams.get(stack.id) ?? [])];
    if (named.length === 0) return [];
    return stacks
      .filter(({ id, name }) => id !== stack.id && (named.includes(id) || named.includes(name)))
      .map(({ id }) => id);
  }
}
