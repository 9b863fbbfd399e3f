import { userError } from '../../foundation/errors.ts';
import type { ResourceState } from '../deploy/resource-state.ts';

/** A state that cannot be trusted: written back, it could make the engine lose or delete something. */
export class IntegrityError extends Error {
  constructor(message: string) {
    super(`snapshot integrity failure; refusing to use it: ${message}`);
    this.name = 'IntegrityError';
  }
}

/**
 * Makes the `IntegrityError` of a check a user error that says what to do: the fault of a state that somebody else has written, or hands in, is
 * theirs to correct. In one that we write, it is ours.
 */
export function refuseFault(check: () => void, whatToDo: string): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    throw userError(`${error.message}. ${whatToDo}`, { cause: error });
  }
}

/**
 * Checks that a state is one that the engine could have written (pkg/resource/deploy/snapshot.go, `VerifyIntegrity`): URNs agree with types, whatever a resource
 * refers to comes before it, and no URN stands for two living resources. Throws an `IntegrityError` with the first fault.
 */
export function checkIntegrity(resources: readonly ResourceState[]): void {
  const seen = new Map<string, ResourceState[]>();
  const providers = new Set<string>();
  for (const [index, state] of resources.entries()) {
    checkIdentity(state, index);
    checkReferences(state, { seen, providers });
    const others = seen.get(state.urn) ?? [];
    if (!state.delete && others.some((other) => !other.delete))
      throw new IntegrityError(`duplicate resource ${state.urn} (not marked for deletion)`);
    seen.set(state.urn, [...others, state]);
    if (state.type.startsWith('pulumi:providers:')) providers.add(`${state.urn}::${state.id}`);
  }
}

function checkIdentity(state: ResourceState, index: number): void {
  if (state.urn === '') throw new IntegrityError(`resource at index ${index} has no urn`);
  if (state.type === '') throw new IntegrityError(`resource ${state.urn} has no type`);
  const parts = state.urn.split('::');
  if (parts.length < 4 || !parts[0]!.startsWith('urn:pulumi:'))
    throw new IntegrityError(`resource ${state.urn} has a malformed urn`);
  const type = parts[2]!.split('$').at(-1);
  // What is condemned keeps its own type when what takes its place, of another type by an alias, has taken its URN.
  if (type !== state.type && !state.delete)
    throw new IntegrityError(`resource ${state.urn} has the type ${state.type}, and its urn says ${type}`);
  if (!state.custom && state.id !== '') throw new IntegrityError(`resource ${state.urn} is a component and has an id`);
}

interface Earlier {
  readonly seen: ReadonlyMap<string, unknown>;
  readonly providers: ReadonlySet<string>;
}

function checkReferences(state: ResourceState, { seen, providers }: Earlier): void {
  if (state.provider !== '' && !state.pendingReplacement && !providers.has(state.provider)) {
    throw new IntegrityError(`resource ${state.urn} refers to the unknown provider ${state.provider}`);
  }
  const needed: readonly (readonly [what: string, urn: string])[] = [
    ...(state.parent ? [['parent', state.parent] as const] : []),
    ...state.dependencies.map((urn) => ['dependency', urn] as const),
    ...Object.values(state.propertyDependencies).flatMap((urns) =>
      urns.map((urn) => ['property dependency', urn] as const),
    ),
    ...(state.deletedWith ? [['deletedWith', state.deletedWith] as const] : []),
  ];
  for (const [what, urn] of needed) {
    if (!seen.has(urn))
      throw new IntegrityError(`resource ${state.urn} refers to the ${what} ${urn} that does not come before it`);
  }
}
