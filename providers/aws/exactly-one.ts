import type { PlainMap } from './definition.ts';

/** For `validate`: the failure where none, or more than one, of the properties is given. `what` they all stand for names them. */
export function exactlyOne(inputs: PlainMap, keys: readonly string[], what: string): readonly string[] {
  const set = keys.filter((key) => inputs[key] !== undefined && inputs[key] !== null);
  return set.length === 1
    ? []
    : [`exactly one ${what} is needed (${keys.join(', ')}), not ${set.length === 0 ? 'none' : set.join(' and ')}.`];
}
