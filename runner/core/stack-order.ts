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

/** The settings of one stack, by its id or its name. */
export function settingsOf(settings: Settings, stack: Pick<Stack, 'id' | 'name'>): StackSettings {
  return settings.stacks[stack.id] ?? settings.stacks[stack.name] ?? DEFAULT_STACK_SETTINGS;
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
  const named = new Set(settings.environments.flatMap((environment) => environment.stacks));
  return stacks.filter(({ id, name }) => named.has(id) || named.has(name));
}

/** The environment of all stacks where the settings have none: nothing but their dependencies orders them. */
export const UNORDERED = 'default';

/** The environment of a stack. */
export function environmentOf(settings: Settings, { id, name }: Pick<Stack, 'id' | 'name'>): EnvironmentSettings {
  const places = placesIn(settings);
  const place = Math.min(places.get(id) ?? Infinity, places.get(name) ?? Infinity);
  return settings.environments[place] ?? defaultEnvironment(UNORDERED, [id]);
}

const known = new WeakMap<Settings['environments'], ReadonlyMap<string, number>>();

/** The first environment that names a stack, by that name: asked for each of a thousand stacks. */
function placesIn({ environments }: Settings): ReadonlyMap<string, number> {
  const before = known.get(environments);
  if (before) return before;
  const places = new Map<string, number>();
  for (const [place, { stacks }] of environments.entries())
    for (const name of stacks) if (!places.has(name)) places.set(name, place);
  known.set(environments, places);
  return places;
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
      groups: groupByDependency(byEnvironment.get(name) ?? [], options),
      ...(byEnvironment.has(name) ? {} : { verifies: onlyVerified.get(name)!.map(({ id }) => id) }),
    };
  });
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
