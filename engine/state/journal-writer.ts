import type { BucketLog } from './bucket.ts';
import type { JournalEntry } from './journal.ts';

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
 * cost of a flush. The file is made when the first entry comes. A failed write fails every later call: what is not recorded must not go on.
 */
export class JournalWriter {
  readonly #store: JournalStore;
  #log: BucketLog | undefined;
  #head = '';
  #waiting: Waiting[] = [];
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  #held = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  /** The first line of the journal, written together with the first entry. */
  start(base: JournalEntry): void {
    this.#head = lineOf(base);
  }

  /** Resolves when the entries are durable. */
  append(entries: readonly JournalEntry[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    return new Promise((done, failed) => {
      this.#waiting.push({ lines: entries.map(lineOf).join(''), done, failed });
      this.#kick();
    });
  }

  /** Resolves when everything given so far is durable. */
  async flush(): Promise<void> {
    while (this.#busy || this.#waiting.length > 0) await this.#writing;
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Begins a new journal: entries given before this call go to the old one, those after it to the new one, which starts with `base`. In between
   * `prepare` writes the checkpoint that the new one continues; `next` is recorded in the old one first, so that a crash right after `prepare`
   * is understood.
   */
  async switchTo(
    next: JournalEntry,
    options: { readonly base: JournalEntry; readonly prepare: () => Promise<void> },
  ): Promise<void> {
    const before = this.#waiting;
    this.#waiting = [];
    this.#held = true;
    try {
      await this.#writing;
      await this.#write([...before, { lines: lineOf(next), done: () => {}, failed: () => {} }]);
      if (this.#failure) throw this.#failure.error;
      await options.prepare();
      await this.#log?.close();
      this.#log = undefined;
      await this.#store.deleteJournal();
      this.#head = lineOf(options.base);
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#held = false;
      this.#kick();
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#log?.close();
    this.#log = undefined;
  }

  #kick(): void {
    if (this.#busy || this.#held || this.#waiting.length === 0) return;
    this.#busy = true;
    const group = this.#waiting;
    this.#waiting = [];
    this.#writing = this.#write(group).finally(() => {
      this.#busy = false;
      this.#kick();
    });
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      if (this.#failure) throw this.#failure.error;
      this.#log ??= await this.#store.openJournal();
      const text = this.#head + group.map((one) => one.lines).join('');
      this.#head = '';
      await this.#log.append(text);
      for (const one of group) one.done();
    } catch (error) {
      this.#fail(error);
      for (const one of group) one.failed(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const one of this.#waiting.splice(0)) one.failed(this.#failure.error);
  }
}

function lineOf(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}
