import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Environment } from '../../foundation/environment.ts';
import { messageOf } from '../../foundation/errors.ts';
import { UnreachableError } from './api-error.ts';
import type { Configuration } from './configuration.ts';
import { type ExecCredential, isExpired, runExecPlugin } from './exec-credentials.ts';
import {
  activeCluster,
  activeContext,
  activeUser,
  type Kubeconfig,
  readAmbientKubeconfig,
  readKubeconfig,
  withoutProviders,
} from './kubeconfig.ts';
import { fieldsAt, isFields, type KubeFields, listAt, textAt, valueAt } from './object.ts';
import { OidcCredentials } from './oidc-credentials.ts';

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
  #execCredential: Promise<ExecCredential> | undefined;
  #oidc: OidcCredentials | undefined;
  #isRefused = false;
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

  /** Forgets the credentials of `used`, as the server refused them. Of many requests that it refused only the first one counts. */
  async renew(used: Endpoint): Promise<void> {
    if ((await this.#endpoint?.value.catch(() => undefined)) !== used) return;
    this.#endpoint = undefined;
    this.#client = undefined;
    this.#execCredential = undefined;
    this.#isRefused = true;
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
      const options: https.RequestOptions = { headers: {} };
      await client.applyToHTTPSOptions(options);
      await this.#applyOwnCredentials(options);
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

  /** What the client library does not do: token files, plugins by their protocol, and groups of an impersonated user. */
  async #applyOwnCredentials(options: https.RequestOptions): Promise<void> {
    const { kubeconfig } = this;
    const user = kubeconfig && activeUser(kubeconfig, this.#configuration);
    if (!user) return;
    const headers = options.headers as http.OutgoingHttpHeaders;
    Object.assign(headers, impersonationHeaders(user));
    const tokenFile = textAt(user, 'tokenFile');
    if (tokenFile !== '') headers.Authorization = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
    const oidc = oidcSettings(user);
    if (oidc && headers.Authorization === undefined) await this.#applyOidc(oidc, headers);
    const exec = valueAt(user, 'exec');
    // A token of the user's own wins over a plugin's.
    if (!isFields(exec) || headers.Authorization !== undefined) return;
    const credential = await this.#pluginCredential(kubeconfig, exec);
    if (credential.token !== undefined) headers.Authorization = `Bearer ${credential.token}`;
    if (credential.certificate !== undefined) options.cert = credential.certificate;
    if (credential.key !== undefined) options.key = credential.key;
  }

  async #applyOidc(settings: KubeFields, headers: http.OutgoingHttpHeaders): Promise<void> {
    this.#oidc ??= new OidcCredentials(settings);
    // After a refusal the renewed token stays: its refresh token may be good for one use only.
    const token = this.#isRefused ? await this.#oidc.renew() : await this.#oidc.token(Date.now());
    this.#isRefused = false;
    if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  }

  async #pluginCredential(kubeconfig: Kubeconfig, exec: KubeFields): Promise<ExecCredential> {
    const known = await this.#execCredential?.catch(() => undefined);
    if (known && !isExpired(known, Date.now())) return known;
    const cluster = activeCluster(kubeconfig, this.#configuration);
    this.#execCredential = runExecPlugin({ exec, cluster, origin: kubeconfig.origin, environment: this.#environment });
    return this.#execCredential;
  }

  async #loadClient(): Promise<KubeConfig> {
    // Loaded only when needed: it takes a quarter of a second.
    const { KubeConfig } = await import('@kubernetes/client-node');
    const client = new KubeConfig();
    if (this.kubeconfig) {
      client.loadFromString(JSON.stringify(withoutProviders(this.kubeconfig.content)));
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

function oidcSettings(user: KubeFields): KubeFields | undefined {
  return textAt(user, 'auth-provider', 'name') === 'oidc' ? fieldsAt(user, 'auth-provider', 'config') : undefined;
}

/** (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation) */
function impersonationHeaders(user: KubeFields): http.OutgoingHttpHeaders {
  const groups = listAt(user, 'as-groups').map(String);
  const extra = Object.keys(fieldsAt(user, 'as-user-extra')).map((name) => [
    `Impersonate-Extra-${encodeURIComponent(name)}`,
    listAt(user, 'as-user-extra', name).map(String),
  ]);
  const uid = textAt(user, 'as-uid');
  return {
    ...(groups.length > 0 ? { 'Impersonate-Group': groups } : {}),
    ...(uid === '' ? {} : { 'Impersonate-Uid': uid }),
    ...Object.fromEntries(extra),
  };
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
