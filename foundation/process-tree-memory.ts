import { readdirSync, readFileSync } from 'node:fs';

/**
 * Bytes of resident memory of a process and all that it started, pages that they share counted for each. Undefined where the machine does not
 * say (no /proc).
 */
export function processTreeMemory(root: number): number | undefined {
  const children = childrenByParent();
  if (!children) return undefined;
  let bytes = 0;
  const visit = (pid: number) => {
    bytes += residentOf(pid);
    for (const child of children.get(pid) ?? []) visit(child);
  };
  visit(root);
  return bytes;
}

function childrenByParent(): ReadonlyMap<number, readonly number[]> | undefined {
  const children = new Map<number, number[]>();
  try {
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry);
      const parent = Number.isInteger(pid) ? parentOf(pid) : undefined;
      if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
    }
  } catch {
    return undefined;
  }
  return children;
}

/** The name of a process, in parentheses, may hold anything: the parent comes after the last one. */
function parentOf(pid: number): number | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024;
}

/** Undefined where the process has ended meanwhile. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
