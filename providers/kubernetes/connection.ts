import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Environment } from '../../foundation/environment.ts';
import { messageOf } from '../../foundation/errors.ts';
import { UnreachableError } from './api-error.ts';
import type { Configuration } from './configuration.ts';
import { activeContext, type Kubeconfig, readAmbientKubeconfig, readKubeconfig } from './kubeconfig.ts';
import { type KubeFields, textAt } from './object.ts';

/** Requests to one API server that run at the same time; more wait for a free connection. Watches have connections of their own. */
const MAX_CONNECTIONS = 32;
/** Milliseconds for which credentials are used before they are asked for again (a token may be short-lived). */
const CREDENTIALS_AGE = 30_000;

/** How to reach the API server: its address, and what every request carries. */
export interface Endpoint {
  readonly url: URL;
  readonly options: https.RequestOptions;
}

/**
 * The way to one cluster by a kubeconfig. Nothing is loaded or asked before the first request, so that a preview without changes
 * costs nothing.
 */
export class Connection {
  /** Undefined: no kubeconfig; inside a cluster the pod's service account is used. */
  readonly kubeconfig: Kubeconfig | undefined;
  /** Why there is no way to the cluster, found without asking it; undefined: it may be reachable. */
  readonly unusable: string | undefined;
  readonly #context: KubeFields | undefined;
  readonly #configuration: Configuration;
  readonly #environment: Environment;
  #client: Promise<KubeConfig> | undefined;
  #endpoint: { readonly value: Promise<Endpoint>; readonly until: number } | undefined;
  #agents: { readonly requests: http.Agent; readonly watches: http.Agent } | undefined;

  constructor(configuration: Configuration, environment: Environment) {
    this.#configuration = configuration;
    this.#environment = environment;
    try {
      this.kubeconfig =
        configuration.kubeconfig === undefined
          ? readAmbientKubeconfig(environment)
          : readKubeconfig(configuration.kubeconfig);
      if (this.kubeconfig) this.#context = activeContext(this.kubeconfig, configuration);
    } catch (error) {
      this.unusable = messageOf(error);
    }
  }

  /** The namespace of objects that name none. */
  get defaultNamespace(): string {
    return this.#configuration.namespace || textAt(this.#context, 'namespace') || 'default';
  }

  /** Rejects with an UnreachableError where there are no credentials or no cluster. */
  endpoint(): Promise<Endpoint> {
    if (!this.#endpoint || this.#endpoint.until < Date.now())
      this.#endpoint = { value: this.#makeEndpoint(), until: Date.now() + CREDENTIALS_AGE };
    return this.#endpoint.value;
  }

  /** Forgets the credentials, as the server refused them. */
  renew(): void {
    this.#endpoint = undefined;
    this.#client = undefined;
  }

  /** The agent for requests or for watches, after `endpoint` has resolved. */
  agent(use: 'requests' | 'watches'): http.Agent | undefined {
    return this.#agents?.[use];
  }

  close(): void {
    this.#agents?.requests.destroy();
    this.#agents?.watches.destroy();
  }

  async #makeEndpoint(): Promise<Endpoint> {
    if (this.unusable !== undefined) throw new UnreachableError(this.unusable);
    try {
      this.#client ??= this.#loadClient();
      const client = await this.#client;
      const cluster = client.getCurrentCluster();
      if (!cluster?.server)
        throw new Error('no cluster is chosen. Set a current-context in the kubeconfig or kubernetes:context');
      const options: https.RequestOptions = {};
      await client.applyToHTTPSOptions(options);
      // A proxy needs the client's own agent; otherwise connections are kept and shared, which it does not do.
      const url = new URL(cluster.server);
      if (cluster.proxyUrl === undefined) {
        this.#agents ??= makeAgents(url, options);
        options.agent = undefined;
      }
      return { url, options };
    } catch (error) {
      throw new UnreachableError(`unable to load the Kubernetes client configuration: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async #loadClient(): Promise<KubeConfig> {
    // Loaded only when needed: it takes a quarter of a second.
    const { KubeConfig } = await import('@kubernetes/client-node');
    const client = new KubeConfig();
    if (this.kubeconfig) {
      client.loadFromString(JSON.stringify(this.kubeconfig.content));
    } else if (this.#environment.KUBERNETES_SERVICE_HOST) {
      client.loadFromCluster();
    } else {
      throw new Error(
        'there is no kubeconfig: neither kubernetes:kubeconfig nor KUBECONFIG is set, and ~/.kube/config does not exist. Set one',
      );
    }
    if (this.#configuration.context !== undefined) client.setCurrentContext(this.#configuration.context);
    const { cluster } = this.#configuration;
    if (cluster !== undefined)
      client.contexts = client.contexts.map((context) =>
        context.name === client.getCurrentContext() ? { ...context, cluster } : context,
      );
    return client;
  }
}

function makeAgents(url: URL, options: https.RequestOptions): { requests: http.Agent; watches: http.Agent } {
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  const make = (maxSockets: number): http.Agent => {
    const shared = { keepAlive: true, maxSockets, scheduling: 'lifo' as const };
    if (url.protocol === 'http:') return new http.Agent(shared);
    return new https.Agent({ ...shared, ca, cert, key, rejectUnauthorized, servername });
  };
  return { requests: make(MAX_CONNECTIONS), watches: make(Number.POSITIVE_INFINITY) };
}
