import picomatch from 'picomatch';
import { type ImportGraph, importChain, readImportGraph } from './import-graph.ts';
import { withLinks } from './linked-paths.ts';
import { loadingFields, localPackages, packageFolderOf } from './local-packages.ts';
import { changedPackages } from './lock-delta.ts';
import { isNpmLock, LOCK_FILES, locksOf, nearestLock } from './lock-files.ts';
import type { Reason } from './reason.ts';
import type { Settings } from './settings.ts';
import { changedPaths, folderOf, joinPath, type SourceTree } from './source-tree.ts';
import { findStacks, type Project, type Stack } from './stack.ts';
import { managedStacks, settingsOf } from './stack-order.ts';

/** A stack that a change affects, with every reason. */
export interface AffectedStack {
  readonly stack: Stack;
  readonly reasons: readonly Reason[];
}

export interface Affected {
  readonly affected: readonly AffectedStack[];
  /** Stacks that the change provably does not touch. */
  readonly untouched: readonly Stack[];
  /** Ids of stacks whose file the change removes. Their resources stay: removing a file destroys nothing. */
  readonly removed: readonly string[];
}

const CODE = /\.[cm]?[jt]sx?$/;

/** Files beside the stacks' own that are for Pulumi and for us. */
const SETTINGS = /(^|\/)(Pulumi(\.[^/]+)?|mainstay)\.ya?ml$/;

/** Files in a program's folder that no program reads. */
const NOT_READ = /(\.(md|test\.[cm]?[jt]sx?|spec\.[cm]?[jt]sx?)|(^|\/)(LICENSE|\.gitignore|\.editorconfig))$/;

/**
 * Decides which stacks the change from `before` to `after` affects and why: their own file, their project, the import graph of their program
 * (of both trees, so that a removed import counts), what the lock file installs for it, files that the settings declare, and
 * the stacks upstream. `upstreams` are stack ids by stack id, as earlier runs have seen them read outputs.
 */
export async function findAffected(
  before: SourceTree,
  after: SourceTree,
  options: { readonly settings: Settings; readonly upstreams: ReadonlyMap<string, readonly string[]> },
): Promise<Affected> {
  const [all, allEarlier] = await Promise.all([findStacks(after), findStacks(before).catch(() => [])]);
  const [stacks, earlier] = [managedStacks(options.settings, all), managedStacks(options.settings, allEarlier)];
  const changed = await withLinks(changedPaths(before, after), { before, after });
  const known = new Set(earlier.map(({ id }) => id));
  const reasons = new Map<string, Reason[]>(stacks.map(({ id }) => [id, []]));
  const ofProject = new Map<string, readonly Reason[]>();
  for (const stack of stacks) {
    const own = reasons.get(stack.id)!;
    if (!known.has(stack.id)) own.push({ kind: 'new', text: `${stack.file} is new` });
    else if (changed.includes(stack.file)) own.push({ kind: 'settings', text: stack.file });
    if (changed.length > 0 && !ofProject.has(stack.project.file))
      ofProject.set(stack.project.file, await projectReasons({ before, after, changed, project: stack.project }));
    own.push(...(ofProject.get(stack.project.file) ?? []), ...watchedReasons(stack, changed, options.settings));
  }
  addUpstreams(stacks, reasons, options);
  const present = new Set(stacks.map(({ id }) => id));
  return {
    affected: stacks.flatMap((stack) =>
      reasons.get(stack.id)!.length > 0 ? [{ stack, reasons: reasons.get(stack.id)! }] : [],
    ),
    untouched: stacks.filter(({ id }) => reasons.get(id)!.length === 0),
    removed: earlier.filter(({ id }) => !present.has(id)).map(({ id }) => id),
  };
}

interface ProjectChange {
  readonly before: SourceTree;
  readonly after: SourceTree;
  readonly changed: readonly string[];
  readonly project: Project;
}

/** What concerns every stack of a project. */
async function projectReasons(change: ProjectChange): Promise<readonly Reason[]> {
  const { before, after, changed, project } = change;
  const options = { tsconfig: project.optionFiles[0] };
  const [was, is] = await Promise.all([
    readImportGraph(before, project.main, options),
    readImportGraph(after, project.main, options),
  ]);
  const graphs = [was, is];
  const found: Reason[] = [];
  for (const path of changed) {
    if (path === project.file || isConfig(path, project, graphs)) found.push({ kind: 'project', text: path });
    else if (is.importedBy.has(path)) found.push({ kind: 'program', text: importChain(is, path).join(' → ') });
    else if (was.importedBy.has(path))
      found.push({ kind: 'program', text: `${importChain(was, path).join(' → ')} (before)` });
    else if (isProgramData(path, project)) found.push({ kind: 'program', text: `${path} (in the program's folder)` });
    else if (graphs.some((graph) => isPackageData(path, graph)))
      found.push({ kind: 'program', text: `${path} (in a package that it imports)` });
  }
  return [...found, ...(await manifestReasons(change, graphs)), ...(await dependencyReasons(change, graphs))];
}

function isConfig(path: string, project: Project, graphs: readonly ImportGraph[]): boolean {
  if (project.optionFiles.includes(path) || graphs.some(({ configFiles }) => configFiles.includes(path))) return true;
  return manifestsOf(project, 'tsconfig.json').includes(path);
}

/**
 * Data beside a program's code may be read by it (charts, templates). Code there that nothing imports is not, and neither are the
 * manifests of npm, which count by what they install and by what they have loaded.
 */
function isProgramData(path: string, project: Project): boolean {
  const folder = CODE.test(project.main) ? folderOf(project.main) : project.main;
  // A program in the root would claim the whole repository: there it has to be declared (`watches`).
  if (folder === '' || !path.startsWith(`${folder}/`)) return false;
  return isData(path) && !(folderOf(path) === project.stackFolder && SETTINGS.test(path));
}

/** The same of the repository's packages that it imports by name. */
function isPackageData(path: string, { locals }: ImportGraph): boolean {
  return isData(path) && [...locals].some((folder) => folder !== '' && path.startsWith(`${folder}/`));
}

function isData(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (
    !CODE.test(path) && !NOT_READ.test(path) && name !== 'package.json' && !LOCK_FILES.some((lock) => lock === name)
  );
}

/** A file name in the folder of the program or of its project, or above. */
function manifestsOf(project: Project, name: string): readonly string[] {
  const paths: string[] = [];
  for (let folder = CODE.test(project.main) ? folderOf(project.main) : project.main; ; folder = folderOf(folder)) {
    paths.push(joinPath(folder, name)!);
    if (folder === '') return paths;
  }
}

/** Manifests of the files that it is made of, where they have other files loaded than before, or in another way. */
async function manifestReasons(change: ProjectChange, graphs: readonly ImportGraph[]): Promise<readonly Reason[]> {
  const changed = change.changed.filter((path) => /(^|\/)package\.json$/.test(path));
  if (changed.length === 0) return [];
  const [was, is] = await Promise.all([localPackages(change.before), localPackages(change.after)]);
  const folders = new Set<string | undefined>(graphs.flatMap(({ locals }) => [...locals]));
  for (const file of graphs.flatMap(({ importedBy }) => [...importedBy.keys()])) {
    folders.add(packageFolderOf(was, file));
    folders.add(packageFolderOf(is, file));
  }
  const other = changed.filter((path) => {
    const folder = folderOf(path);
    return folders.has(folder) && loadingFields(was.get(folder)) !== loadingFields(is.get(folder));
  });
  return other.map((path) => ({ kind: 'program', text: `${path} (what it has loaded)` }));
}

/** What the lock files install for the program, or the manifest where there is none. */
async function dependencyReasons(change: ProjectChange, graphs: readonly ImportGraph[]): Promise<readonly Reason[]> {
  const { changed, project } = change;
  const locks = locksOfProgram(change, graphs);
  if (locks.length === 0) {
    const manifest = manifestsOf(project, 'package.json').find((path) => changed.includes(path));
    return manifest === undefined ? [] : [{ kind: 'dependencies', text: manifest }];
  }
  const reasons: Reason[] = [];
  for (const lock of locks.filter((path) => changed.includes(path))) {
    const packages = await lockDelta(change, lock, graphs);
    if (packages === undefined) reasons.push({ kind: 'dependencies', text: lock });
    else if (packages.length > 0) {
      const shown = packages.length > 5 ? [...packages.slice(0, 5), `${packages.length - 5} more`] : packages;
      reasons.push({ kind: 'dependencies', text: `${lock}: ${shown.join(', ')}` });
    }
  }
  return reasons;
}

/** Those that its files are installed by, in either tree. */
function locksOfProgram({ before, after, project }: ProjectChange, graphs: readonly ImportGraph[]): readonly string[] {
  const found = [before, after].flatMap((tree, index) => [
    ...locksOf(tree, graphs[index]!.importedBy.keys()),
    ...[nearestLock(tree, project.main)].filter((path) => path !== undefined),
  ]);
  return [...new Set(found)].sort();
}

async function lockDelta(
  { before, after }: ProjectChange,
  lock: string,
  graphs: readonly ImportGraph[],
): Promise<readonly string[] | undefined> {
  if (!isNpmLock(lock) || !before.files.has(lock) || !after.files.has(lock)) return undefined;
  const folder = folderOf(lock);
  const imported = graphs.flatMap(({ packages }) =>
    [...packages].flatMap(([name, folders]) =>
      [...folders].map((from) => ({ name, from: relativeFolder(folder, from) })),
    ),
  );
  return changedPackages(await before.read(lock), await after.read(lock), imported);
}

/** `from` as the lock file in `folder` would name it. */
function relativeFolder(folder: string, from: string): string {
  if (folder === '') return from;
  if (from === folder || from.startsWith(`${folder}/`)) return from.slice(folder.length + 1);
  const up = folder.split('/').map(() => '..');
  return [...up, from].join('/');
}

function watchedReasons(stack: Stack, changed: readonly string[], settings: Settings): readonly Reason[] {
  const globs = settingsOf(settings, stack).watches;
  if (globs.length === 0) return [];
  const matches = picomatch([...globs], { dot: true });
  return changed.filter((path) => matches(path)).map((path) => ({ kind: 'watched', text: `${path} (watched)` }));
}

/** Whoever reads the outputs of an affected stack is affected, over any number of steps. */
function addUpstreams(
  stacks: readonly Stack[],
  reasons: ReadonlyMap<string, Reason[]>,
  { settings, upstreams }: { readonly settings: Settings; readonly upstreams: ReadonlyMap<string, readonly string[]> },
): void {
  for (let again = true; again; ) {
    again = false;
    for (const stack of stacks) {
      const own = reasons.get(stack.id)!;
      for (const name of [...settingsOf(settings, stack).dependsOn, ...(upstreams.get(stack.id) ?? [])]) {
        const upstream = stacks.find(({ id, name: short }) => id === name || short === name);
        const text = `${upstream?.id} (upstream)`;
        if (!upstream || upstream.id === stack.id || own.some((reason) => reason.text === text)) continue;
        if (reasons.get(upstream.id)!.length === 0) continue;
        own.push({ kind: 'upstream', text });
        again = true;
      }
    }
  }
}
