import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.ts';
import { withFileLock } from './file-lock.ts';

/** Pinned, so that a run of today is a run of next year. */
export const SCHEMATHESIS_VERSION = '4.32.5';

const run = promisify(execFile);

/** Installs schemathesis into a virtual environment of its own in the cache, once. Resolves to its Python. Rejects without Python. */
export async function ensureSchemathesis(): Promise<string> {
  const folder = join(cacheFolder(), `schemathesis-${SCHEMATHESIS_VERSION}`);
  const python = join(folder, 'bin', 'python');
  const done = join(folder, 'installed');
  if (existsSync(done)) return python;
  await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(done)) return;
    await rm(folder, { recursive: true, force: true });
    await mkdir(cacheFolder(), { recursive: true });
    await run('python3', ['-m', 'venv', folder]).catch((error: Error) => {
      throw new Error(
        `Cannot test the API against its document as no Python environment can be made: ${error.message.trim()}. Install python3 and python3-venv.`,
      );
    });
    await run(python, ['-m', 'pip', 'install', '--quiet', `schemathesis==${SCHEMATHESIS_VERSION}`], {
      env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    });
    await writeFile(done, new Date().toISOString());
  });
  return python;
}
