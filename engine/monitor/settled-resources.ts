/**
 * Which resources are there already: what an invoke asks before it runs, as it has to see the resources that it depends on
 * (pkg/resource/deploy/resourcetracker). A component stands for everything beneath it.
 */
export class SettledResources {
  /** Children by parent. */
  readonly #children = new Map<string, Set<string>>();
  /** Custom resources without an id: to be created, in a preview. */
  readonly #pending = new Set<string>();
  /** Registrations that have begun and not ended, by parent. */
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  /** Runs a registration under a parent ('' : none). */
  async during<T>(parent: string, registration: () => Promise<T>): Promise<T> {
    const running = registration();
    const list = this.#underWay.get(parent) ?? new Set();
    this.#underWay.set(parent, list.add(running));
    try {
      return await running;
    } finally {
      list.delete(running);
    }
  }

  /** A registration or read has ended. */
  settle(urn: string, { parent, pending }: { readonly parent: string; readonly pending: boolean }): void {
    const siblings = this.#children.get(parent) ?? new Set();
    this.#children.set(parent, siblings.add(urn));
    if (pending) this.#pending.add(urn);
    else this.#pending.delete(urn);
  }

  /** Whether one of these, or something beneath one, is still to be created. Waits for what is being registered beneath them. */
  async hasPending(urns: readonly string[]): Promise<boolean> {
    for (;;) {
      const all = this.#withDescendants(urns);
      if ([...all].some((urn) => this.#pending.has(urn))) return true;
      const running = [...all].flatMap((urn) => [...(this.#underWay.get(urn) ?? [])]);
      if (running.length === 0) return false;
      await Promise.allSettled(running);
    }
  }

  #withDescendants(urns: readonly string[]): Set<string> {
    const all = new Set(urns);
    // A set hands out what is added while it is walked.
    for (const urn of all) for (const child of this.#children.get(urn) ?? []) all.add(child);
    return all;
  }
}
