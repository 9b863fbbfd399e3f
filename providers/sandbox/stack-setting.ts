import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/**
 * One setting of a stack as its `Pulumi.<stack>.yaml` has it, and that file's path. Read from the file as a provider is only told its
 * own package's configuration. No project, no file, no such key: undefined.
 */
export function readStackSetting(of: {
  readonly rootDirectory: string;
  readonly stack: string;
  readonly key: string;
}): { readonly value: unknown; readonly file: string } {
  const project = join(of.rootDirectory, 'Pulumi.yaml');
  if (!existsSync(project)) return { value: undefined, file: project };
  const directory = (parse(readFileSync(project, 'utf8')) as { stackConfigDir?: string }).stackConfigDir ?? '.';
  const file = join(of.rootDirectory, directory, `Pulumi.${of.stack.split('/').at(-1)}.yaml`);
  if (!existsSync(file)) return { value: undefined, file };
  const settings = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> } | null;
  return { value: settings?.config?.[of.key], file };
}

/** Whether a stack's settings ask that the sandbox stands in for a package: for all (`true`), or for those of a list. */
export function asksForSandbox(rootDirectory: string, stack: string, packageName: string): boolean {
  const { value } = readStackSetting({ rootDirectory, stack, key: 'mainstay:sandbox' });
  if (Array.isArray(value)) return value.includes(packageName);
  const words = String(value ?? '').split(',');
  return words.some((word) => word.trim() === 'true' || word.trim() === packageName);
}

/** The folder of Pulumi.yaml at or above `directory`; `directory` itself where there is none. */
export function projectRoot(directory: string): string {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'Pulumi.yaml'))) return folder;
    if (folder === dirname(folder)) return directory;
  }
}
