import type { Checkout } from '../core/mirror.ts';

/** How long a checkout that nobody uses is kept for the next one. */
const KEPT_MS = 10_000;

interface Shared {
  readonly checkout: Promise<Checkout>;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

/** Checkouts that are only read, so that many stacks of one commit may look at it at once. */
export class SharedCheckouts {
  readonly #shared = new Map<string, Shared>();

  /** Does `work` in the checkout of that key, which `make` makes where there is none. */
  async use<T>(key: string, make: () => Promise<Checkout>, work: (checkout: Checkout) => Promise<T>): Promise<T> {
    const shared = this.#shared.get(key) ?? this.#add(key, make);
    clearTimeout(shared.timer);
    shared.users += 1;
    try {
      return await work(await shared.checkout);
    } finally {
      shared.users -= 1;
      if (shared.users === 0) this.#removeLater(key, shared);
    }
  }

  #add(key: string, make: () => Promise<Checkout>): Shared {
    const shared: Shared = { checkout: make(), users: 0, timer: undefined };
    this.#shared.set(key, shared);
    // One that could not be made is tried again by whoever comes next.
    shared.checkout.catch(() => this.#shared.delete(key));
    return shared;
  }

  #removeLater(key: string, shared: Shared): void {
    if (this.#shared.get(key) !== shared) return;
    shared.timer = setTimeout(() => {
      this.#shared.delete(key);
      // What could not be removed is cleared away at the next start of the runner.
      void shared.checkout.then((checkout) => checkout.remove()).catch(() => {});
    }, KEPT_MS);
    shared.timer.unref();
  }
}
