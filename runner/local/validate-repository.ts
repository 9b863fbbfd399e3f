import { userError } from '../../foundation/errors.ts';
import { readSettings, SETTINGS_FILES, type Settings } from '../core/settings.ts';
import { joinPath, type SourceTree } from '../core/source-tree.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { environmentOf, managedStacks, orderStages } from '../core/stack-order.ts';
import { schemaMistakes } from './schema-mistakes.ts';

/** What a runner makes of the repository, or every mistake that keeps it from doing so. */
export interface Validation {
  readonly projects: readonly string[];
  /** In the order of promotion. */
  readonly stacks: readonly { readonly id: string; readonly environment: string; readonly file: string }[];
  /** Stacks that no environment names: a runner leaves them alone. */
  readonly unmanaged: readonly string[];
  /** The file that the settings are in; undefined: there is none, and each stack is an environment of its own. */
  readonly settingsFile: string | undefined;
  /** One text for each mistake, with its file, line and column. */
  readonly mistakes: readonly string[];
  /** What works and is most likely not meant. */
  readonly warnings: readonly string[];
}

/** Reads every file of a tree that a runner reads before it runs anything. Needs no engine, state or secret. */
export async function validateRepository(tree: SourceTree): Promise<Validation> {
  const mistakes: string[] = [];
  const stacks = await collect(mistakes, () => findStacks(tree), []);
  const settingsFile = SETTINGS_FILES.find((file) => tree.files.has(file));
  const settings = await collect(mistakes, () => readSettings(tree), undefined);
  for (const stack of stacks) {
    mistakes.push(...(await schemaMistakes(tree, stack.file)));
    mistakes.push(...missingProgram(tree, stack));
  }
  const order = settings ? await collect(mistakes, async () => inOrder(stacks, settings), []) : [];
  const managed = new Set(order.map(({ id }) => id));
  return {
    projects: [...new Set(stacks.map(({ project }) => project.file))],
    stacks: order,
    unmanaged: settings ? stacks.filter(({ id }) => !managed.has(id)).map(({ id }) => id) : [],
    settingsFile,
    mistakes: [...new Set(mistakes)],
    warnings: warningsOf(tree, stacks),
  };
}

/** A mistake of a user is kept and the rest is looked at all the same. */
async function collect<T>(mistakes: string[], read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isUserError(error)) throw error;
    mistakes.push(error.message);
    return otherwise;
  }
}

function isUserError(error: unknown): error is Error {
  return error instanceof Error && 'kind' in error && error.kind === 'user';
}

function inOrder(stacks: readonly Stack[], settings: Settings): Validation['stacks'] {
  const managed = managedStacks(settings, stacks);
  const ids = orderStages(managed, { settings, upstreams: new Map() }).flatMap(({ groups }) => groups.flat());
  return ids.map((id) => {
    const stack = managed.find((candidate) => candidate.id === id)!;
    return { id, environment: environmentOf(settings, stack).name, file: stack.file };
  });
}

const ENTRIES = ['index.ts', 'index.js', 'index.mjs', 'index.cjs', 'package.json', 'Main.yaml', 'Pulumi.yaml'];

function missingProgram(tree: SourceTree, { project }: Stack): readonly string[] {
  if (project.runtime !== 'nodejs' || tree.files.has(project.main)) return [];
  if (ENTRIES.some((name) => tree.files.has(joinPath(project.main, name)!))) return [];
  const mistake = userError(
    `Cannot run the project as there is no program at ${project.main || 'its root'}. Add an index.ts, or correct main.`,
    { place: { file: project.file } },
  );
  return [mistake.message];
}

const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json'];

/** What works and is most likely not meant. */
export function warningsOf(tree: SourceTree, stacks: readonly Stack[]): readonly string[] {
  const warnings: string[] = [];
  if (stacks.length === 0) warnings.push('There is no stack: add a Pulumi.<stack>.yaml beside a Pulumi.yaml.');
  const scripts = stacks.filter(({ project }) => project.runtime === 'nodejs');
  const locked = LOCK_FILES.some((name) =>
    [...tree.files.keys()].some((file) => file === name || file.endsWith(`/${name}`)),
  );
  if (scripts.length > 0 && !locked)
    warnings.push('There is no package-lock.json: a runner installs no dependencies. Make one with `npm install`.');
  for (const { runtime, file } of new Set(stacks.map(({ project }) => project)))
    if (runtime !== 'nodejs')
      warnings.push(`${file} has the runtime ${runtime}: only the official pulumi CLI runs it.`);
  return warnings;
}
