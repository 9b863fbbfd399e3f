import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { collectionPath, type ServedKind } from './discovery.ts';
import { type KubeObject, listAt, nameOf, namespaceOf, textAt } from './object.ts';

/** What is watched: all objects of a kind in a namespace ('' : in all). */
export interface WatchedCollection {
  readonly served: ServedKind;
  readonly namespace: string;
}

/** A view of the objects of one collection that is kept up to date by a watch. */
export interface Informer {
  readonly items: ReadonlyMap<string, KubeObject>;
  /** Whether a list has been read: before, `items` is empty without saying anything. */
  readonly synced: boolean;
}

/** A subscription: `informer` is up to date as long as it is not closed. */
export interface Subscription {
  readonly informer: Informer;
  close(): void;
}

/** Milliseconds that a watch goes on after its last subscriber, as the next resource often needs it. */
const LINGER = 2000;
/** Milliseconds before a broken watch is opened again; doubled up to the maximum while it stays broken. */
const RETRY = 250;
const MAX_RETRY = 10_000;

/**
 * Shares watches between everything that waits: however many Deployments of a namespace are awaited, there is one watch for
 * Deployments and one for Pods.
 */
export class InformerPool {
  readonly #client: ApiClient;
  readonly #informers = new Map<string, SharedInformer>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /**
   * Calls `onChange` after each list and after every event, until closed. With `key` (`namespace/name`) only events of that object
   * count: among a thousand objects that are waited for each hears of itself only.
   */
  subscribe(collection: WatchedCollection, onChange: () => void, key?: string): Subscription {
    const path = collectionPath(collection.served, collection.namespace);
    let informer = this.#informers.get(path);
    if (!informer) {
      informer = new SharedInformer(this.#client, path, () => this.#informers.delete(path));
      this.#informers.set(path, informer);
    }
    const shared = informer;
    const listener: Listener = { onChange, key };
    shared.add(listener);
    return { informer: shared, close: () => shared.remove(listener) };
  }

  close(): void {
    for (const informer of this.#informers.values()) informer.end();
  }
}

interface Listener {
  readonly onChange: () => void;
  readonly key: string | undefined;
}

class SharedInformer implements Informer {
  items: Map<string, KubeObject> = new Map();
  synced = false;
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #onEnd: () => void;
  readonly #listeners = new Set<Listener>();
  readonly #unkeyed = new Set<Listener>();
  readonly #byKey = new Map<string, Set<Listener>>();
  readonly #ending = new AbortController();
  #linger: NodeJS.Timeout | undefined;

  constructor(client: ApiClient, path: string, onEnd: () => void) {
    this.#client = client;
    this.#path = path;
    this.#onEnd = onEnd;
    void this.#run();
  }

  add(listener: Listener): void {
    clearTimeout(this.#linger);
    this.#listeners.add(listener);
    if (listener.key === undefined) this.#unkeyed.add(listener);
    else {
      const same = this.#byKey.get(listener.key) ?? new Set();
      this.#byKey.set(listener.key, same.add(listener));
    }
    if (this.synced) queueMicrotask(listener.onChange);
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
    this.#unkeyed.delete(listener);
    if (listener.key !== undefined) {
      const same = this.#byKey.get(listener.key);
      same?.delete(listener);
      if (same?.size === 0) this.#byKey.delete(listener.key);
    }
    if (this.#listeners.size > 0) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.end(), LINGER);
    this.#linger.unref();
  }

  end(): void {
    clearTimeout(this.#linger);
    this.#ending.abort(new Error('the watch is no longer needed'));
    this.#onEnd();
  }

  /** Lists and watches until ended. A watch that the server ends is listed anew: events in between may be lost. */
  async #run(): Promise<void> {
    const { signal } = this.#ending;
    let pause = RETRY;
    while (!signal.aborted) {
      try {
        const version = await this.#list(signal);
        await this.#watch(version, signal);
        pause = RETRY;
      } catch (error) {
        if (signal.aborted) return;
        // The waiter has its own deadline; forbidden or unknown collections stay empty, which the waiter can live with.
        const hopeless = error instanceof ApiError && (error.code === 403 || error.code === 404);
        if (hopeless) this.#changed();
        pause = hopeless ? MAX_RETRY : Math.min(pause * 2, MAX_RETRY);
        await delay(pause, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const answer = await this.#client.request({ method: 'GET', path: this.#path, signal });
    const apiVersion = textAt(answer, 'apiVersion');
    const kind = textAt(answer, 'kind').replace(/List$/, '');
    // The items of a list do not repeat what the list says.
    const objects = (listAt(answer, 'items') as readonly KubeObject[]).map((item) => ({ apiVersion, kind, ...item }));
    this.items = new Map(objects.map((object) => [keyOf(object), object]));
    this.#changed();
    return textAt(answer, 'metadata', 'resourceVersion');
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const query = { watch: 'true', resourceVersion, allowWatchBookmarks: 'true' };
    await this.#client.watch({ path: this.#path, query, signal }, ({ type, object }) => {
      if (type === 'BOOKMARK') return;
      if (type === 'ERROR') throw new ApiError(410, JSON.stringify(object));
      if (type === 'DELETED') this.items.delete(keyOf(object));
      else this.items.set(keyOf(object), object);
      this.#changedOne(keyOf(object));
    });
  }

  #changedOne(key: string): void {
    for (const listener of [...(this.#byKey.get(key) ?? [])]) listener.onChange();
    for (const listener of [...this.#unkeyed]) listener.onChange();
  }

  #changed(): void {
    this.synced = true;
    for (const listener of [...this.#listeners]) listener.onChange();
  }
}

function keyOf(object: KubeObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}
