import { userError } from '../../foundation/errors.ts';
import { equalValues } from '../../protocol/property-equality.ts';
import { newResourceState, type ResourceState } from '../deploy/resource-state.ts';
import { isProviderType, isRootStack, makeUrn, parseUrn, rootStackType } from '../deploy/urn.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import type { StackIdentity } from './backend.ts';

type Resources = readonly ResourceState[];

/** What to move from one stack to another. */
export interface Move {
  readonly source: Resources;
  readonly target: Resources;
  /** The stack of `target`. */
  readonly targetStack: StackIdentity;
  readonly urns: readonly string[];
  /** Also everything above them. */
  readonly includeParents: boolean;
}

/** Both states after the move, and what to tell about it. */
export interface MoveResult {
  readonly source: Resources;
  readonly target: Resources;
  /** URNs in the source, in order. */
  readonly moved: readonly string[];
  /** Those of them that the target has already, as after a move that was cut off between its two states: they only leave the source. */
  readonly present: readonly string[];
  /** Asked for and not there. */
  readonly missing: readonly string[];
  /** What stays and referred to something that goes; what goes and referred to something that stays. Those references are dropped. */
  readonly brokenInSource: readonly string[];
  readonly brokenInTarget: readonly string[];
}

/**
 * Moves resources with everything below them (pkg/cmd/pulumi/state/state_move.go). Their providers are copied, unless the target has them or ones with
 * the same inputs; what loses its parent gets the target's stack resource as parent. Throws a user error for a provider, where nothing
 * is found, and where the target has another resource of the same URN.
 */
export function moveResources(move: Move): MoveResult {
  const going = goingUrns(move);
  const brokenInSource: string[] = [];
  const brokenInTarget: string[] = [];
  const isGoing = (urn: string) => going.has(urn);
  const staying = new Set(move.source.map(({ urn }) => urn).filter((urn) => !going.has(urn)));
  const kept = move.source.filter(({ urn }) => !going.has(urn));
  refuseOrphans(kept, isGoing);
  const source = kept.map((state) => withoutReferences(state, isGoing, brokenInSource));
  const leaving = move.source.filter(({ urn }) => going.has(urn));
  const target = new Target(move.target, move.targetStack);
  const needed = new Set(leaving.map(({ provider }) => provider));
  const cut = (state: ResourceState) => withoutReferences(state, (urn) => staying.has(urn), brokenInTarget);
  for (const provider of source.filter(({ urn, id }) => needed.has(`${urn}::${id}`)))
    target.addProvider(cut(provider), isGoing);
  for (const state of leaving) target.addResource(cut(state), isGoing);
  const known = new Set(move.source.map(({ urn }) => urn));
  return {
    source,
    target: target.resources,
    moved: leaving.map(({ urn }) => urn),
    present: target.present,
    missing: move.urns.filter((urn) => !known.has(urn)),
    brokenInSource,
    brokenInTarget,
  };
}

/** The URNs asked for that are there, what is below them and, if wanted, above. The stack resource stays. */
function goingUrns({ source, urns, includeParents }: Move): ReadonlySet<string> {
  const asked = source.filter(({ urn }) => urns.includes(urn));
  const provider = asked.find(({ type }) => isProviderType(type));
  if (provider !== undefined)
    throw userError(
      `Cannot move a provider: ${provider.urn}. Move resources only; the providers that they need are copied with them.`,
    );
  if (asked.length === 0)
    throw userError(
      `Cannot find any of the resources in the state: ${urns.join(', ')}. Look at \`pulumi stack --show-urns\`.`,
    );
  const going = new Set(asked.map(({ urn }) => urn));
  const parents = new Map(source.map(({ urn, parent }) => [urn, parent]));
  const movable = (urn: string | undefined): urn is string =>
    urn !== undefined && urn !== '' && !isRootStack(urn) && !isProviderType(parseUrn(urn).type);
  if (includeParents)
    for (const { parent } of asked)
      for (let urn: string | undefined = parent; movable(urn); urn = parents.get(urn)) going.add(urn);
  for (const { urn, parent } of source) if (going.has(parent) && movable(urn)) going.add(urn);
  for (const { urn } of asked) if (isRootStack(urn)) going.delete(urn);
  return going;
}

/** Providers stay: one below a component that goes would be without its parent. */
function refuseOrphans(kept: Resources, isGoing: (urn: string) => boolean): void {
  const orphan = kept.find(({ parent }) => isGoing(parent));
  if (orphan === undefined) return;
  throw userError(
    `Cannot move the component as a provider below it stays: ${orphan.urn}. Move what else is below it, or give the provider another parent first.`,
  );
}

/** The state without what it refers to among `gone`; says what was dropped. Parents and providers are seen to otherwise. */
function withoutReferences(state: ResourceState, gone: (urn: string) => boolean, said: string[]): ResourceState {
  const keep = (urns: readonly string[], what: string) =>
    urns.filter((urn) => {
      if (gone(urn)) said.push(`${state.urn} ${what} ${urn}`);
      return !gone(urn);
    });
  const dependencies = keep(state.dependencies, 'depends on');
  const properties = Object.entries(state.propertyDependencies)
    .map(([key, urns]) => [key, keep(urns, `(${key}) depends on`)] as const)
    .filter(([key, urns]) => urns.length > 0 || state.propertyDependencies[key]!.length === 0);
  const [deletedWith = ''] = keep(state.deletedWith === '' ? [] : [state.deletedWith], 'is deleted with');
  const replaceWith = keep(state.replaceWith, 'is replaced with');
  return {
    ...state,
    dependencies,
    propertyDependencies: Object.fromEntries(properties),
    deletedWith,
    replaceWith,
  };
}

/** The state that gets the resources. */
class Target {
  readonly resources: ResourceState[];
  readonly present: string[] = [];
  readonly #before: ReadonlyMap<string, ResourceState>;
  readonly #stack: StackIdentity;
  readonly #root: string;
  /** URNs, and references of providers, to what they are called in the target. */
  readonly #renamed = new Map<string, string>();

  constructor(resources: Resources, stack: StackIdentity) {
    const root = resources.find(({ urn, parent }) => isRootStack(urn) && parent === '') ?? rootOf(stack);
    this.resources = resources.includes(root) ? [...resources] : [root, ...resources];
    this.#before = new Map(this.resources.map((state) => [state.urn, state]));
    this.#stack = stack;
    this.#root = root.urn;
  }

  addProvider(state: ResourceState, isGoing: (urn: string) => boolean): void {
    const added = this.#adapted(state, isGoing);
    const there = this.#before.get(added.urn);
    if (there !== undefined && there.id !== added.id && !equalValues(there.inputs, added.inputs))
      throw userError(
        `Cannot move the resources as the target has another provider of the same name: ${added.urn}. Rename one of them.`,
      );
    this.#renamed.set(`${state.urn}::${state.id}`, `${added.urn}::${(there ?? added).id}`);
    if (there === undefined) this.resources.push(added);
  }

  addResource(state: ResourceState, isGoing: (urn: string) => boolean): void {
    const added = this.#adapted(state, isGoing);
    const there = this.#before.get(added.urn);
    if (there !== undefined && !isSame(there, added))
      throw userError(
        `Cannot move the resource as the target has another one of the same URN: ${added.urn}. Rename one of them.`,
      );
    this.#renamed.set(state.urn, added.urn);
    if (there === undefined) this.resources.push(added);
    else this.present.push(state.urn);
  }

  /** The state with everything that names a stack or project naming the target's. */
  #adapted(state: ResourceState, isGoing: (urn: string) => boolean): ResourceState {
    const parent = isGoing(state.parent) ? this.#rename(state.parent) : this.#root;
    const { type, name } = parseUrn(state.urn);
    const list = (urns: readonly string[]) => urns.map((urn) => this.#rename(urn));
    return {
      ...state,
      urn: makeUrn({ ...this.#stack, parent, type, name }),
      parent,
      provider: state.provider && (this.#renamed.get(state.provider) ?? this.#renameProvider(state.provider)),
      dependencies: list(state.dependencies),
      propertyDependencies: Object.fromEntries(
        Object.entries(state.propertyDependencies).map(([key, urns]) => [key, list(urns)]),
      ),
      deletedWith: state.deletedWith && this.#rename(state.deletedWith),
      replaceWith: list(state.replaceWith),
      viewOf: state.viewOf && this.#rename(state.viewOf),
    };
  }

  #rename(urn: string): string {
    const { qualifiedType, name } = parseUrn(urn);
    return (
      this.#renamed.get(urn) ?? `urn:pulumi:${this.#stack.stack}::${this.#stack.project}::${qualifiedType}::${name}`
    );
  }

  #renameProvider(reference: string): string {
    const { urn, id } = parseProviderReference(reference);
    return `${this.#rename(urn)}::${id}`;
  }
}

/** Whether two states of one URN say the same of one real resource. */
function isSame(one: ResourceState, other: ResourceState): boolean {
  return (
    one.custom === other.custom &&
    one.id === other.id &&
    one.delete === other.delete &&
    equalValues(one.inputs, other.inputs) &&
    equalValues(one.outputs, other.outputs)
  );
}

function rootOf({ project, stack }: StackIdentity): ResourceState {
  const urn = makeUrn({ project, stack, parent: '', type: rootStackType, name: `${project}-${stack}` });
  return newResourceState({ urn, type: rootStackType, custom: false });
}
