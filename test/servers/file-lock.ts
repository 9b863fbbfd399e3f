import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../../foundation/errors.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../foundation/processes.ts';

/**
 * Runs `work` while this process alone holds the lock file. Another holder is waited for; a lock whose holder is gone is taken over.
 * `onWait` is called once when waiting begins.
 */
export async function withFileLock<Result>(
  path: string,
  work: () => Promise<Result>,
  onWait: (holder: number) => void = () => {},
): Promise<Result> {
  await mkdir(dirname(path), { recursive: true });
  let waiting = false;
  while (!(await take(path))) {
    const holder = await readHolder(path);
    if (holder && !isAlive(holder)) {
      await rm(path, { force: true });
      continue;
    }
    if (!waiting && holder) onWait(holder.pid);
    waiting = true;
    await delay(200);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify(identityOf(process.pid)));
    await file.close();
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined where the holder has not written its name yet, or is just letting go. */
async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
