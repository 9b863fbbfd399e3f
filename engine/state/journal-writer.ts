import type { BucketLog } from './bucket.ts';
import type { JournalBase, JournalEntry } from './journal.ts';

/** Where journals are kept: one at a time. */
export interface JournalStore {
  openJournal(): Promise<BucketLog>;
  /** Takes away the journal that is there. */
  deleteJournal(): Promise<void>;
}

interface Waiting {
  readonly lines: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Appends entries to the journal in groups: while one group is being written, the next one gathers, so that parallel steps share the
 * cost of a flush. The file is made when the first entry comes. What could not be written is tried again before anything newer, so that
 * the journal never has a gap: every call fails until that succeeds.
 */
export class JournalWriter {
  readonly #store: JournalStore;
  #log: BucketLog | undefined;
  /** Goes out before anything else: the first line, what need not be durable at once, and what failed. */
  #ahead = '';
  #waiting: Waiting[] = [];
  /** The write or the change of journals that is under way. */
  #task: Promise<void> | undefined;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  /** The first line of the journal, written together with the first entry. */
  start(base: JournalBase): void {
    this.#ahead = lineOf([base]);
  }

  /** Resolves when the entries, and all before them, are durable. */
  append(entries: readonly JournalEntry[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ lines: lineOf(entries), done, failed });
      this.#kick();
    });
  }

  /** For entries whose loss costs nothing but a repetition: they are written with the next ones that are waited for. */
  appendLater(entries: readonly JournalEntry[]): void {
    this.#waiting.push({ lines: lineOf(entries), done: nobody, failed: nobody });
  }

  /**
   * Writes a checkpoint by `write`, and begins a new journal after it: entries given before this call belong to the checkpoint, those after
   * it continue it, which is why it must be called in the same turn in which the checkpoint's content was taken. `base` is recorded in the
   * old journal first, so that a crash right after `write` is understood. If `write` fails the old journal goes on, and nothing is lost.
   */
  checkpoint(base: JournalBase, write: () => Promise<void>): Promise<void> {
    const before = this.#waiting;
    this.#waiting = [];
    return this.#run(async () => {
      const unused = this.#log === undefined && before.length === 0 && this.#ahead.split('\n').length <= 2;
      if (!unused) await this.#write([...before, { lines: lineOf([base]), done: nobody, failed: nobody }]);
      await write();
      await this.#log?.close();
      this.#log = undefined;
      if (!unused) await this.#store.deleteJournal();
      this.#ahead = lineOf([base]);
    });
  }

  async close(): Promise<void> {
    while (this.#task) await this.#task;
    await this.#log?.close();
    this.#log = undefined;
  }

  /** One after the other. What was given in the meantime is written when nothing is left to do. */
  #run(work: () => Promise<void>): Promise<void> {
    const task = (this.#task ?? Promise.resolve()).then(work);
    const settled = task.catch(nobody).then(() => {
      if (this.#task !== settled) return;
      this.#task = undefined;
      if (this.#waiting.some(({ done }) => done !== nobody)) this.#kick();
    });
    this.#task = settled;
    return task;
  }

  #kick(): void {
    if (this.#task) return;
    const group = this.#waiting;
    this.#waiting = [];
    void this.#run(() => this.#write(group));
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const text = this.#ahead + group.map((one) => one.lines).join('');
    this.#ahead = '';
    try {
      this.#log ??= await this.#store.openJournal();
      await this.#log.append(text);
    } catch (error) {
      this.#ahead = text;
      for (const one of group) one.failed(error);
      return;
    }
    for (const one of group) one.done();
  }
}

const nobody = () => {};

/** One line for what belongs together: a crash leaves all of it or nothing. */
function lineOf(entries: readonly JournalEntry[]): string {
  return `${JSON.stringify(entries)}\n`;
}
