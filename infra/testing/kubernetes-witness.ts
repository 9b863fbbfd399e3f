import type { KubeConfig } from '@kubernetes/client-node';

interface Answer {
  readonly code: number;
  readonly text: string;
}

interface Deployment {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Pod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

/** Asks a cluster what is there, past everything of ours: plain requests with the official client's credentials. For tests. */
export class KubernetesWitness {
  readonly #config: KubeConfig;
  /** Namespaces that a cluster has for itself. */
  readonly #own = /^(kube-|local-path)/;

  private constructor(config: KubeConfig) {
    this.#config = config;
  }

  static async of(kubeconfig: string): Promise<KubernetesWitness> {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    return new KubernetesWitness(config);
  }

  /** The cluster as the official client reads it from the kubeconfig. */
  get cluster(): { readonly server: string; readonly caData?: string | undefined } {
    return this.#config.getCurrentCluster()!;
  }

  get(path: string): Promise<Answer> {
    return this.#ask('GET', path);
  }

  create(path: string, object: object): Promise<Answer> {
    return this.#ask('POST', path, object);
  }

  /** All deployments but the cluster's own, by name, with what their status says. */
  async deployments() {
    const all = await this.#list<Deployment>('/apis/apps/v1/deployments');
    return all
      .filter(({ metadata }) => !this.#own.test(metadata.namespace))
      .map(({ metadata, status }) => ({
        name: `${metadata.namespace}/${metadata.name}`,
        available: status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') ?? false,
        ready: status?.readyReplicas ?? 0,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Images of an application's pods that are not on their way out, each once. */
  async images(namespace: string, application: string): Promise<readonly string[]> {
    const selector = encodeURIComponent(`app.kubernetes.io/name=${application}`);
    const pods = await this.#list<Pod>(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return [...new Set(staying.flatMap(({ spec }) => spec.containers.map(({ image }) => image)))];
  }

  /** The ports behind a service, one for each pod that is ready. */
  async endpoints(namespace: string, service: string): Promise<readonly number[]> {
    const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
    const slices = await this.#list<{
      endpoints?: readonly { conditions: { ready?: boolean } }[];
      ports?: readonly { port: number }[];
    }>(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`);
    return slices.flatMap(({ endpoints = [], ports = [] }) =>
      endpoints.filter(({ conditions }) => conditions.ready).flatMap(() => ports.map(({ port }) => port)),
    );
  }

  /** Whether a job whose name begins so has run to its end. */
  async finished(namespace: string, name: string): Promise<boolean> {
    const jobs = await this.#list<{ metadata: { name: string }; status?: { succeeded?: number } }>(
      `/apis/batch/v1/namespaces/${namespace}/jobs`,
    );
    return jobs.some(({ metadata, status }) => metadata.name.startsWith(name) && status?.succeeded === 1);
  }

  /** Whether members of a group may do something. */
  async mayGroup(of: {
    readonly group: string;
    readonly verb: string;
    readonly resource: string;
    readonly apiGroup: string;
    readonly namespace: string;
  }): Promise<boolean> {
    const { group, verb, resource, apiGroup, namespace } = of;
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: 'somebody', groups: [group], resourceAttributes: { verb, resource, group: apiGroup, namespace } },
    };
    const { text } = await this.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
    return (JSON.parse(text) as { status: { allowed: boolean } }).status.allowed;
  }

  async #list<Item>(path: string): Promise<readonly Item[]> {
    const { code, text } = await this.get(path);
    if (code !== 200) throw new Error(`${path} ${code} ${text}`);
    return (JSON.parse(text) as { items: readonly Item[] }).items;
  }

  async #ask(method: string, path: string, body?: object): Promise<Answer> {
    const { request } = await import('node:https');
    const options = { method, headers: { 'content-type': 'application/json', accept: 'application/json' } };
    await this.#config.applyToHTTPSOptions(options);
    const server = this.#config.getCurrentCluster()!.server;
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, server), options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve({ code: response.statusCode ?? 0, text }));
      });
      call.once('error', reject);
      call.end(body && JSON.stringify(body));
    });
  }
}
