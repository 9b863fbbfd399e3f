import { type Document, isMap, isScalar, type LineCounter } from 'yaml';
import { z } from 'zod';
import { formatPlace } from '../../foundation/errors.ts';
import { nearestName } from '../../foundation/nearest-name.ts';

/** A mistake in a YAML file, with the path of the value that has it. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The mistake is the name at `path`, not what it holds. */
  readonly atName?: boolean;
}

/** An object that takes no other keys, and says which known one is near. One line of its message per unknown key. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      return issue.keys.map((key: string) => unknownName(key, Object.keys(shape))).join('\n');
    },
  });
}

/** `is unknown: did you mean x?`, or what there is. */
export function unknownName(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined
    ? `is unknown. There is: ${known.join(', ') || 'none'}`
    : `is unknown. Did you mean ${near}?`;
}

/** Every issue of a schema as a mistake; `value` is what was judged. */
export function mistakesOf(error: z.ZodError, value: unknown): readonly Mistake[] {
  return error.issues.flatMap((issue): readonly Mistake[] => {
    const { path, message } = issue;
    if (issue.code === 'unrecognized_keys') {
      const lines = message.split('\n');
      return issue.keys.map((key, index) => ({ path: [...path, key], message: lines[index] ?? message, atName: true }));
    }
    const given = valueAtPath(value, path);
    if (issue.code === 'invalid_value' && typeof given === 'string')
      return [{ path, message: `${JSON.stringify(given)} ${unknownName(given, issue.values.map(String))}` }];
    if (issue.code === 'invalid_union') return [{ path, message: kindMessage(issue, valueAtPath(value, path)) }];
    if (issue.code === 'invalid_type' && given === undefined) return [{ path, message: 'is missing' }];
    return [{ path, message: typeof given === 'string' ? `${JSON.stringify(given)} ${message}` : message }];
  });
}

/** Our unions are told apart by `kind`. */
function kindMessage(issue: z.core.$ZodIssueInvalidUnion, given: unknown): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  if (given === undefined) return `is missing. There is: ${options.join(', ')}`;
  return options.length > 0 ? `${JSON.stringify(given)} ${unknownName(String(given), options)}` : issue.message;
}

function valueAtPath(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

/** `file:line:column path: message`, in the order of the file. */
export function mistakeLines(
  mistakes: readonly Mistake[],
  { file, document, lines }: { readonly file: string; readonly document: Document; readonly lines: LineCounter },
): readonly string[] {
  const placed = mistakes.map((mistake) => ({ ...mistake, offset: offsetOf(document, mistake) ?? 0 }));
  return placed
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ path, message, offset }) => {
      const { line, col } = lines.linePos(offset);
      return `${formatPlace({ file, line, column: col })} ${path.length === 0 ? 'the file' : path.join('.')} ${message}`;
    });
}

/** Where the value at a path begins; what is not there begins where its parent does. */
function offsetOf(document: Document, { path, atName = false }: Mistake): number | undefined {
  if (atName) {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent) && parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
    if (pair && isScalar(pair.key) && pair.key.range) return pair.key.range[0];
  }
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return node.range[0] as number;
  }
  return undefined;
}
