/** Looks up many of one kind with one call. What is not in the answer is not there. */
export type LookUpMany<T> = (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;

/** How long a look waits for others of its kind, in milliseconds, and how many go into one call. */
const WINDOW = 8;
const MOST = 100;

interface Batch {
  readonly ids: Set<string>;
  readonly answer: Promise<ReadonlyMap<string, unknown>>;
  readonly send: () => void;
}

/** Puts looks of one kind that are wanted at about the same time into one call. */
export class Batches {
  readonly #open = new Map<string, Batch>();

  /** Resolves to what is there under `id`; undefined if nothing is. `kind` names the call, as in `ec2:DescribeSubnets`. */
  async look<T>(kind: string, id: string, many: LookUpMany<T>): Promise<T | undefined> {
    const batch = this.#open.get(kind) ?? this.#start(kind, many);
    batch.ids.add(id);
    if (batch.ids.size >= MOST) batch.send();
    return (await batch.answer).get(id) as T | undefined;
  }

  #start<T>(kind: string, many: LookUpMany<T>): Batch {
    const ids = new Set<string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, WINDOW);
    const answer = promise.then(() => {
      if (this.#open.get(kind) === batch) this.#open.delete(kind);
      return many([...ids]);
    });
    const send = () => {
      clearTimeout(timer);
      this.#open.delete(kind);
      resolve();
    };
    const batch: Batch = { ids, answer, send };
    this.#open.set(kind, batch);
    return batch;
  }
}
