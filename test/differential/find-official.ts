import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The official `pulumi`: PULUMI_OFFICIAL, or the first on PATH that is a compiled program (ours is a script). Undefined: there is
 * none, and nothing to compare with.
 */
export function findOfficial(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const onPath = (environment.PATH ?? '').split(delimiter).map((directory) => join(directory, 'pulumi'));
  return [environment.PULUMI_OFFICIAL, ...onPath].find((path) => path !== undefined && isCompiled(path));
}

function isCompiled(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    const file = openSync(path, 'r');
    const start = Buffer.alloc(2);
    readSync(file, start, 0, 2, 0);
    closeSync(file);
    return start.toString('latin1') !== '#!';
  } catch {
    return false;
  }
}
