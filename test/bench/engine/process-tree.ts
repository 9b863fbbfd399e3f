import { readdirSync, readFileSync } from 'node:fs';
import { processTreeMemory } from '../../../foundation/process-tree-memory.ts';

/** Megabytes of resident memory of a process and all that it started, shared pages counted for each. */
export function treeMemory(root: number): number {
  return (processTreeMemory(root) ?? 0) / 2 ** 20;
}

/** Looks at the memory of a tree ten times a second until stopped. Resolves to the highest figure. */
export function watchMemory(root: number): () => number {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, treeMemory(root));
  };
  look();
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    look();
    return peak;
  };
}

/** Milliseconds of processor that a process and all that it started have used, those that have ended and were waited for included. */
export function treeCpu(root: number): number {
  const all = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (statOf(Number(entry)) ?? []) : []));
  const tree = new Set([root]);
  for (const pid of tree) for (const stat of all) if (stat.parent === pid) tree.add(stat.pid);
  return all.reduce((sum, { pid, ticks }) => (tree.has(pid) ? sum + ticks * MS_PER_TICK : sum), 0);
}

/** `USER_HZ` of Linux. */
const MS_PER_TICK = 10;

/** proc(5): after the name in parentheses comes the state, then the parent, and the times from the 12th on. */
function statOf(pid: number): { readonly pid: number; readonly parent: number; readonly ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { pid, parent: fields[1]!, ticks: fields.slice(11, 15).reduce((sum, each) => sum + each, 0) };
  } catch {
    return undefined;
  }
}
