import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { Outcome } from '../core/run.ts';
import type { StackWork } from './engine.ts';

/** Of all that is kept: some tens of megabytes. */
const MOST_RESOURCES = 20_000;

/** The way back is asked about right after the way there. */
const KEPT_MS = 5 * 60_000;

interface Kept {
  readonly command: PulumiCommand;
  readonly resources: number;
  readonly until: number;
}

/**
 * Commands that know what a preview would leave, by stack and commit, so that the preview of the revert need not run the program again. Each is taken once;
 * where there is none (after a crash, or too many) the preview is made again.
 */
export class Foreseen {
  readonly #kept = new Map<string, Kept>();
  #resources = 0;

  keep(work: StackWork, command: PulumiCommand, { counts }: Outcome): void {
    this.take(work);
    const resources = Object.values(counts).reduce((sum, count) => sum + count, 1);
    this.#kept.set(keyOf(work), { command, resources, until: performance.now() + KEPT_MS });
    this.#resources += resources;
    for (const [key, { until }] of this.#kept)
      if (this.#resources > MOST_RESOURCES || until < performance.now()) this.#remove(key);
  }

  take(work: StackWork): PulumiCommand | undefined {
    const found = this.#kept.get(keyOf(work));
    this.#remove(keyOf(work));
    return found && found.until >= performance.now() ? found.command : undefined;
  }

  #remove(key: string): void {
    this.#resources -= this.#kept.get(key)?.resources ?? 0;
    this.#kept.delete(key);
  }
}

function keyOf({ repository, stack, commit }: StackWork): string {
  return `${repository} ${stack} ${commit}`;
}
