import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { parse } from 'yaml';

/** Where the sandbox stands as plugins: pulumi-resource-aws, pulumi-resource-kubernetes. */
const PLUGINS = join('providers', 'sandbox', 'bin');

/**
 * Keeps a stack that asks for the sandbox from being made in a real account. The embedded engine honours the setting; the official CLI
 * does not know it and takes whatever plugin it finds, so the sandbox must be the one that it finds first.
 * Returns why the program must not go on; undefined where it may.
 */
export function sandboxProblem(
  setting: boolean | readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  rootDirectory: string,
): string | undefined {
  if (setting === false || environment.MAINSTAY_ENGINE === 'embedded') return undefined;
  const packages = setting === true ? ['aws', 'kubernetes'] : setting;
  const named = namedInProject(rootDirectory);
  const real = packages.filter(
    (name) => !named.includes(name) && !isSandbox(`pulumi-resource-${name}`, environment.PATH ?? ''),
  );
  if (real.length === 0) return undefined;
  return (
    `Cannot run this stack with this engine as its settings ask for the sandbox (mainstay:sandbox), which the official CLI does not know: ` +
    `${real.join(' and ')} would be real. Name ${PLUGINS} in Pulumi.yaml (plugins.providers), put it first on the PATH, use ` +
    'engine/bin/pulumi, or set mainstay:sandbox to false.'
  );
}

/** The packages that Pulumi.yaml gives the sandbox's plugin: the official CLI takes those before any other. */
function namedInProject(rootDirectory: string): readonly string[] {
  const file = join(rootDirectory, 'Pulumi.yaml');
  if (!existsSync(file)) return [];
  const { plugins } = parse(readFileSync(file, 'utf8')) as {
    readonly plugins?: { readonly providers?: readonly { readonly name: string; readonly path: string }[] };
  };
  return (plugins?.providers ?? [])
    .filter(({ path }) => isSandboxFolder(join(rootDirectory, path)))
    .map(({ name }) => name);
}

function isSandboxFolder(folder: string): boolean {
  return existsSync(folder) && `${realpathSync(folder)}${sep}`.includes(`${sep}${PLUGINS}${sep}`);
}

/** Whether the first executable of a name on the PATH is the sandbox's. */
function isSandbox(executable: string, path: string): boolean {
  const found = path.split(delimiter).find((folder) => folder !== '' && existsSync(join(folder, executable)));
  return found !== undefined && realpathSync(join(found, executable)).includes(`${sep}${PLUGINS}${sep}`);
}
