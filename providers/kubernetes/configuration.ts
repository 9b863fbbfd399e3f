import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import {
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';

/** The provider's configuration: the official provider's names, from the provider resource's inputs and `PULUMI_K8S_*`. */
export interface Configuration {
  /** Content or path; undefined: what `KUBECONFIG`, `~/.kube/config` or the pod's service account say. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  /** The namespace of objects that name none; undefined: the context's, or `default`. */
  readonly namespace: string | undefined;
  readonly clusterIdentifier: string | undefined;
  readonly enableServerSideApply: boolean;
  readonly enablePatchForce: boolean;
  readonly upsertExistingObjects: boolean;
  readonly enableConfigMapMutable: boolean;
  readonly enableSecretMutable: boolean;
  readonly deleteUnreachable: boolean;
  readonly skipUpdateUnreachable: boolean;
  readonly suppressDeprecationWarnings: boolean;
  readonly suppressHelmHookWarnings: boolean;
  readonly renderYamlToDirectory: string | undefined;
  readonly alwaysRender: boolean;
  readonly awaitAll: boolean;
  readonly client: ClientSettings;
  readonly helm: HelmSettings;
}

export interface ClientSettings {
  /** Requests that may start at once where `qps` limits them; undefined: 120. */
  readonly burst: number | undefined;
  /** Requests a second in the long run; undefined: as many as the server takes (it says 429 when they are too many). */
  readonly qps: number | undefined;
  /** Seconds for one request; undefined: no limit. */
  readonly timeout: number | undefined;
}

export interface HelmSettings {
  readonly driver: string | undefined;
  readonly pluginsPath: string | undefined;
  readonly registryConfigPath: string | undefined;
  readonly repositoryConfigPath: string | undefined;
  readonly repositoryCache: string | undefined;
}

/** Reads the provider resource's inputs (engine.md 6.2: values may be texts, or JSON texts where they are not). Throws user errors. */
export function readConfiguration(inputs: PropertyMap, environment: Environment): Configuration {
  const reader = new ConfigurationReader(inputs, environment);
  return {
    kubeconfig: reader.kubeconfig(),
    context: reader.text('context'),
    cluster: reader.text('cluster'),
    namespace: reader.text('namespace'),
    clusterIdentifier: reader.text('clusterIdentifier'),
    enableServerSideApply: reader.flag('enableServerSideApply', 'PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY', true),
    enablePatchForce: reader.flag('enablePatchForce', 'PULUMI_K8S_ENABLE_PATCH_FORCE'),
    upsertExistingObjects: reader.flag('upsertExistingObjects', 'PULUMI_K8S_UPSERT_EXISTING_OBJECTS'),
    enableConfigMapMutable: reader.flag('enableConfigMapMutable', 'PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE'),
    enableSecretMutable: reader.flag('enableSecretMutable', 'PULUMI_K8S_ENABLE_SECRET_MUTABLE'),
    deleteUnreachable: reader.flag('deleteUnreachable', 'PULUMI_K8S_DELETE_UNREACHABLE'),
    skipUpdateUnreachable: reader.flag('skipUpdateUnreachable', 'PULUMI_K8S_SKIP_UPDATE_UNREACHABLE'),
    suppressDeprecationWarnings: reader.flag('suppressDeprecationWarnings', 'PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS'),
    suppressHelmHookWarnings: reader.flag('suppressHelmHookWarnings', 'PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS'),
    renderYamlToDirectory: reader.text('renderYamlToDirectory'),
    alwaysRender: reader.flag('alwaysRender'),
    awaitAll: new EnvironmentReader(environment).flag('PULUMI_K8S_AWAIT_ALL', false),
    client: reader.clientSettings(),
    helm: reader.helmSettings(),
  };
}

/** The plain text of a configuration value: secrets unwrapped, objects as JSON; undefined where it is not set or not known. */
export function configurationText(value: PropertyValue | undefined): string | undefined {
  if (value instanceof Secret) return configurationText(value.value);
  if (value instanceof Output) return configurationText(value.value);
  if (value === undefined || value === null || value instanceof Unknown || value === '') return undefined;
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_key, inner) => (inner instanceof Secret ? inner.value : inner));
}

class ConfigurationReader {
  readonly #inputs: PropertyMap;
  readonly #environment: EnvironmentReader;

  constructor(inputs: PropertyMap, environment: Environment) {
    this.#inputs = inputs;
    this.#environment = new EnvironmentReader(environment);
  }

  text(name: string): string | undefined {
    return configurationText(this.#inputs[name]);
  }

  kubeconfig(): string | undefined {
    return this.text('kubeconfig');
  }

  flag(name: string, variable?: string, fallback = false): boolean {
    const text = this.text(name);
    if (text === 'true' || text === 'false') return text === 'true';
    if (text !== undefined)
      throw userError(
        `Cannot configure the kubernetes provider as ${name} is neither true nor false: ${JSON.stringify(text)}. ` +
          `Correct the setting kubernetes:${name} or the provider's argument.`,
      );
    return variable === undefined ? fallback : this.#environment.flag(variable, fallback);
  }

  clientSettings(): ClientSettings {
    const settings = this.#object('kubeClientSettings');
    return {
      burst: this.#number(settings, 'burst', 'PULUMI_K8S_CLIENT_BURST'),
      qps: this.#number(settings, 'qps', 'PULUMI_K8S_CLIENT_QPS'),
      timeout: this.#number(settings, 'timeout', 'PULUMI_K8S_CLIENT_TIMEOUT'),
    };
  }

  helmSettings(): HelmSettings {
    const settings = this.#object('helmReleaseSettings');
    const text = (name: string, variable: string) =>
      configurationText(settings[name]) ?? this.#environment.text(variable);
    return {
      driver: text('driver', 'PULUMI_K8S_HELM_DRIVER'),
      pluginsPath: text('pluginsPath', 'PULUMI_K8S_HELM_PLUGINS_PATH'),
      registryConfigPath: text('registryConfigPath', 'PULUMI_K8S_HELM_REGISTRY_CONFIG_PATH'),
      repositoryConfigPath: text('repositoryConfigPath', 'PULUMI_K8S_HELM_REPOSITORY_CONFIG_PATH'),
      repositoryCache: text('repositoryCache', 'PULUMI_K8S_HELM_REPOSITORY_CACHE'),
    };
  }

  #object(name: string): PropertyMap {
    const value = this.#inputs[name];
    const plain = value instanceof Secret ? value.value : value;
    if (isPropertyMap(plain)) return plain;
    const text = configurationText(plain);
    if (text === undefined) return {};
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as PropertyMap;
    } catch {
      // The same error as for JSON of another kind.
    }
    throw userError(
      `Cannot configure the kubernetes provider as ${name} is no JSON object: ${JSON.stringify(text)}. Correct the setting kubernetes:${name}.`,
    );
  }

  #number(settings: PropertyMap, name: string, variable: string): number | undefined {
    const text = configurationText(settings[name]) ?? this.#environment.text(variable);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw userError(
      `Cannot configure the kubernetes provider as ${name} of kubeClientSettings (or ${variable}) is no positive number: ` +
        `${JSON.stringify(text)}. Correct it.`,
    );
  }
}
