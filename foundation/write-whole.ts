import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file as a whole or not at all: beside its place, flushed, then renamed. A reader sees the old or the new, also after a crash or on a full
 * disk. Makes the folder where it is missing; follows a symbolic link. `mode` is that of a new file; one that is there keeps its own. Rejects
 * with the system's error, and leaves nothing behind then.
 */
export async function writeWhole(
  path: string,
  bytes: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomUUID()}.tmp`;
  const present = await stat(target).catch(() => undefined);
  const mode = present ? present.mode & 0o777 : options.mode;
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(temporary, bytes, { flush: true, ...(mode !== undefined && { mode }) });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}
