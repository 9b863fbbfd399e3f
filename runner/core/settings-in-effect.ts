import { LineCounter, parseDocument } from 'yaml';

/** One setting as it counts. */
export interface SettingInEffect {
  /** `environments[0].name`. */
  readonly path: string;
  readonly value: unknown;
  /** `stacks/mainstay.yaml:3`, or `default` where no file says it. */
  readonly source: string;
}

/** Every leaf of `settings`, with the line of `text` that says it. */
export function settingsInEffect(
  settings: unknown,
  file?: { readonly path: string; readonly text: string },
): readonly SettingInEffect[] {
  const lines = new LineCounter();
  const document = file && parseDocument(file.text, { lineCounter: lines });
  const sourceOf = (path: readonly (string | number)[]) => {
    const node: unknown = path.length === 0 ? document?.contents : document?.getIn(path, true);
    if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return 'default';
    return `${file!.path}:${lines.linePos(node.range[0] as number).line}`;
  };
  return leavesOf(settings).map(({ path, value }) => ({ path: textOf(path), value, source: sourceOf(path) }));
}

interface Leaf {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

function leavesOf(value: unknown, path: readonly (string | number)[] = []): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [{ path, value }];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : Object.entries(value);
  if (entries.length === 0) return [{ path, value }];
  return entries.flatMap(([key, item]) => leavesOf(item, [...path, key]));
}

function textOf(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\w-]+$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}
