import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * `node test/leftovers.ts MARK`: ends the processes whose environment holds MAINSTAY_RUN_MARK=MARK, other than this one and those
 * above it, and exits with 1 if there were any, naming them. Linux only: elsewhere it finds nothing.
 */
const mark = process.argv[2];
if (!mark) throw new Error('Cannot look for left processes without a mark. Call: node test/leftovers.ts MARK.');

// What was asked to end a moment ago may need a moment.
let left = processesOf(mark);
for (let tries = 0; left.length > 0 && tries < 20; tries += 1) {
  await delay(100);
  left = processesOf(mark);
}
for (const { pid, command } of left) {
  console.error(`left behind: ${pid} ${command}`);
  process.kill(pid, 'SIGKILL');
}
process.exitCode = left.length > 0 ? 1 : 0;

function processesOf(runMark: string): readonly { readonly pid: number; readonly command: string }[] {
  const own = ancestors(process.pid);
  return processIds()
    .filter((pid) => !own.has(pid) && read(`/proc/${pid}/environ`).split('\0').includes(`MAINSTAY_RUN_MARK=${runMark}`))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function ancestors(pid: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (let current = pid; current > 1 && !found.has(current); ) {
    found.add(current);
    current = Number(/^PPid:\t(\d+)$/m.exec(read(`/proc/${current}/status`))?.[1] ?? 0);
  }
  return found;
}

/** '' where the process is gone by now. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
