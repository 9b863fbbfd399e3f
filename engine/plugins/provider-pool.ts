import { createHash } from 'node:crypto';
import type { ConfigureRequest, Provider } from '../../protocol/provider.ts';
import { encodePropertyBytes } from '../../protocol/struct-bytes.ts';
import type { Diagnostic } from '../deploy/events.ts';
import type { OpenedProvider } from './open-provider.ts';

type Log = (diagnostic: Diagnostic) => void;

/** What makes two providers interchangeable: same code, same environment, same project and stack. */
export interface PoolRequest {
  /** Any text; equal for providers that are interchangeable before they are configured. */
  readonly key: string;
  readonly open: (log: Log) => Promise<OpenedProvider>;
}

/** A provider taken from the pool. */
export interface PooledProvider {
  readonly provider: Provider;
  /** Configures it, unless it has been configured with the very same request before. Does not wait (see `provider-adapter.ts`). */
  configure(request: ConfigureRequest): void;
  /** Ends it when it is released, as it is of no further use (cancelled, crashed, replaced). */
  spoil(): void;
}

/** What one operation has of the pool. Providers are used by one operation at a time. */
export interface PoolLease {
  /** A provider for CheckConfig and DiffConfig: one that may be configured already. */
  take(request: PoolRequest): Promise<PooledProvider>;
  /** A provider that is, or can be, configured with `configuration`. The answer is configured. */
  takeConfigured(request: PoolRequest, configuration: ConfigureRequest): Promise<PooledProvider>;
  /** Gives everything back. Afterwards nothing taken may be used. */
  release(): Promise<void>;
}

export interface PoolOptions {
  /** How long an unused provider is kept. Default: 120 s. 0: not at all. */
  readonly idleMs?: number;
  /** How many unused providers are kept at most; the longest unused go first. Default: 8. */
  readonly maximumIdle?: number;
}

/**
 * Keeps providers alive between operations: starting an official plugin takes up to a second, and a preview is usually followed by an
 * update with the same configuration. A provider is configured at most once in its life, as the protocol says (Configure in
 * proto/pulumi/provider.proto). It is *unconfigured* or *configured*, and *taken* or *idle*; an idle one ends after `idleMs`.
 */
export class ProviderPool {
  readonly #options: Required<PoolOptions>;
  readonly #entries = new Set<PoolEntry>();

  constructor(options: PoolOptions = {}) {
    this.#options = { idleMs: options.idleMs ?? 120_000, maximumIdle: options.maximumIdle ?? 8 };
  }

  /** Starts using the pool for one operation; `log` gets what the taken providers say. */
  lease(log: Log): PoolLease {
    const taken = new Set<PoolEntry>();
    const free = (entry: PoolEntry) => taken.has(entry) || entry.idle;
    const hold = async (entry: PoolEntry): Promise<PoolEntry> => {
      taken.add(entry);
      this.#entries.add(entry);
      entry.take(log);
      try {
        await entry.opened;
      } catch (error) {
        taken.delete(entry);
        this.#entries.delete(entry);
        throw error;
      }
      return entry;
    };
    return {
      take: (request) => {
        const candidates = this.#usable(request).filter(free);
        return hold(candidates.find((entry) => taken.has(entry)) ?? candidates[0] ?? new PoolEntry(request));
      },
      takeConfigured: async (request, configuration) => {
        const print = fingerprint(configuration);
        const candidates = this.#usable(request).filter(free);
        const same = candidates.find((entry) => entry.reserved === print);
        const entry = same ?? candidates.find(({ reserved }) => reserved === undefined) ?? new PoolEntry(request);
        // Set before anything is awaited: two resources may ask for providers at the same time.
        entry.reserved = print;
        await hold(entry);
        entry.configure(configuration);
        return entry;
      },
      release: async () => {
        const entries = [...taken];
        taken.clear();
        await Promise.all(entries.map((entry) => this.#giveBack(entry)));
      },
    };
  }

  #usable({ key }: PoolRequest): PoolEntry[] {
    return [...this.#entries].filter((entry) => entry.key === key && !entry.spoiled);
  }

  async #giveBack(entry: PoolEntry): Promise<void> {
    if (entry.spoiled || this.#options.idleMs === 0) return this.#end(entry);
    entry.rest(this.#options.idleMs, () => void this.#end(entry));
    const idle = [...this.#entries].filter((candidate) => candidate.idle);
    const surplus = idle.slice(0, Math.max(0, idle.length - this.#options.maximumIdle));
    await Promise.all(surplus.map((candidate) => this.#end(candidate)));
  }

  async #end(entry: PoolEntry): Promise<void> {
    this.#entries.delete(entry);
    await entry.end();
  }

  /** Ends every provider, taken ones too. */
  async close(): Promise<void> {
    await Promise.all([...this.#entries].map((entry) => this.#end(entry)));
  }
}

class PoolEntry implements PooledProvider {
  readonly key: string;
  readonly opened: Promise<Provider>;
  #provider: Provider | undefined;
  #log: Log = () => {};
  #configured = false;
  #timer: NodeJS.Timeout | undefined;
  #ended: Promise<void> | undefined;
  /** The fingerprint of the configuration that it has or is about to get. */
  reserved: string | undefined;
  spoiled = false;
  idle = false;

  constructor(request: PoolRequest) {
    this.key = request.key;
    this.opened = request
      .open((diagnostic) => this.#log(diagnostic))
      .then(({ provider, ended }) => {
        this.#provider = provider;
        void ended?.then(() => this.spoil());
        return provider;
      });
    this.opened.catch(() => {});
  }

  get provider(): Provider {
    if (this.#provider === undefined) throw new Error('a pooled provider was used before it was open');
    return this.#provider;
  }

  take(log: Log): void {
    clearTimeout(this.#timer);
    this.idle = false;
    this.#log = log;
  }

  configure(request: ConfigureRequest): void {
    if (this.#configured) return;
    this.#configured = true;
    // A provider that could not be configured is of no use to the next operation.
    this.provider.configure(request).catch(() => this.spoil());
  }

  spoil(): void {
    this.spoiled = true;
  }

  rest(idleMs: number, end: () => void): void {
    this.idle = true;
    this.#log = () => {};
    this.#timer = setTimeout(end, idleMs).unref();
  }

  end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended ??= this.opened.then(
      (provider) => provider.close(),
      () => {},
    );
    return this.#ended;
  }
}

/** Secrets are part of a configuration, so only a hash of it is kept. */
function fingerprint({ urn, name, type, id, inputs }: ConfigureRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([urn, name, type, id]));
  return hash.update(encodePropertyBytes(inputs)).digest('hex');
}
