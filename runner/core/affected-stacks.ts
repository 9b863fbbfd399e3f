import picomatch from 'picomatch';
import { type ImportGraph, importChain, readImportGraph } from './import-graph.ts';
import { changedPackages } from './lock-delta.ts';
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

const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock'];
const CODE = /\.[cm]?[jt]sx?$/;

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
  const changed = changedPaths(before, after);
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
async function projectReasons({ before, after, changed, project }: ProjectChange): Promise<readonly Reason[]> {
  const [was, is] = await Promise.all([readImportGraph(before, project.main), readImportGraph(after, project.main)]);
  const found: Reason[] = [];
  for (const path of changed) {
    if (path === project.file || project.optionFiles.includes(path)) found.push({ kind: 'project', text: path });
    else if (is.importedBy.has(path)) found.push({ kind: 'program', text: importChain(is, path).join(' → ') });
    else if (was.importedBy.has(path))
      found.push({ kind: 'program', text: `${importChain(was, path).join(' → ')} (before)` });
    else if (isProgramData(path, project)) found.push({ kind: 'program', text: `${path} (in the program's folder)` });
    else if (manifestsOf(project, 'tsconfig.json').includes(path)) found.push({ kind: 'project', text: path });
  }
  return [...found, ...(await dependencyReasons({ before, after, changed, project }, [was, is]))];
}

/**
 * Data beside a program's code may be read by it (charts, templates). Code there that nothing imports is not, and neither are the
 * manifests of npm, which count by what they install.
 */
function isProgramData(path: string, project: Project): boolean {
  const folder = CODE.test(project.main) ? folderOf(project.main) : project.main;
  // A program in the root would claim the whole repository: there it has to be declared (`watches`).
  if (folder === '' || !path.startsWith(`${folder}/`)) return false;
  const inStacks = folderOf(path) === project.stackFolder;
  const manifest = LOCK_FILES.some((name) => path.endsWith(`/${name}`)) || path.endsWith('/package.json');
  return !CODE.test(path) && !NOT_READ.test(path) && !inStacks && !manifest;
}

/** A file name in the folder of the program or of its project, or above. */
function manifestsOf(project: Project, name: string): readonly string[] {
  const paths: string[] = [];
  for (let folder = CODE.test(project.main) ? folderOf(project.main) : project.main; ; folder = folderOf(folder)) {
    paths.push(joinPath(folder, name)!);
    if (folder === '') return paths;
  }
}

/** What the lock file installs for the program, or the manifest where there is no lock file. */
async function dependencyReasons(change: ProjectChange, graphs: readonly ImportGraph[]): Promise<readonly Reason[]> {
  const { before, after, changed, project } = change;
  const locks = LOCK_FILES.flatMap((name) => manifestsOf(project, name));
  const lock = locks.find((path) => after.files.has(path)) ?? locks.find((path) => before.files.has(path));
  if (lock === undefined) {
    const manifest = manifestsOf(project, 'package.json').find((path) => changed.includes(path));
    return manifest === undefined ? [] : [{ kind: 'dependencies', text: manifest }];
  }
  if (!changed.includes(lock)) return [];
  const packages = await lockDelta(change, lock, graphs);
  if (packages === undefined) return [{ kind: 'dependencies', text: lock }];
  const shown = packages.length > 5 ? [...packages.slice(0, 5), `${packages.length - 5} more`] : packages;
  return packages.length === 0 ? [] : [{ kind: 'dependencies', text: `${lock}: ${shown.join(', ')}` }];
}

async function lockDelta(
  { before, after }: ProjectChange,
  lock: string,
  graphs: readonly ImportGraph[],
): Promise<readonly string[] | undefined> {
  if (!lock.endsWith('.json') || !before.files.has(lock) || !after.files.has(lock)) return undefined;
  const imported = new Set(graphs.flatMap(({ packages }) => [...packages.keys()]));
  return changedPackages(await before.read(lock), await after.read(lock), imported);
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
