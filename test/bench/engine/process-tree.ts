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
