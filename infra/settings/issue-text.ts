import type { z } from 'zod';
import { nearestName } from './nearest-name';

/** One mistake: where in the settings, and what to say about it. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  /** Whether the mistake is the key at `path`, not its value. */
  readonly atKey: boolean;
  readonly text: string;
}

type Issue = z.core.$ZodIssue;

/** Every mistake that a schema found, one for each unknown key, in words that need no knowledge of the schema. */
export function mistakesOf(issues: readonly Issue[], settings: unknown, schema: SchemaAt): readonly Mistake[] {
  return issues.flatMap((issue) => mistakes(issue, settings, schema));
}

/** What the schema knows about a path. */
export interface SchemaAt {
  /** The keys that may stand below it. */
  keys(path: readonly PropertyKey[]): readonly string[];
  /** The values that may stand there, where they are listed. */
  values(path: readonly PropertyKey[]): readonly string[];
}

function mistakes(issue: Issue, settings: unknown, schema: SchemaAt): readonly Mistake[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const label = formatPath(path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const nearest = nearestName(key, schema.keys(issue.path));
      const hint = nearest ? `did you mean ${nearest}?` : `known are ${schema.keys(issue.path).join(', ')}`;
      return { path: [...path, key], atKey: true, text: `${formatPath([...path, key])} is not a setting: ${hint}` };
    });
  }
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'is not a name';
    return [{ path, atKey: true, text: `${label} ${JSON.stringify(path.at(-1))} ${reason}` }];
  }
  if (issue.code === 'invalid_union' && issue.errors.length === 0) {
    const choices = `is none of ${schema.values(issue.path).join(', ')}`;
    const missing = valueAt(settings, path) === undefined;
    return [
      { path, atKey: false, text: missing ? `${label} is missing` : `${label} ${shown(settings, path)} ${choices}` },
    ];
  }
  if (issue.code === 'invalid_union') {
    const best = bestBranch(issue.errors);
    const inner = best.map((error) => ({ ...error, path: [...issue.path, ...error.path] }) as Issue);
    return inner.length > 0
      ? mistakesOf(inner, settings, schema)
      : [{ path, atKey: false, text: `${label} ${shown(settings, path)} fits nothing` }];
  }
  const value = valueAt(settings, path);
  if (value === undefined) return [{ path, atKey: false, text: `${label} is missing` }];
  return [{ path, atKey: false, text: `${label} ${shown(settings, path)} ${reasonOf(issue)}` }];
}

/** Of a union's branches the one that came furthest: its mistakes lie deepest, or are fewest. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]) => Math.max(...issues.map((issue) => issue.path.length));
  const sorted = [...branches].sort((a, b) => depth(b) - depth(a) || a.length - b.length);
  const literals = branches.flat().every((issue) => issue.code === 'invalid_value' && issue.path.length === 0);
  if (!literals) return sorted.find((branch) => branch.some(({ code }) => code !== 'invalid_value')) ?? sorted[0] ?? [];
  const values = branches.flat().flatMap((issue) => (issue.code === 'invalid_value' ? issue.values : []));
  return [{ ...branches[0]![0]!, values } as Issue];
}

function reasonOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `is not ${article(issue.expected)}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `is not ${String(issue.values[0])}`
        : `is none of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'array'
        ? `has too few entries: at least ${issue.minimum}`
        : `is too small: at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array'
        ? `has too many entries: at most ${issue.maximum}`
        : `is too large: at most ${issue.maximum}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'is not an address: write https://...' : issue.message;
    default:
      return issue.message;
  }
}

function article(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a section with keys',
    record: 'a section with keys',
  };
  return names[type] ?? `a ${type}`;
}

/** `applications.shop.cronJobs[0].schedule`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : /[.[\]/]/.test(part) ? `["${part}"]` : index === 0 ? part : `.${part}`,
    )
    .join('');
}

function valueAt(settings: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined,
    settings,
  );
}

/** The value as it was written, cut where it is long. Never that of a secret: those are only checked for being texts. */
function shown(settings: unknown, path: readonly (string | number)[]): string {
  const secret = path.includes('secrets') || path.at(-1) === 'kubeconfig';
  const text = secret ? '[secret]' : JSON.stringify(valueAt(settings, path));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
