import type { Notice } from './webhook.ts';

/** More branches than anybody has open changes of. */
const KEPT = 10_000;

type Moved = Extract<Notice, { kind: 'change' }>;

/**
 * Which change a branch is of, as deliveries told it. A forge tells of a push before it tells what change it is of (Gitea about 0.2 s), and the author
 * waits for a first word. Only in memory: after a restart the first word of a change comes that much later, once.
 */
export class BranchesOfChanges {
  readonly #changes = new Map<string, Moved>();

  /** The change that has a new head by this delivery; undefined where it has none or that is not known. */
  changeOf(notice: Notice): Moved | undefined {
    if (notice.kind === 'pushed') {
      const known = this.#changes.get(notice.branch);
      return known && { ...known, head: notice.head };
    }
    if (notice.kind !== 'change') return undefined;
    if (notice.branch !== undefined) this.#remember(notice.branch, notice);
    return notice;
  }

  #remember(branch: string, notice: Moved): void {
    this.#changes.delete(branch);
    this.#changes.set(branch, notice);
    for (const oldest of this.#changes.keys()) {
      if (this.#changes.size <= KEPT) break;
      this.#changes.delete(oldest);
    }
  }
}
