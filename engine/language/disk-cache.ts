import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Texts by key, kept between processes. Losing one costs time only: every failure of the disk is a miss. */
export interface DiskCache {
  get(key: string): string | undefined;
  set(key: string, text: string): void;
}

/**
 * A cache in a directory that only this user may enter, as what is in it is run. An entry is written whole or not at all, and holds its
 * own hash, so that a torn or damaged one is a miss.
 */
export function openDiskCache(directory: string): DiskCache {
  const fileOf = (key: string) => join(directory, `${hash(key)}.txt`);
  return {
    get(key) {
      try {
        const whole = readFileSync(fileOf(key), 'utf8');
        const text = whole.slice(65);
        return hash(text) === whole.slice(0, 64) ? text : undefined;
      } catch {
        return undefined;
      }
    },
    set(key, text) {
      const temporary = `${fileOf(key)}.${process.pid}`;
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        writeFileSync(temporary, `${hash(text)}\n${text}`, { mode: 0o600 });
        renameSync(temporary, fileOf(key));
      } catch {
        rmSync(temporary, { force: true });
      }
    },
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Removes files that were written more than `days` ago. */
export function pruneDirectory(directory: string, days: number): void {
  const oldest = Date.now() - days * 24 * 3600 * 1000;
  try {
    for (const name of readdirSync(directory)) {
      const file = join(directory, name);
      if (statSync(file).mtimeMs < oldest) rmSync(file, { force: true });
    }
  } catch {
    // Another process prunes at the same time, or there is no such directory yet.
  }
}
