import { createHash } from 'node:crypto';

/** What settings of preview environments may name, as `${change}`. */
export const PLACEHOLDERS = ['change', 'stack', 'commit'] as const;

const PLACEHOLDER = /\$\{([^}]*)\}/g;

/** What is known of an environment when its texts are filled in. */
export type EnvironmentNames = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/** The first placeholder in `value`, or in what it holds, that there is not: `${branch}`. */
export function unknownPlaceholder(value: unknown): string | undefined {
  if (typeof value === 'string')
    return [...value.matchAll(PLACEHOLDER)].find(([, name]) => !PLACEHOLDERS.some((known) => known === name))?.[0];
  if (typeof value !== 'object' || value === null) return undefined;
  for (const inner of Object.values(value)) {
    const unknown = unknownPlaceholder(inner);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

/** `value` with every placeholder in its texts filled in. Names of fields stay as they are. */
export function filledIn(value: unknown, names: EnvironmentNames): unknown {
  if (typeof value === 'string')
    return value.replaceAll(PLACEHOLDER, (text, name: string) => names[name as keyof EnvironmentNames] ?? text);
  if (Array.isArray(value)) return value.map((inner: unknown) => filledIn(inner, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledIn(inner, names)]));
}

/** The longest that a change's name may be in names of stacks, hosts and namespaces. */
const LONGEST = 40;

/**
 * The name of a change as part of names: lower-case letters, digits and dashes, as hosts and namespaces take them. Numbers of pull requests stay; a branch
 * that has anything else gets a piece of its hash, so that two branches never have one name.
 */
export function slugOf(change: string): string {
  const plain = change
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (plain === change && plain.length <= LONGEST) return plain;
  const hash = createHash('sha256').update(change).digest('hex').slice(0, 6);
  const kept = plain.slice(0, LONGEST - hash.length - 1).replace(/-+$/, '');
  return kept === '' ? hash : `${kept}-${hash}`;
}

/** The name that a pattern (`pr-${change}`) gives the stack of a change. */
export function environmentName(pattern: string, change: string): string {
  return pattern.replaceAll('${change}', slugOf(change));
}

/** Whether a pattern can have given that name to the stack of some change. */
export function isNameOf(pattern: string, name: string): boolean {
  const parts = pattern.split('${change}').map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('[a-z0-9-]+')}$`).test(name);
}
