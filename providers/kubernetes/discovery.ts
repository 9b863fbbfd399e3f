import type { ApiClient } from './api-client.ts';
import { ApiError, NoSuchKindError } from './api-error.ts';
import { apiVersion, isNamespacedBuiltIn, type ObjectKind } from './kind.ts';
import { fieldsAt, type KubeObject, listAt, textAt, valueAt } from './object.ts';

/** Where the API server serves a kind. */
export interface ServedKind {
  readonly kind: ObjectKind;
  /** The name in paths: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

/**
 * Which kinds the API server serves. Asked once (two requests), and again when a kind is not found, as its definition may be new.
 */
export class Discovery {
  readonly #client: ApiClient;
  #known: Promise<ReadonlyMap<string, ServedKind>> | undefined;
  #generation = 0;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Rejects with a NoSuchKindError where the server has no such kind, or as the client does. */
  async find(kind: ObjectKind): Promise<ServedKind> {
    const found = await this.findServed(kind);
    if (found) return found;
    throw new NoSuchKindError(
      `the API server serves no kind ${kind.kind} in ${apiVersion(kind)}: either its CustomResourceDefinition is not installed, or ` +
        `the cluster has another version of it`,
    );
  }

  /** As `find`, but undefined where the server has no such kind. */
  async findServed(kind: ObjectKind): Promise<ServedKind | undefined> {
    const generation = this.#generation;
    const found = (await this.#load()).get(keyOf(kind));
    if (found) return found;
    // Only one of those that miss at the same time asks again.
    if (generation === this.#generation) this.forget();
    return (await this.#load()).get(keyOf(kind));
  }

  /** Whether objects of the kind live in a namespace; undefined where neither we nor the server know the kind. */
  async isNamespaced(kind: ObjectKind): Promise<boolean | undefined> {
    const builtIn = isNamespacedBuiltIn(kind);
    return builtIn ?? (await this.findServed(kind))?.namespaced;
  }

  /** What charts call `Capabilities.APIVersions`: `apps/v1`, `apps/v1/Deployment`, ... */
  async apiVersions(): Promise<readonly string[]> {
    const kinds = [...(await this.#load()).values()].map(({ kind }) => kind);
    return [...new Set(kinds.flatMap((kind) => [apiVersion(kind), `${apiVersion(kind)}/${kind.kind}`]))].sort();
  }

  /** Asks anew at the next question. */
  forget(): void {
    this.#known = undefined;
    this.#generation += 1;
  }

  #load(): Promise<ReadonlyMap<string, ServedKind>> {
    if (this.#known) return this.#known;
    const loading = this.#ask();
    this.#known = loading;
    loading.catch(() => {
      if (this.#known === loading) this.#known = undefined;
    });
    return loading;
  }

  async #ask(): Promise<ReadonlyMap<string, ServedKind>> {
    const answers = await Promise.all(['/api', '/apis'].map((path) => this.#askRoot(path)));
    return new Map(answers.flat().map((served) => [keyOf(served.kind), served]));
  }

  async #askRoot(path: string): Promise<readonly ServedKind[]> {
    const answer = await this.#client.request({ method: 'GET', path, accept: AGGREGATED });
    return textAt(answer, 'kind') === 'APIGroupDiscoveryList' ? servedByGroups(answer) : this.#askEach(path, answer);
  }

  /** Servers before 1.26 answer with the names of versions only. */
  async #askEach(path: string, answer: KubeObject): Promise<readonly ServedKind[]> {
    const versions =
      path === '/api'
        ? listAt(answer, 'versions').map((version) => `/api/${version}`)
        : listAt(answer, 'groups').flatMap((group) =>
            listAt(group, 'versions').map((version) => `/apis/${textAt(version, 'groupVersion')}`),
          );
    const lists = await Promise.all(versions.map((version) => this.#askVersion(version)));
    return lists.flat();
  }

  async #askVersion(path: string): Promise<readonly ServedKind[]> {
    const parts = path.split('/').slice(2);
    const [group, version] = parts.length === 1 ? ['', parts[0]!] : [parts[0]!, parts[1]!];
    try {
      const answer = await this.#client.request({ method: 'GET', path });
      return listAt(answer, 'resources')
        .filter((resource) => !textAt(resource, 'name').includes('/'))
        .map((resource) => ({
          kind: { group, version, kind: textAt(resource, 'kind') },
          plural: textAt(resource, 'name'),
          namespaced: valueAt(resource, 'namespaced') === true,
          verbs: listAt(resource, 'verbs') as readonly string[],
        }));
    } catch (error) {
      // An aggregated API whose server is down: its kinds are not served, all others are.
      if (error instanceof ApiError && error.code >= 500) return [];
      throw error;
    }
  }
}

function servedByGroups(answer: KubeObject): readonly ServedKind[] {
  return listAt(answer, 'items').flatMap((group) =>
    listAt(group, 'versions').flatMap((version) =>
      listAt(version, 'resources').map((resource) => ({
        kind: {
          group: textAt(group, 'metadata', 'name'),
          version: textAt(version, 'version'),
          kind: textAt(fieldsAt(resource, 'responseKind'), 'kind'),
        },
        plural: textAt(resource, 'resource'),
        namespaced: textAt(resource, 'scope') === 'Namespaced',
        verbs: listAt(resource, 'verbs') as readonly string[],
      })),
    ),
  );
}

function keyOf({ group, version, kind }: ObjectKind): string {
  return `${group}/${version}/${kind}`;
}

/** The path of an object's collection. `namespace` is used for kinds in namespaces only; '' asks all of them. */
export function collectionPath(served: ServedKind, namespace: string): string {
  const { group, version } = served.kind;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = served.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${within}/${served.plural}`;
}

/** The path of one object. */
export function objectPath(served: ServedKind, namespace: string, name: string): string {
  return `${collectionPath(served, namespace)}/${encodeURIComponent(name)}`;
}
