import { setTimeout as delay } from 'node:timers/promises';
import { at } from './scripted-engine.ts';
import type { TestCluster } from './test-cluster.ts';

/** For tests: the controllers of the program `every-kind` that the cluster does not have, one for Ingresses and one for Widgets. */
export class PlayedControllers {
  readonly #cluster: TestCluster;
  readonly #group: string;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(cluster: TestCluster, group: string) {
    this.#cluster = cluster;
    this.#group = group;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const paths = ['/apis/networking.k8s.io/v1/ingresses', `/apis/${this.#group}/v1/widgets`];
    while (!signal.aborted) {
      for (const path of paths) {
        const { items = [] } = (await this.#cluster.get(path).catch(() => ({}))) as { items?: readonly never[] };
        for (const item of items) await this.#makeReady(path, item).catch(() => {});
      }
      await delay(100, undefined, { signal }).catch(() => {});
    }
  }

  async #makeReady(path: string, item: never): Promise<void> {
    const namespace = String(at(item, 'metadata', 'namespace'));
    const name = String(at(item, 'metadata', 'name'));
    const isReady = at(item, 'status', 'seen') || at(item, 'status', 'loadBalancer', 'ingress');
    if (!namespace.startsWith('every-kind-') || isReady) return;
    const [base, plural] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
    const status =
      plural === 'ingresses'
        ? { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
        : { seen: true, conditions: [{ type: 'Ready', status: 'True' }] };
    await this.#cluster.edit(`${base}/namespaces/${namespace}/${plural}/${name}/status`, { status }, 'controller');
  }
}
