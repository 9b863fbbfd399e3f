import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isMainstayError } from '../../foundation/errors.ts';
import { type ConfigureRequest, type Provider, ProviderError } from '../../protocol/provider.ts';
import type { Diagnostic } from '../deploy/events.ts';
import { dynamicPackage, type FoundPlugin, findPlugin } from './find-plugin.ts';
import { openProvider } from './open-provider.ts';
import { pluginEnvironment } from './plugin-environment.ts';
import type { Parameterization, ProviderDescription } from './provider-inputs.ts';
import type { PooledProvider, PoolLease, PoolRequest, ProviderPool } from './provider-pool.ts';
import type { ProviderRegistryOptions } from './registry.ts';
import { sandboxedPackages, sandboxSetting } from './sandboxed-packages.ts';

type SourceOptions = ProviderRegistryOptions & { readonly pool: ProviderPool };

/** Turns the description of a provider into a running one: finds the plugin, and starts it or takes it from the pool. */
export class ProviderSource {
  readonly #options: SourceOptions;
  readonly #lease: PoolLease;
  readonly #isSandboxed: (packageName: string) => boolean;
  readonly #found = new Map<string, Promise<FoundPlugin>>();

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#isSandboxed = sandboxedPackages(options.config[sandboxSetting]);
    this.#lease = options.pool.lease(options.log);
  }

  /** The description of a provider that is about to be made: by the sandbox where the stack asks for it. */
  chosen(description: ProviderDescription): ProviderDescription {
    const { package: name } = description.plugin;
    return { ...description, sandbox: this.#isSandboxed(name) && name !== dynamicPackage && name !== 'pulumi' };
  }

  /** A provider whose CheckConfig and DiffConfig can be called. */
  async take(description: ProviderDescription): Promise<PooledProvider> {
    if (description.plugin.package === 'pulumi') return this.#builtin();
    return asProviderError(async () => this.#lease.take(await this.#request(description)));
  }

  /** A provider configured as `configuration` says; the configuration itself may still be under way. */
  async takeConfigured(description: ProviderDescription, configuration: ConfigureRequest): Promise<PooledProvider> {
    if (description.plugin.package === 'pulumi') return this.#builtin();
    return asProviderError(async () => this.#lease.takeConfigured(await this.#request(description), configuration));
  }

  #builtin(): PooledProvider {
    return { provider: this.#options.builtins, configure: () => {}, spoil: () => {} };
  }

  async #request(description: ProviderDescription): Promise<PoolRequest> {
    const { plugin, parameterization, environmentMappings } = description;
    const found = await this.#find(description);
    const environment = this.#environment(description);
    const { project, stack, organization, rootDirectory, programDirectory, pluginArguments } = this.#options;
    const place = { project, stack, organization, rootDirectory, programDirectory };
    const shared = { request: plugin, ...place, environment, pluginArguments };
    const identity = [shared, found, await stampOf(found), environmentMappings, parameterText(parameterization)];
    return {
      // The environment holds credentials: only a hash of it is kept.
      key: createHash('sha256').update(JSON.stringify(identity)).digest('hex'),
      open: async (log) => {
        const opened = await openProvider(found, { ...shared, log: this.#labelled(found, log) });
        if (parameterization !== undefined) await parameterize(opened.provider, parameterization);
        return opened;
      },
    };
  }

  #find({ plugin, sandbox }: ProviderDescription): Promise<FoundPlugin> {
    const { environment, projectPlugins = [], programDirectory, providersDirectory, log } = this.#options;
    const key = JSON.stringify([plugin, sandbox]);
    const warn = (message: string) => log({ severity: 'warning', urn: '', message });
    const searching =
      this.#found.get(key) ??
      findPlugin(plugin, {
        environment,
        projectPlugins,
        programDirectory,
        providersDirectory,
        sandbox,
        warn,
      }).then((found) => {
        if (found.kind === 'module' && found.sandbox) {
          log({ severity: 'warning', urn: '', message: sandboxNotice(plugin.package) });
        }
        return found;
      });
    this.#found.set(key, searching);
    return searching;
  }

  /** What the official engine adds to a plugin's environment (NewProvider in provider_plugin.go). */
  #environment({ plugin, environmentMappings }: ProviderDescription): Record<string, string> {
    const { environment, project, config } = this.#options;
    const mapped: Record<string, string> = {};
    for (const [source, target] of Object.entries(environmentMappings)) {
      const value = environment[source];
      if (value !== undefined) mapped[target] = value;
    }
    const prefix = `${plugin.package}:`;
    const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
    const settings = Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
    const runtime = Object.entries(this.#options.runtimeOptions ?? {});
    return pluginEnvironment(environment, plugin.package, {
      ...mapped,
      PULUMI_PROJECT: project,
      PULUMI_CONFIG: JSON.stringify(settings),
      ...Object.fromEntries(runtime.map(([key, value]) => [`PULUMI_RUNTIME_${key.toUpperCase()}`, String(value)])),
      ...(plugin.package === dynamicPackage && { PULUMI_NODEJS_PROJECT: project }),
    });
  }

  #labelled(found: FoundPlugin, log: (diagnostic: Diagnostic) => void): (diagnostic: Diagnostic) => void {
    if (found.kind !== 'module' || !found.sandbox) return log;
    return (diagnostic) =>
      log({
        ...diagnostic,
        message: /\bsandbox\b/i.test(diagnostic.message) ? diagnostic.message : `[sandbox] ${diagnostic.message}`,
      });
  }

  close(): Promise<void> {
    return this.#lease.release();
  }
}

/** Whoever asks a provider for something expects its kind of error. */
async function asProviderError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isMainstayError(error)) throw new ProviderError(error.message, { cause: error });
    throw error;
  }
}

function sandboxNotice(packageName: string): string {
  return `[sandbox] Resources of ${packageName} are made in the sandbox: nothing real is read or changed for them.`;
}

function parameterText(parameterization: Parameterization | undefined): unknown {
  if (parameterization === undefined) return undefined;
  const { name, version, value } = parameterization;
  return [name, version, Buffer.from(value).toString('base64')];
}

async function parameterize(provider: Provider, parameterization: Parameterization): Promise<void> {
  const { name } = parameterization;
  try {
    if (!provider.parameterize) throw new ProviderError('it takes no parameters', { status: 'unimplemented' });
    const answer = await provider.parameterize(parameterization);
    if (answer.name !== name) {
      throw new ProviderError(`parameterize response name "${answer.name}" does not match expected package "${name}"`);
    }
  } catch (error) {
    await provider.close();
    throw error;
  }
}

/** Changes when a plugin is built or installed anew, so that a kept process of the old one is not used again. */
async function stampOf(found: FoundPlugin): Promise<string> {
  const path = found.kind === 'executable' ? found.path : found.kind === 'dynamic' ? found.script : undefined;
  if (path === undefined) return '';
  const { mtimeMs, size } = await stat(path);
  return `${mtimeMs} ${size}`;
}
