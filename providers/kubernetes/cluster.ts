import { systemClock } from '../../foundation/clock.ts';
import type { Environment } from '../../foundation/environment.ts';
import { ApiClient } from './api-client.ts';
import type { Configuration } from './configuration.ts';
import { Connection } from './connection.ts';
import { collectionPath, Discovery, objectPath, type ServedKind } from './discovery.ts';
import { InformerPool } from './informer.ts';
import { kindOfObject } from './kind.ts';
import { type KubeObject, nameOf, namespaceOf, textAt } from './object.ts';

/** How a write is asked for. */
export interface WriteOptions {
  readonly fieldManager?: string;
  readonly force?: boolean;
  /** Server-side dry run: everything but storing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** One cluster as the provider is configured for it. */
export class Cluster {
  readonly configuration: Configuration;
  readonly environment: Environment;
  readonly connection: Connection;
  readonly client: ApiClient;
  readonly discovery: Discovery;
  readonly informers: InformerPool;
  /** The scope of the kinds that the program itself defines, by `group/kind`. */
  readonly #definitions = new Map<string, string>();

  constructor(configuration: Configuration, environment: Environment) {
    this.configuration = configuration;
    this.environment = environment;
    this.connection = new Connection(configuration, environment);
    this.client = new ApiClient(this.connection, configuration.client, systemClock);
    this.discovery = new Discovery(this.client);
    this.informers = new InformerPool(this.client);
  }

  /** Why there is no way to the cluster, found without asking it; undefined: it may be reachable. */
  get unusable(): string | undefined {
    return this.connection.unusable;
  }

  get defaultNamespace(): string {
    return this.connection.defaultNamespace;
  }

  /** Remembers what a CustomResourceDefinition of the program defines: its instances may be checked before it exists. */
  define(definition: KubeObject): void {
    const key = `${textAt(definition, 'spec', 'group')}/${textAt(definition, 'spec', 'names', 'kind')}`;
    this.#definitions.set(key, textAt(definition, 'spec', 'scope'));
  }

  /** `Namespaced` or `Cluster` where the program defines the object's kind. */
  definedScope(object: KubeObject): string | undefined {
    const { group, kind } = kindOfObject(object);
    return this.#definitions.get(`${group}/${kind}`);
  }

  /** Where objects like `object` are served. Rejects with a NoSuchKindError, or as the client does. */
  served(object: KubeObject): Promise<ServedKind> {
    return this.discovery.find(kindOfObject(object));
  }

  async get(object: KubeObject, name = nameOf(object)): Promise<KubeObject> {
    return this.client.request({ method: 'GET', path: await this.#path(object, name) });
  }

  /** Creates; an object of the name that exists already is an error. */
  async create(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const path = collectionPath(await this.served(object), namespaceOf(object));
    return this.client.request({
      method: 'POST',
      path,
      query: queryOf(options),
      body: object,
      signal: options.signal,
    });
  }

  /** Server-side apply: creates or changes what `object` says and takes away what the manager no longer says. */
  async apply(object: KubeObject, options: WriteOptions, name = nameOf(object)): Promise<KubeObject> {
    return this.client.request({
      method: 'PATCH',
      path: await this.#path(object, name),
      query: { ...queryOf(options), force: String(options.force ?? false), fieldValidation: 'Warn' },
      contentType: 'application/apply-patch+yaml',
      body: object,
      signal: options.signal,
    });
  }

  /** Replaces the whole object; its resourceVersion has to be the current one. */
  async replace(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const path = await this.#path(object, nameOf(object));
    return this.client.request({ method: 'PUT', path, query: queryOf(options), body: object, signal: options.signal });
  }

  async patchJson(object: KubeObject, operations: readonly unknown[], options: WriteOptions = {}): Promise<KubeObject> {
    return this.client.request({
      method: 'PATCH',
      path: await this.#path(object, nameOf(object)),
      query: queryOf(options),
      contentType: 'application/json-patch+json',
      body: operations,
      signal: options.signal,
    });
  }

  async patchMerge(object: KubeObject, patch: unknown, options: WriteOptions): Promise<KubeObject> {
    return this.client.request({
      method: 'PATCH',
      path: await this.#path(object, nameOf(object)),
      query: queryOf(options),
      contentType: 'application/merge-patch+json',
      body: patch,
      signal: options.signal,
    });
  }

  async delete(object: KubeObject, propagationPolicy: string): Promise<KubeObject> {
    return this.client.request({
      method: 'DELETE',
      path: await this.#path(object, nameOf(object)),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy },
    });
  }

  close(): void {
    this.informers.close();
    this.connection.close();
  }

  async #path(object: KubeObject, name: string): Promise<string> {
    return objectPath(await this.served(object), namespaceOf(object) || this.defaultNamespace, name);
  }
}

function queryOf(options: WriteOptions): Record<string, string | undefined> {
  return { fieldManager: options.fieldManager, dryRun: options.dryRun ? 'All' : undefined };
}
