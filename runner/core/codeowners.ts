import type { SourceTree } from './source-tree.ts';

/** Where forges look for it, first come first. */
export const CODEOWNERS_FILES = [
  '.github/CODEOWNERS',
  '.gitea/CODEOWNERS',
  '.gitlab/CODEOWNERS',
  'CODEOWNERS',
  'docs/CODEOWNERS',
];

/** Who owns which paths. */
export interface OwnerRule {
  readonly pattern: RegExp;
  readonly owners: readonly string[];
}

/**
 * Reads a CODEOWNERS file: one pattern per line as in .gitignore and its owners (https://docs.github.com/articles/about-code-owners); the last line
 * that matches counts, and one without owners gives a path to nobody. Sections of GitLab are read as if they were not there.
 */
export function parseCodeowners(text: string): readonly OwnerRule[] {
  return text.split('\n').flatMap((line) => {
    const [pattern, ...rest] = line
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    if (!pattern || /^\^?\[/.test(pattern)) return [];
    return [{ pattern: patternOf(pattern), owners: rest }];
  });
}

export function ownersOf(rules: readonly OwnerRule[], path: string): readonly string[] {
  return rules.findLast(({ pattern }) => pattern.test(path))?.owners ?? [];
}

/** A pattern with a slash inside is from the root; one without matches at any depth; a folder owns all below it. */
function patternOf(glob: string): RegExp {
  const anchored = glob.replace(/\/$/, '').includes('/');
  const body = glob
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .split(/(\*\*\/|\/\*\*$|\*\*|\*|\?)/)
    .map(globPart)
    .join('');
  // `docs/*` owns the files of the folder, not those of folders in it.
  const below = /(^|\/)\*$/.test(glob) && anchored ? '$' : '(/|$)';
  return new RegExp(`^${anchored ? '' : '(.*/)?'}${body}${glob.endsWith('/') ? '/' : below}`);
}

function globPart(part: string): string {
  if (part === '**/') return '(.*/)?';
  if (part === '/**') return '/.*';
  if (part === '**') return '.*';
  if (part === '*') return '[^/]*';
  return part === '?' ? '[^/]' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
}

/** The owned paths among `paths`; teams (`@org/team`, `@team`) become their people where the settings know them. */
export async function ownedPaths(
  tree: SourceTree,
  paths: readonly string[],
  teams: Readonly<Record<string, readonly string[]>>,
): Promise<readonly { readonly path: string; readonly owners: readonly string[] }[]> {
  const file = CODEOWNERS_FILES.find((candidate) => tree.files.has(candidate));
  if (file === undefined) return [];
  const rules = parseCodeowners(await tree.read(file));
  const people = (owner: string) =>
    (owner.startsWith('@') ? teams[owner.slice(owner.lastIndexOf('/') + 1).replace(/^@/, '')] : undefined) ?? [owner];
  return paths.flatMap((path) => {
    const owners = ownersOf(rules, path);
    return owners.length === 0 ? [] : [{ path, owners: [...new Set(owners.flatMap(people))] }];
  });
}
