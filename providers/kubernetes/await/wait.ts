import { annotations } from '../annotations.ts';
import { ApiError, NoSuchKindError } from '../api-error.ts';
import type { Cluster } from '../cluster.ts';
import type { Subscription } from '../informer.ts';
import { kindOfObject, type ObjectKind } from '../kind.ts';
import { annotationOf, describe, type KubeObject, nameOf, namespaceOf, textAt } from '../object.ts';
import type { Awaiter, Related, RelatedKind } from './awaiter.ts';
import { awaiterOfKind } from './by-kind.ts';
import { genericAwaiter } from './generic.ts';
import { waitForAwaiter } from './wait-for.ts';

export interface WaitOptions {
  readonly cluster: Cluster;
  /** What was asked for: its annotations say how to wait. */
  readonly inputs: KubeObject;
  /** What the API server answered. */
  readonly live: KubeObject;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Shown while waiting; '' when done. */
  readonly report: (status: string) => void;
}

/** The object exists but is not what was asked for, and it is not waited for any longer. */
export class NotReadyError extends Error {
  /** The object as last seen. */
  readonly live: KubeObject;
  readonly reasons: readonly string[];

  constructor(message: string, live: KubeObject, reasons: readonly string[]) {
    super(message);
    this.name = 'NotReadyError';
    this.live = live;
    this.reasons = reasons;
  }
}

const RELATED_KINDS: Readonly<Record<RelatedKind, ObjectKind & { readonly clusterWide?: boolean }>> = {
  Pod: { group: '', version: 'v1', kind: 'Pod' },
  Event: { group: '', version: 'v1', kind: 'Event' },
  Service: { group: '', version: 'v1', kind: 'Service' },
  PersistentVolumeClaim: { group: '', version: 'v1', kind: 'PersistentVolumeClaim' },
  PersistentVolume: { group: '', version: 'v1', kind: 'PersistentVolume', clusterWide: true },
  ReplicaSet: { group: 'apps', version: 'v1', kind: 'ReplicaSet' },
  EndpointSlice: { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice' },
  StorageClass: { group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass', clusterWide: true },
};

/**
 * Milliseconds between two explanations: they go through all related objects, and a person reads no faster. With many that wait
 * each explains itself less often.
 */
const REPORT_INTERVAL = 500;
const WAITS_PER_INTERVAL = 20;
let waits = 0;

/** How to wait for the object; undefined where there is nothing to wait for. Throws a user error for a wrong annotation. */
export function awaiterOf(inputs: KubeObject, cluster: Cluster): Awaiter | undefined {
  if (annotationOf(inputs, annotations.skipAwait) === 'true') return undefined;
  const waitFor = annotationOf(inputs, annotations.waitFor);
  if (waitFor !== '') return waitForAwaiter(waitFor);
  return awaiterOfKind(inputs) ?? (cluster.configuration.awaitAll ? genericAwaiter : undefined);
}

/**
 * Waits until the object is ready and resolves to it as it then is. Rejects with a NotReadyError, which says what is still missing,
 * when it has failed for good, is deleted meanwhile, after the timeout, and when `signal` is aborted.
 */
export async function waitUntilReady(options: WaitOptions): Promise<KubeObject> {
  const awaiter = awaiterOf(options.inputs, options.cluster);
  if (!awaiter) return options.live;
  if (awaiter.decides.length === 0 && awaiter.assess(options.live, () => []).ready) return options.live;
  const wait = new Wait(options, awaiter);
  try {
    return await wait.run();
  } finally {
    wait.close();
    options.report('');
  }
}

/** What is missing now, without waiting; empty where the object is ready. Asks the cluster for related objects only if needed. */
export async function assessNow(options: WaitOptions): Promise<readonly string[]> {
  const awaiter = awaiterOf(options.inputs, options.cluster);
  if (!awaiter?.checkedOnRead) return [];
  if (awaiter.decides.length === 0 && awaiter.assess(options.live, () => []).ready) return [];
  const wait = new Wait(options, awaiter);
  try {
    const related = await wait.relatedNow();
    return awaiter.assess(options.live, related).ready ? [] : awaiter.explain(options.live, related);
  } finally {
    wait.close();
  }
}

class Wait {
  readonly #options: WaitOptions;
  readonly #awaiter: Awaiter;
  readonly #subscriptions = new Map<RelatedKind | 'self', Subscription>();
  #live: KubeObject;
  #closed = false;
  #seen = false;
  #scheduled = false;
  #reported = Number.NEGATIVE_INFINITY;
  #reportTimer: NodeJS.Timeout | undefined;
  #lastReport = '';
  #onChange: () => void = () => {};

  constructor(options: WaitOptions, awaiter: Awaiter) {
    this.#options = options;
    this.#awaiter = awaiter;
    this.#live = options.live;
    waits += 1;
  }

  async run(): Promise<KubeObject> {
    const { timeoutSeconds, signal, live } = this.#options;
    await this.#subscribe('self', kindOfObject(live), namespaceOf(live));
    await this.#subscribeAll(this.#awaiter.decides, () => this.#schedule());
    // What only explains does not make it ready.
    await this.#subscribeAll(this.#awaiter.explains, () => this.#reportProgress());
    return new Promise((resolve, reject) => {
      const give = (message: string) => finish(() => reject(this.#notReady(message)));
      const timer = setTimeout(() => give(`it was not ready within ${timeoutSeconds} s`), timeoutSeconds * 1000);
      const onAbort = () => give('waiting was cancelled');
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#onChange = () => {};
        settle();
      };
      this.#onChange = () => {
        const outcome = this.#assess();
        if (outcome === 'ready') finish(() => resolve(this.#live));
        else if (outcome !== undefined) give(outcome);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#schedule();
    });
  }

  /** `ready`, why it never will be, or undefined: not yet. */
  #assess(): string | undefined {
    const own = this.#subscriptions.get('self')?.informer;
    const current = own?.items.get(`${namespaceOf(this.#live)}/${nameOf(this.#live)}`);
    if (own?.synced && !current && this.#seen) return 'it was deleted meanwhile';
    // An older list may still show the object as it was before this update.
    if (!current || isOlder(current, this.#live)) return undefined;
    this.#seen = true;
    this.#live = current;
    const { ready, failed } = this.#awaiter.assess(current, this.#related);
    if (ready) return 'ready';
    if (failed !== undefined) return failed;
    this.#reportProgress();
    return undefined;
  }

  /** At most one report in an interval; the last state of it is never left out. */
  #reportProgress(): void {
    if (this.#reportTimer || this.#closed) return;
    const interval = REPORT_INTERVAL * Math.max(1, waits / WAITS_PER_INTERVAL);
    const wait = this.#reported + interval - performance.now();
    if (wait <= 0) {
      this.#reportNow();
      return;
    }
    this.#reportTimer = setTimeout(() => this.#reportNow(), wait);
    this.#reportTimer.unref();
  }

  #reportNow(): void {
    this.#reportTimer = undefined;
    this.#reported = performance.now();
    const status = this.#awaiter.explain(this.#live, this.#related).join('; ');
    if (status !== this.#lastReport) this.#options.report(status);
    this.#lastReport = status;
  }

  #notReady(why: string): NotReadyError {
    const reasons = this.#awaiter.explain(this.#live, this.#related);
    return new NotReadyError(`${describe(this.#live)} is not ready: ${why}`, this.#live, reasons);
  }

  readonly #related: Related = (kind) => {
    const informer = this.#subscriptions.get(kind)?.informer;
    return informer ? [...informer.items.values()] : [];
  };

  /** Resolves when everything that is related has been listed once, or cannot be. */
  async relatedNow(): Promise<Related> {
    await this.#subscribeAll([...this.#awaiter.decides, ...this.#awaiter.explains], () => this.#schedule());
    const synced = () => [...this.#subscriptions.values()].every(({ informer }) => informer.synced);
    if (!synced())
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#options.timeoutSeconds * 1000);
        this.#onChange = () => {
          if (!synced()) return;
          clearTimeout(timer);
          resolve();
        };
        this.#schedule();
      });
    return this.#related;
  }

  async #subscribeAll(kinds: readonly RelatedKind[], onChange: () => void): Promise<void> {
    for (const kind of kinds) {
      const wanted = RELATED_KINDS[kind];
      await this.#subscribe(kind, wanted, wanted.clusterWide ? '' : namespaceOf(this.#live), onChange);
    }
  }

  async #subscribe(
    key: RelatedKind | 'self',
    kind: ObjectKind,
    namespace: string,
    onChange = () => this.#schedule(),
  ): Promise<void> {
    try {
      const served = await this.#options.cluster.discovery.find(kind);
      const collection = { served, namespace };
      const own = key === 'self' ? `${namespace}/${nameOf(this.#live)}` : undefined;
      this.#subscriptions.set(key, this.#options.cluster.informers.subscribe(collection, onChange, own));
    } catch (error) {
      // A related kind that the cluster does not serve explains nothing; everything else is a real failure.
      const unneeded = key !== 'self' && (error instanceof NoSuchKindError || error instanceof ApiError);
      if (!unneeded) throw error;
    }
  }

  /** Events come in bursts: one look after each burst is enough. */
  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#onChange();
    });
  }

  close(): void {
    this.#closed = true;
    waits -= 1;
    clearTimeout(this.#reportTimer);
    for (const subscription of this.#subscriptions.values()) subscription.close();
  }
}

/** Generations count changes of the specification. An object of another uid was made anew, and is newer. */
function isOlder(current: KubeObject, known: KubeObject): boolean {
  const generation = (object: KubeObject) =>
    Number(object.metadata && (object.metadata as { generation?: number }).generation) || 0;
  return (
    textAt(current, 'metadata', 'uid') === textAt(known, 'metadata', 'uid') && generation(current) < generation(known)
  );
}
