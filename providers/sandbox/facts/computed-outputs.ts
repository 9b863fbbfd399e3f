import { isPropertyMap, type PropertyMap, type PropertyValue } from '../../../protocol/property-value.ts';
import type { Properties } from './declarations.ts';
import type { SdkFacts } from './sdk-facts.ts';
import type { ValueType } from './type-expression.ts';

/** Makes a value for an output that nothing else decides; undefined: take the type's own default. */
export type Guess = (name: string) => PropertyValue | undefined;

/**
 * All outputs of a resource as its published type lists them: what was given, then what was there before (for what the cloud
 * decides once), then a guess by name, then the type's default. Optional outputs that nobody gave stay out.
 */
export function computeOutputs(
  facts: SdkFacts,
  type: string,
  values: { readonly inputs: PropertyMap; readonly previous: PropertyMap | undefined; readonly guess: Guess },
): PropertyMap {
  const outputs = facts.outputs(type);
  if (outputs === undefined) return values.inputs;
  const given = facts.inputs(type) ?? {};
  const made: Record<string, PropertyValue> = { ...values.inputs };
  for (const [name, property] of Object.entries(outputs)) {
    if (name in made) continue;
    const before = values.previous?.[name];
    if (before !== undefined && (!(name in given) || property.required)) made[name] = before;
    else if (property.required) made[name] = values.guess(name) ?? defaultOf(property.type);
    else {
      const guessed = values.guess(name);
      if (guessed !== undefined) made[name] = guessed;
    }
  }
  return made;
}

/** Inputs that the cloud names by itself where they are not given: optional for the program, always there afterwards. */
export function isNamedByCloud(name: string, inputs: Properties | undefined, outputs: Properties | undefined): boolean {
  const input = inputs?.[name];
  const output = outputs?.[name];
  return input !== undefined && output !== undefined && !input.required && output.required && holdsText(input.type);
}

function holdsText(type: ValueType): boolean {
  return type.kind === 'string' || (type.kind === 'union' && type.of.some(holdsText));
}

function defaultOf(type: ValueType): PropertyValue {
  switch (type.kind) {
    case 'string':
      return '';
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'union':
      return defaultOf(type.of[0]!);
    case 'literal':
      return type.value;
    default:
      return {};
  }
}

/** Overlays members deeply: what `over` has wins; lists are taken whole. */
export function overlay(base: PropertyValue | undefined, over: PropertyValue): PropertyValue {
  if (!isPropertyMap(base) || !isPropertyMap(over)) return over;
  const members = Object.entries(over).map(([name, value]) => [name, overlay(base[name], value)] as const);
  return { ...base, ...Object.fromEntries(members) };
}
