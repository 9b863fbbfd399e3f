import { processTreeMemory } from './process-tree-memory.ts';

/** How often it is looked at: a process cannot get far in between. */
const EVERY_MS = 100;

/**
 * Calls `onExceeded` once when the process and all that it started hold more than `limit` bytes. Where the machine does not say how much they
 * hold (no /proc) nothing is watched. Keeps nothing alive. Returns what ends the watch.
 */
export function watchMemory(
  pid: number,
  { limit, onExceeded }: { readonly limit: number; onExceeded(held: number): void },
): () => void {
  const timer = setInterval(() => {
    const held = processTreeMemory(pid) ?? 0;
    if (held <= limit) return;
    clearInterval(timer);
    onExceeded(held);
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
