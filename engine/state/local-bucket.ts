import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MainstayError, messageOf, systemCode, userError } from '../../foundation/errors.ts';
import { writeWhole } from '../../foundation/write-whole.ts';
import type { Bucket, BucketEntry, BucketLog } from './bucket.ts';

/** A folder of the machine as a bucket, in the layout of the official `file://` backend (gocloud's fileblob, without its `.attrs`). */
export function createLocalBucket(root: string): Bucket {
  const pathOf = (key: string) => join(root, key);
  return {
    describe: (key) => `file://${pathOf(key)}`,
    read: (key) => readIfThere(pathOf(key)),
    write: (key, bytes) => writeWhole(pathOf(key), bytes, { mode: 0o600 }).catch(translate(pathOf(key))),
    delete: (key) => rm(pathOf(key), { force: true }).catch(translate(pathOf(key))),
    list: (prefix) => listFiles(root, prefix.replace(/\/$/, '')),
    readLog: async (key) => (await readIfThere(pathOf(key)))?.toString('utf8'),
    async deleteLog(key) {
      const path = pathOf(key);
      await rm(path, { force: true }).catch(translate(path));
      await rm(`${path}.reserve`, { force: true }).catch(translate(path));
    },
    openLog: (key) => openLocalLog(pathOf(key)),
  };
}

/** Enough for what steps that run when the disk becomes full have to say. */
const RESERVE_BYTES = 256 * 1024;

/**
 * A file that only grows by whole appends: what a failed one left is cut off before the next. It keeps some space in reserve, which it gives up
 * when the disk is full, so that what a provider has just made can still be recorded.
 */
async function openLocalLog(path: string): Promise<BucketLog> {
  const reserve = `${path}.reserve`;
  await mkdir(dirname(path), { recursive: true }).catch(translate(path));
  await writeFile(reserve, Buffer.alloc(RESERVE_BYTES), { mode: 0o600 }).catch(translate(path));
  const handle = await open(path, 'a', 0o600).catch(translate(path));
  let length = (await handle.stat()).size;
  let torn = false;
  const tryAppend = async (text: string): Promise<void> => {
    if (torn) await handle.truncate(length);
    torn = true;
    await handle.appendFile(text);
    await handle.datasync();
    torn = false;
    length += Buffer.byteLength(text);
  };
  return {
    async append(text) {
      await tryAppend(text)
        .catch(async (error: unknown) => {
          if (!isDiskFull(error)) throw error;
          await rm(reserve, { force: true });
          await tryAppend(text);
        })
        .catch(translate(path));
    },
    async close() {
      await handle.close();
      await rm(reserve, { force: true });
    },
  };
}

function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw asMainstayError(error, path);
  }
}

async function listFiles(root: string, prefix: string): Promise<readonly BucketEntry[]> {
  const folder = join(root, prefix);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw asMainstayError(error, folder);
  }
  const files = entries
    .filter((entry) => entry.isFile() && !/\.(attrs|tmp)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    files.map(async (file) => {
      const modified = await modifiedAt(file);
      return modified === undefined ? [] : [{ key: file.slice(root.length + 1), modified }];
    }),
  );
  return found.flat().sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Undefined for a file that another process has deleted since it was listed. */
async function modifiedAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw asMainstayError(error, file);
  }
}

function translate(path: string): (error: unknown) => never {
  return (error) => {
    throw asMainstayError(error, path);
  };
}

function asMainstayError(error: unknown, path: string): MainstayError {
  if (isDiskFull(error)) {
    return new MainstayError(
      'transient',
      'Cannot write the state as the disk is full. Free some space and run again; the last state is intact.',
      { place: { file: path }, cause: error },
    );
  }
  return userError(
    `Cannot use the state backend: ${messageOf(error)}. Check that the folder exists and that you may write to it.`,
    { place: { file: path }, cause: error },
  );
}
