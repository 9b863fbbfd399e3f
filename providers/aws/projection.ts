import { canonical, isNothing, isZero } from './canonical.ts';
import type { Plain, PlainMap, PropertyRule } from './definition.ts';
import { asMap } from './plain-values.ts';

/**
 * What the cloud says of a property, in the shape in which the program gave it: only the parts that it named, its order where order says
 * nothing, its text where the two mean the same. So whatever differs afterwards is drift.
 */
export function projected(rule: PropertyRule, given: Plain, live: Plain): Plain {
  if (isNothing(given)) return rule.computed ? null : live;
  if (isNothing(live)) return isZero(given) ? given : null;
  if (JSON.stringify(canonical(rule, given)) === JSON.stringify(canonical(rule, live))) return given;
  return rule.kind === 'object' || rule.kind === 'list' ? projectedPart(given, live) : live;
}

function projectedPart(given: Plain, live: Plain): Plain {
  if (isNothing(live)) return isZero(given) ? given : live;
  if (Array.isArray(given) && Array.isArray(live)) return projectedList(given, live);
  if (isObject(given) && isObject(live)) {
    const parts = Object.entries(given).map(([key, part]) => [key, projectedPart(part ?? null, live[key] ?? null)]);
    return Object.fromEntries(parts);
  }
  return live;
}

/** Lists of texts are sets in nearly all of AWS; lists of structures are compared one by one where there are as many. */
function projectedList(given: readonly Plain[], live: readonly Plain[]): Plain {
  const scalars = [...given, ...live].every((one) => typeof one !== 'object');
  if (scalars) {
    const same = JSON.stringify([...given].sort()) === JSON.stringify([...live].sort());
    return same ? given : live;
  }
  if (given.length !== live.length) return live;
  return given.map((one, index) => projectedPart(one, bestMatch(one, live, index)));
}

/** The live part that agrees with the given one in what both name, or else the one in its place. */
function bestMatch(given: Plain, live: readonly Plain[], index: number): Plain {
  const agrees = live.find((one) => JSON.stringify(projectedPart(given, one)) === JSON.stringify(given));
  return agrees ?? live[index] ?? null;
}

function isObject(value: Plain): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && asMap(value) === value;
}
