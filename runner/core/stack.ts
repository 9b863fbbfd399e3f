import { parseDocument } from 'yaml';
import { userError } from '../../foundation/errors.ts';
import { folderOf, joinPath, oncePerTree, type SourceTree } from './source-tree.ts';
import { withinMeasure } from './within-measure.ts';

/** One stack of one Pulumi project, as the files of a commit declare it. */
export interface Stack {
  /** `<project>/<stack>`: unique in a repository. */
  readonly id: string;
  readonly project: Project;
  readonly name: string;
  /** Path of `Pulumi.<stack>.yaml`. */
  readonly file: string;
}

/** A `Pulumi.yaml`. */
export interface Project {
  readonly name: string;
  /** Its folder; '' is the repository's root. */
  readonly folder: string;
  readonly file: string;
  /** The program: a folder or a file. */
  readonly main: string;
  readonly runtime: string;
  /** The folder of the stacks' files. */
  readonly stackFolder: string;
  /** Files that the runtime's options name, such as `tsconfig`. */
  readonly optionFiles: readonly string[];
}

const PROJECT_FILE = /(^|\/)Pulumi\.ya?ml$/;
const STACK_FILE = /(?:^|\/)Pulumi\.([^/]+)\.ya?ml$/;

/** Every project and its stacks, by path. Throws one user error for a Pulumi.yaml that cannot be read. */
export const findStacks: (tree: SourceTree) => Promise<readonly Stack[]> = oncePerTree(async (tree) => {
  const projectFiles = [...tree.files.keys()].filter((path) => PROJECT_FILE.test(path) && !isForeign(path)).sort();
  const projects = await Promise.all(projectFiles.map(async (file) => parseProject(file, await tree.read(file))));
  refuseSameName(projects);
  const stackFiles = Map.groupBy(tree.files.keys().filter(isStackFile), folderOf);
  const stacks = projects.flatMap((project) => stacksOf(project, stackFiles.get(project.stackFolder) ?? []));
  return stacks.sort((a, b) => a.id.localeCompare(b.id));
});

function isStackFile(path: string): boolean {
  return STACK_FILE.test(path);
}

/** Projects inside dependencies and test fixtures of others are not ours to run. */
function isForeign(path: string): boolean {
  return /(^|\/)(node_modules|fixtures|testdata)\//.test(path);
}

function stacksOf(project: Project, files: readonly string[]): readonly Stack[] {
  return files.map((file) => {
    const name = STACK_FILE.exec(file)![1]!;
    const ending = endingOf(project.file);
    // Pulumi reads the file that ends as the project's does, and would run a stack without its settings.
    if (endingOf(file) !== ending)
      throw unreadable(file, `Pulumi looks for Pulumi.${name}${ending}, which ends as ${project.file} does: rename it`);
    if (!isName(name)) throw unreadable(file, `${JSON.stringify(name)} is no name of a stack: ${NAME_RULE}`);
    return { id: `${project.name}/${name}`, project, name, file };
  });
}

function endingOf(file: string): string {
  return file.slice(file.lastIndexOf('.'));
}

function refuseSameName(projects: readonly Project[]): void {
  const seen = new Map<string, Project>();
  for (const project of projects) {
    const other = seen.get(project.name);
    if (other)
      throw userError(
        `Cannot tell two projects apart as both have the name ${project.name}: ${other.file} and ${project.file}. ` +
          'They would share their state: rename one.',
      );
    seen.set(project.name, project);
  }
}

/** Reads a Pulumi.yaml (https://www.pulumi.com/docs/iac/concepts/projects/project-file/) as far as a runner needs it. */
export function parseProject(file: string, text: string): Project {
  const document = withinMeasure(
    () => parseDocument(text),
    (why) => unreadable(file, why),
  );
  const mistake = document.errors[0];
  if (mistake) throw unreadable(file, mistake.message.split('\n')[0]!, mistake.linePos?.[0]);
  const content = withinMeasure<unknown>(
    () => document.toJS(),
    (why) => unreadable(file, why),
  );
  const { name, runtime, main, stackConfigDir, config } = record(content);
  if (typeof name !== 'string' || name === '') throw unreadable(file, 'it has no name');
  if (!isName(name)) throw unreadable(file, `its name is not one of a project: ${JSON.stringify(name)}: ${NAME_RULE}`);
  const folder = folderOf(file);
  const place = (path: unknown, what: string) => {
    const joined = joinPath(folder, typeof path === 'string' ? path : '');
    if (joined === undefined) throw unreadable(file, `${what} is outside of the repository: ${path}`);
    return joined;
  };
  const runtimeName = typeof runtime === 'string' ? runtime : record(runtime).name;
  if (typeof runtimeName !== 'string') throw unreadable(file, 'it has no runtime');
  const program = place(main, 'main');
  const options = record(record(runtime).options);
  const tsconfig = typeof options.tsconfig === 'string' ? joinPath(program, options.tsconfig) : undefined;
  // Before stackConfigDir there was `config` with a folder's name; both are read by the official CLI.
  const stackFolder = place(stackConfigDir ?? (typeof config === 'string' ? config : undefined), 'stackConfigDir');
  return {
    name,
    folder,
    file,
    main: program,
    runtime: runtimeName,
    stackFolder,
    optionFiles: tsconfig ? [tsconfig] : [],
  };
}

const NAME_RULE = 'letters, digits, `-`, `_` and `.`, at most 100';

/** Names are parts of paths and of command lines: what is none to Pulumi could lead elsewhere, or be taken for an option. */
function isName(name: string): boolean {
  return /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$/.test(name) && !/^\.+$/.test(name);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function unreadable(file: string, why: string, at?: { readonly line: number; readonly col: number }): Error {
  const place = { file, line: at?.line, column: at?.col };
  return userError(`Cannot read the project as ${why}. Correct the file.`, { place });
}
