import { userError } from '../../../foundation/errors.ts';
import { isFields, isList, type KubeValue } from '../object.ts';

/** One step of a path: a field, an index, every item, or the items in which a field has a value. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly string[]; readonly negated: boolean; readonly value: string };

export interface JsonPath {
  readonly text: string;
  readonly steps: readonly Step[];
}

const STEP = new RegExp(
  [
    String.raw`\.?\['([^']*)'\]`,
    String.raw`\.?\[(-?\d+)\]`,
    String.raw`\.?\[(\*)\]`,
    String.raw`\.?\[\?\(@\.([\w.-]+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\)\]`,
    String.raw`\.([\w/-]+(?:\\\.[\w/-]+)*)`,
  ].join('|'),
  'y',
);

/**
 * Reads a JSON path as kubectl writes it: `{.status.phase}`, `{.status.conditions[?(@.type=="Ready")].status}`. Fields, indexes, `[*]`
 * and filters by equality are known; anything else is a user error that names it.
 */
export function parseJsonPath(text: string): JsonPath {
  const inner = /^\{(.*)\}$/.exec(text.trim())?.[1] ?? text.trim();
  const path = inner.replace(/^\$/, '');
  const source = /^[.[]/.test(path) ? path : `.${path}`;
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < source.length) {
    const start = STEP.lastIndex;
    const match = STEP.exec(source);
    if (!match)
      throw userError(
        `Cannot read a JSON path as this part of it is not supported: ${JSON.stringify(source.slice(start))} of ${JSON.stringify(text)}. ` +
          `Use fields (.a.b), indexes ([0]), [*] and filters ([?(@.type=="Ready")]).`,
      );
    steps.push(stepOf(match));
  }
  return { text, steps };
}

function stepOf(match: RegExpExecArray): Step {
  const [, quoted, index, all, filterPath, operator, double, single, bare, field] = match;
  if (quoted !== undefined) return { kind: 'field', name: quoted };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (all !== undefined) return { kind: 'all' };
  if (filterPath !== undefined)
    return {
      kind: 'filter',
      path: filterPath.split('.'),
      negated: operator === '!=',
      value: double ?? single ?? bare ?? '',
    };
  return { kind: 'field', name: field!.replaceAll('\\.', '.') };
}

/** All values that the path leads to. */
export function valuesAtJsonPath(value: KubeValue, path: JsonPath): readonly KubeValue[] {
  return path.steps.reduce<readonly KubeValue[]>(
    (values, step) => values.flatMap((item) => follow(item, step)),
    [value],
  );
}

function follow(value: KubeValue, step: Step): readonly KubeValue[] {
  if (step.kind === 'field') return isFields(value) && Object.hasOwn(value, step.name) ? [value[step.name]!] : [];
  if (!isList(value)) return step.kind === 'all' && isFields(value) ? Object.values(value) : [];
  if (step.kind === 'all') return value;
  if (step.kind === 'index') return value.at(step.index) === undefined ? [] : [value.at(step.index)!];
  return value.filter((item) => {
    const found = step.path.reduce<KubeValue | undefined>(
      (inner, name) => (isFields(inner) ? inner[name] : undefined),
      item,
    );
    return (found !== undefined && String(found) === step.value) !== step.negated;
  });
}
