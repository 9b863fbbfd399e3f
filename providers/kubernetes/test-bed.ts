import type { PropertyMap } from '../../protocol/property-value.ts';
import { namespaceNamed, types } from './manifests.ts';
import { ScriptedEngine } from './scripted-engine.ts';
import { TestCluster } from './test-cluster.ts';

/** A cluster, as `startKubernetes` of test/servers gives it. */
interface StartedCluster {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** What a suite on a real cluster works with: the provider under test, the other side, and a namespace of its own. */
export class TestBed {
  readonly kubeconfig: string;
  readonly engine: ScriptedEngine;
  readonly cluster: TestCluster;
  readonly #plane: StartedCluster;
  readonly #namespace: string;

  constructor(plane: StartedCluster, engine: ScriptedEngine, namespace: string) {
    this.#plane = plane;
    this.#namespace = namespace;
    this.kubeconfig = plane.kubeconfig;
    this.engine = engine;
    this.cluster = new TestCluster(plane.kubeconfig);
  }

  /** Starts a cluster and makes the namespace. `settings` are the provider's, beside kubeconfig and namespace. */
  static async open(
    start: () => Promise<StartedCluster>,
    namespace: string,
    settings: PropertyMap = {},
  ): Promise<TestBed> {
    const plane = await start();
    const { kubeconfig } = plane;
    const engine = await ScriptedEngine.start({ kubeconfig, namespace, ...settings });
    const bed = new TestBed(plane, engine, namespace);
    await engine.create(types.namespace, 'namespace', namespaceNamed(namespace));
    return bed;
  }

  /** Removes the namespace with all that is left in it, and ends the cluster where it was started for this suite. */
  async close(): Promise<void> {
    await this.cluster.delete(`/api/v1/namespaces/${this.#namespace}`).catch(() => {});
    this.cluster.close();
    await this.engine.close();
    await this.#plane.stop();
  }
}
