import { randomUUID } from 'node:crypto';
import {
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import { isProviderType } from '../deploy/urn.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { normalizeUrnReferences } from '../state/urn-references.ts';

/** What previews in a row say that a stack would be: each starts from what the one before would leave. In memory alone, secrets included. */
export interface Prediction {
  /** Undefined before the first preview that came through. */
  resources: readonly ResourceState[] | undefined;
}

/** The state to preview against. What was under way in the real one is settled by then. */
export function baseOf(prediction: Prediction | undefined, read: Snapshot): Snapshot {
  return prediction?.resources ? { ...read, resources: prediction.resources, pendingOperations: [] } : read;
}

/** An id that no resource has: a preview asks nobody by it. */
const NO_ID = 'not-created-yet';

/**
 * The resources that a preview would leave, as a state that can be started from. What only the update will tell is what it was before, and left out
 * where it was nothing; providers and resources that would be made have ids that stand for theirs.
 */
export function predictedResources(resources: readonly ResourceState[], base: Snapshot): readonly ResourceState[] {
  const before = new Map(base.resources.map((state) => [state.urn, state]));
  const references = new Map<string, string>();
  const predicted = normalizeUrnReferences(resources).map((state) => {
    const old = before.get(state.urn);
    const id = idOf(state, old);
    if (id !== state.id) references.set(`${state.urn}::${state.id}`, `${state.urn}::${id}`);
    return {
      ...state,
      id,
      inputs: knownMap(state.inputs, old?.inputs),
      outputs: knownMap(state.outputs, old?.outputs),
    };
  });
  return predicted.map((state) => ({ ...state, provider: references.get(state.provider) ?? state.provider }));
}

function idOf({ type, custom, id }: ResourceState, old: ResourceState | undefined): string {
  if (!custom || (id !== '' && id !== unknownSentinels.string)) return id;
  if (old && old.id !== '') return old.id;
  return isProviderType(type) ? randomUUID() : NO_ID;
}

function knownMap(map: PropertyMap, before: PropertyValue | undefined): PropertyMap {
  const plain = before instanceof Secret ? before.value : before;
  const old = isPropertyMap(plain) ? plain : {};
  const entries = Object.entries(map).map(([key, value]) => [key, known(value, old[key])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as PropertyMap;
}

function known(value: PropertyValue, before: PropertyValue | undefined): PropertyValue | undefined {
  if (value instanceof Unknown) return before;
  if (value instanceof Output) {
    if (value.value === undefined) return before;
    const inner = known(value.value, before);
    return value.secret && inner !== undefined && !(inner instanceof Secret) ? new Secret(inner) : inner;
  }
  if (value instanceof Secret) {
    const inner = known(value.value, before instanceof Secret ? before.value : before);
    return inner === undefined || inner instanceof Secret ? inner : new Secret(inner);
  }
  if (isPropertyArray(value)) {
    const old = isPropertyArray(before) ? before : [];
    return value.map((item, index) => known(item, old[index])).filter((item) => item !== undefined);
  }
  return isPropertyMap(value) ? knownMap(value, before) : value;
}
