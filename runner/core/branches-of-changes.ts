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
  readonly #heads = new Map<string, string>();

  /** Whether this head of a change was not asked about before. */
  isFirst({ change, head }: Moved): boolean {
    if (this.#heads.get(change) === head) return false;
    remember(this.#heads, change, head);
    return true;
  }

  /** The change that has a new head by this delivery; undefined where it has none or that is not known. */
  changeOf(notice: Notice): Moved | undefined {
    if (notice.kind === 'pushed') {
      const known = this.#changes.get(notice.branch);
      return known && { ...known, head: notice.head };
    }
    if (notice.kind !== 'change') return undefined;
    if (notice.branch !== undefined) remember(this.#changes, notice.branch, notice);
    return notice;
  }
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  for (const oldest of known.keys()) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
  }
}
