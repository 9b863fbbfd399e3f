import { userError } from '../../foundation/errors.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import { isRootStack, makeUrn, parseUrn } from '../deploy/urn.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import { renameReferences } from './urn-references.ts';

/** Changes of a state by hand (`pulumi state ...`): pure functions from resources to resources, in dependency order. */
type Resources = readonly ResourceState[];

/** Every resource of this URN, those that wait for their deletion included. Throws a user error if there is none. */
export function findInState(resources: Resources, urn: string): Resources {
  const found = resources.filter((state) => state.urn === urn);
  if (found.length > 0) return found;
  const near = resources
    .map((state) => state.urn)
    .filter((other) => other.split('::').at(-1) === urn.split('::').at(-1));
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ' Look at `pulumi stack --show-urns`.';
  throw userError(`Cannot find the resource in the state: ${urn}.${hint}`);
}

/** Whether `state` refers to the resource `urn` (of that id, for providers). */
function refersTo(state: ResourceState, { urn, id }: ResourceState): boolean {
  if (state.parent === urn || state.deletedWith === urn || state.dependencies.includes(urn)) return true;
  if (Object.values(state.propertyDependencies).some((urns) => urns.includes(urn))) return true;
  return state.provider !== '' && state.provider === `${urn}::${id}`;
}

/** The resources that cannot be without `urn`, directly or through others, in order. */
export function dependentsInState(resources: Resources, target: ResourceState): Resources {
  const dependents: ResourceState[] = [];
  for (const state of resources) {
    if (state !== target && [target, ...dependents].some((other) => refersTo(state, other))) dependents.push(state);
  }
  return dependents;
}

/**
 * Takes a resource out of the state without touching the real one. Throws a user error if others depend on it (unless `targetDependents` takes them out too) or
 * if it is protected (unless `force`).
 */
export function deleteFromState(
  resources: Resources,
  urn: string,
  options: { readonly force: boolean; readonly targetDependents: boolean },
): Resources {
  const [target, ...others] = findInState(resources, urn);
  if (others.length > 0)
    throw userError(
      `Cannot delete the resource from the state as there are ${others.length + 1} with its URN: ${urn}. Finish the update that replaces it first.`,
    );
  const dependents = dependentsInState(resources, target!);
  if (dependents.length > 0 && !options.targetDependents) {
    const names = dependents.map((state) => state.urn).join(', ');
    throw userError(
      `Cannot delete the resource from the state as others depend on it: ${names}. Delete those first, or give --target-dependents.`,
    );
  }
  const removed = new Set([target!, ...dependents]);
  const guarded = [...removed].filter((state) => state.protect);
  if (guarded.length > 0 && !options.force) {
    throw userError(
      `Cannot delete the resource from the state as it is protected: ${guarded.map((state) => state.urn).join(', ')}. Unprotect it first, or give --force.`,
    );
  }
  return resources.filter((state) => !removed.has(state));
}

/** Sets or takes away protection. `all`: of every resource. Throws a user error for a URN that is not there. */
export function setProtection(resources: Resources, urns: readonly string[] | 'all', protect: boolean): Resources {
  return setFlag(resources, urns, { protect });
}

/** A tainted resource is replaced by the next update. */
export function setTaint(resources: Resources, urns: readonly string[] | 'all', taint: boolean): Resources {
  return setFlag(resources, urns, { taint });
}

function setFlag(resources: Resources, urns: readonly string[] | 'all', flag: Partial<ResourceState>): Resources {
  if (urns !== 'all') for (const urn of urns) findInState(resources, urn);
  return resources.map((state) => (urns === 'all' || urns.includes(state.urn) ? { ...state, ...flag } : state));
}

/** Gives a resource another name, wherever the state names it. Throws a user error if that name is taken or none. */
export function renameInState(resources: Resources, urn: string, newName: string): Resources {
  const [target] = findInState(resources, urn);
  if (newName === '' || newName.includes('::'))
    throw userError(
      `Cannot rename the resource as this is not a name: ${JSON.stringify(newName)}. Use a text without "::".`,
    );
  const renamed = `${urn.slice(0, urn.lastIndexOf('::'))}::${newName}`;
  if (resources.some((state) => state.urn === renamed))
    throw userError(
      `Cannot rename the resource as there is another one of that name: ${renamed}. Choose another name.`,
    );
  const rename = (other: string) => (other === target!.urn ? renamed : other);
  return resources.map((state) => {
    const fixed = renameReferences(state, rename);
    return state.urn === urn ? { ...fixed, urn: renamed } : fixed;
  });
}

/** What `repairState` had to do, in words. */
export interface Repair {
  readonly resources: Resources;
  readonly changes: readonly string[];
}

/**
 * Puts a state in order that its integrity check refuses (`pulumi state repair`): what a resource refers to comes before it, and what is not there is no longer
 * referred to. A resource whose provider is missing stays as it is: only a person can say which one it should have.
 */
export function repairState(resources: Resources): Repair {
  const sorted = sortByReferences(resources);
  const changes = sorted.some((state, index) => state !== resources[index])
    ? ['resources were put in dependency order']
    : [];
  const renamed = new Map<string, string>();
  const present = new Set<string>();
  const repaired = sorted.map((state) => {
    const fixed = dropDangling(state, { renamed, present, changes });
    renamed.set(state.urn, fixed.urn);
    present.add(state.urn);
    return fixed;
  });
  return { resources: repaired, changes };
}

/** Depth first over references; the order among those that do not refer to each other stays. A cycle is cut where it closes. */
function sortByReferences(resources: Resources): Resources {
  const byUrn = Map.groupBy(resources, (state) => state.urn);
  const done = new Set<ResourceState>();
  const sorted: ResourceState[] = [];
  const visit = (state: ResourceState): void => {
    if (done.has(state)) return;
    done.add(state);
    for (const urn of referencesOf(state)) for (const other of byUrn.get(urn) ?? []) visit(other);
    sorted.push(state);
  };
  for (const state of resources) visit(state);
  return sorted;
}

function referencesOf(state: ResourceState): readonly string[] {
  const provider = state.provider === '' ? [] : [parseProviderReference(state.provider).urn];
  const parts = [
    ...provider,
    state.parent,
    state.deletedWith,
    ...state.dependencies,
    ...Object.values(state.propertyDependencies).flat(),
  ];
  return parts.filter((urn) => urn !== '');
}

interface RepairState {
  readonly renamed: ReadonlyMap<string, string>;
  readonly present: ReadonlySet<string>;
  readonly changes: string[];
}

function dropDangling(state: ResourceState, { renamed, present, changes }: RepairState): ResourceState {
  const keep = (what: string) => (urn: string) => {
    if (present.has(urn)) return true;
    changes.push(`${state.urn} no longer refers to the missing ${what} ${urn}`);
    return false;
  };
  const moved = (urns: readonly string[], what: string) =>
    urns.filter(keep(what)).map((urn) => renamed.get(urn) ?? urn);
  const properties = Object.entries(state.propertyDependencies).map(
    ([key, urns]) => [key, moved(urns, 'property dependency')] as const,
  );
  const hasParent = state.parent !== '' && keep('parent')(state.parent);
  const parent = hasParent ? (renamed.get(state.parent) ?? state.parent) : '';
  return {
    ...state,
    urn: parent === state.parent ? state.urn : reparented(state, parent),
    parent,
    dependencies: moved(state.dependencies, 'dependency'),
    deletedWith:
      state.deletedWith !== '' && keep('deletedWith')(state.deletedWith)
        ? (renamed.get(state.deletedWith) ?? state.deletedWith)
        : '',
    propertyDependencies: Object.fromEntries(properties),
  };
}

/** A URN holds the types of its parents. */
function reparented(state: ResourceState, parent: string): string {
  const { stack, project, type, name } = parseUrn(state.urn);
  return makeUrn({ stack, project, parent: parent === '' || isRootStack(parent) ? '' : parent, type, name });
}
