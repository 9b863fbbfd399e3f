import { type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
import type { Reporter } from './reporter.ts';
import type { ResourceState } from './resource-state.ts';

/**
 * The outputs with secret marks on those that the program names, and on those whose input of the same name is secret: what went in
 * as a secret must not come out in the clear (facts 3.10).
 */
export function markSecretOutputs(reporter: Reporter, state: ResourceState): PropertyMap {
  const named = new Set(state.additionalSecretOutputs);
  if (named.has('id')) {
    reporter.warning(state.urn, "The 'id' property cannot be made secret. See pulumi/pulumi#2717 for more details.");
  }
  const isSecret = (key: string): boolean => (key !== 'id' && named.has(key)) || state.inputs[key] instanceof Secret;
  return Object.fromEntries(
    Object.entries(state.outputs).map(([key, value]) => [key, isSecret(key) ? secret(value) : value]),
  );
}

function secret(value: PropertyValue): PropertyValue {
  return value instanceof Secret ? value : new Secret(value);
}
