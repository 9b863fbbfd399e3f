import { type Client, status } from '@grpc/grpc-js';
import { callMethod } from './grpc-call.ts';
import { ProviderError } from './provider.ts';
import { isServiceError } from './provider-errors.ts';
import { providerMethods } from './provider-messages.ts';

export interface WatchOptions {
  /** For messages: `provider plugin aws 7.1.0`. */
  readonly name: string;
  /** How long a call may take before the provider is asked whether it still lives. Default: 60 s. */
  readonly silentAfterMs?: number;
  /** How long it has to answer; asked again once. Default: 20 s. */
  readonly probeTimeoutMs?: number;
  /** It does not answer. Called once. `message` says so; changes that are under way are still waited for. */
  readonly onHang?: (message: string) => void;
}

interface PendingCall {
  readonly since: number;
  /** Create, Update, Delete: ending them would lose what they did. */
  readonly changes: boolean;
  readonly reject: (error: ProviderError) => void;
}

/**
 * Notices that a provider hangs. A call may take hours, so time alone says nothing: only a provider that does not even answer
 * GetPluginInfo, twice, is taken to hang. Its calls then fail, later ones at once, but not those that change something: nobody knows how far they are.
 */
export class CallWatch {
  readonly #client: Client;
  readonly #options: Required<WatchOptions>;
  readonly #pending = new Set<PendingCall>();
  #timer: NodeJS.Timeout | undefined;
  #probing = false;
  #misses = 0;
  #hung = false;

  constructor(client: Client, options: WatchOptions) {
    this.#client = client;
    this.#options = { silentAfterMs: 60_000, probeTimeoutMs: 20_000, onHang: () => {}, ...options };
  }

  /** Makes a call and waits for it as long as the provider lives. */
  async call<A>(changes: boolean, make: () => Promise<A>): Promise<A> {
    if (this.#hung && !changes) throw this.#error();
    const { promise, reject } = Promise.withResolvers<never>();
    const call = { since: performance.now(), changes, reject };
    this.#pending.add(call);
    this.#timer ??= setInterval(() => void this.#look(), this.#options.silentAfterMs / 4).unref();
    try {
      return await Promise.race([make(), promise]);
    } finally {
      this.#pending.delete(call);
      if (this.#pending.size === 0) this.close();
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const oldest = Math.min(...[...this.#pending].map(({ since }) => since));
    if (this.#probing || this.#hung || performance.now() - oldest < this.#options.silentAfterMs) return;
    this.#probing = true;
    this.#misses = (await this.#answers()) ? 0 : this.#misses + 1;
    this.#probing = false;
    if (this.#misses >= 2) this.#giveUp();
  }

  /** Any answer will do, UNIMPLEMENTED too. A broken connection ends the calls by itself. */
  async #answers(): Promise<boolean> {
    try {
      await callMethod(this.#client, providerMethods.getPluginInfo, {}, { timeoutMs: this.#options.probeTimeoutMs });
      return true;
    } catch (error) {
      return !(isServiceError(error) && error.code === status.DEADLINE_EXCEEDED);
    }
  }

  #giveUp(): void {
    this.#hung = true;
    const error = this.#error();
    this.#options.onHang(error.message);
    for (const call of this.#pending) if (!call.changes) call.reject(error);
  }

  #error(): ProviderError {
    const { name, probeTimeoutMs } = this.#options;
    return new ProviderError(
      `The ${name} hangs: it did not answer twice within ${probeTimeoutMs / 1000} s. ` +
        'Run the operation again; if it hangs again, report it to the makers of the provider.',
    );
  }
}
