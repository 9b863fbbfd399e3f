import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userError } from '../foundation/errors.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from '../foundation/processes.ts';
import { readRunnerAddress } from './data-folder.ts';

/**
 * Takes a data folder for this `npm start`: a second one would end the runner of the first, which would start it again. Throws a user error where one that
 * lives has it; one that was killed has it no more. Returns what gives it back.
 */
export function claimFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = join(folder, 'start.json');
  const holder = holderIn(file);
  if (holder && isAlive(holder))
    throw userError(
      `Cannot start as it is started already: process ${holder.pid}${addressOf(folder)}. End that one with Ctrl-C, or give this one a folder of its own by MAINSTAY_DATA.`,
    );
  writeFileSync(file, JSON.stringify(ownIdentity()));
  return () => rmSync(file, { force: true });
}

/** undefined where nobody has it, or the file is half written. */
function holderIn(file: string): ProcessIdentity | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { pid, startTime } = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}

function addressOf(folder: string): string {
  const address = readRunnerAddress(folder);
  return address ? `, ${address.url}` : '';
}
