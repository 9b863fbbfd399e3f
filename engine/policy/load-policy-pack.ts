import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import type { Environment } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import { adaptProperties } from '../../protocol/adapt-properties.ts';
import { callMethod, openClient } from '../../protocol/grpc-call.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { dependenciesToWire } from '../../protocol/provider-convert.ts';
import { providerErrorOf } from '../../protocol/provider-errors.ts';
import type { Method } from '../../protocol/provider-messages.ts';
import type { Diagnostic } from '../deploy/events.ts';
import type {
  AnalyzedResource,
  AnalyzedStackResource,
  PolicyViolation,
  Remediation,
  ResourceAnalyzer,
} from '../deploy/resource-analyzer.ts';
import { explainPluginEnd } from '../plugins/explain-plugin-end.ts';
import { pluginEnvironment } from '../plugins/plugin-environment.ts';
import { type PluginCommand, type RunningPlugin, startPlugin } from '../plugins/start-plugin.ts';
import type { PackProcesses } from './pack-processes.ts';
import { type PolicyConfigs, readPolicyConfig, reconcilePolicyConfig } from './policy-config.ts';
import {
  analyzerMethods,
  enforcementLevels,
  type WireDiagnostic,
  type WireRemediation,
  type WireResource,
} from './policy-messages.ts';
import { readPolicyPackFile } from './policy-pack-file.ts';
import { restoreLostSecrets } from './restore-secrets.ts';

export interface PolicyPackOptions {
  /** `--policy-pack`: a folder with PulumiPolicy.yaml, or an executable. */
  readonly path: string;
  /** `--policy-pack-config`: a JSON file. Default: none. */
  readonly configFile?: string;
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** The operation is a preview. */
  readonly dryRun: boolean;
  /** Decrypted, keys `namespace:name`. */
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly environment: Environment;
  readonly log: (diagnostic: Diagnostic) => void;
  /** Has processes waiting. Default: a new one is started. */
  readonly processes?: PackProcesses;
}

/** A running pack. Whoever loaded it closes it. */
export interface PolicyPack extends ResourceAnalyzer {
  close(): Promise<void>;
}

/**
 * Starts a policy pack written with `@pulumi/policy` and configures it (NewPolicyAnalyzer in pkg/resource/plugin/analyzer_plugin.go,
 * LoadLocalPolicyPackAnalyzers in pkg/engine/update.go). Rejects with a user error where the pack cannot be started, or its
 * configuration is not valid; then no process is left.
 */
export async function loadPolicyPack(options: PolicyPackOptions): Promise<PolicyPack> {
  const path = resolve(options.path);
  const { command, directory, version } = await describePack(path, options);
  const running = await startPlugin(command, options.log);
  const client = openClient(running.address);
  const pack = new RunningPack({ running, client, version, name: path });
  try {
    await pack.prepare(directory, options);
    return pack;
  } catch (error) {
    await pack.close();
    throw error;
  }
}

interface PackDescription {
  readonly command: PluginCommand;
  readonly directory: string;
  /** Wins over what the pack's program says; '' : not said. */
  readonly version: string;
}

async function describePack(path: string, options: PolicyPackOptions): Promise<PackDescription> {
  const environment = packEnvironment(options);
  const name = `of the policy pack ${options.path}`;
  const entry = await stat(path).catch((error: unknown) => {
    throw userError(`Cannot load a policy pack as there is nothing at its path: ${path}. Correct --policy-pack.`, {
      cause: error,
    });
  });
  if (!entry.isDirectory()) {
    const directory = dirname(path);
    return { command: { name, command: path, args: [], directory, environment }, directory, version: '' };
  }
  const { runtime, version } = await readPolicyPackFile(path);
  if (runtime !== 'nodejs') {
    throw userError(
      `Cannot run the policy pack as this engine runs packs of the runtime nodejs only: ${JSON.stringify(runtime)}. ` +
        'Use the official pulumi CLI for it.',
      { place: { file: join(path, 'PulumiPolicy.yaml') } },
    );
  }
  const runner = runnerOf(path);
  const args = [runner, path];
  // The runner wants the engine's address before the folder, and the pack's own folder as its working directory.
  const start = { name, command: process.execPath, args, directory: path, environment };
  const { processes } = options;
  const run = (given: readonly string[]) =>
    processes!.start({ runner, directory: path, arguments: given.slice(1), environment });
  return {
    command: { ...start, engineArgument: 'second', ...(processes && { start: run }) },
    directory: path,
    version,
  };
}

function runnerOf(directory: string): string {
  try {
    return createRequire(join(directory, 'package.json')).resolve('@pulumi/pulumi/cmd/run-policy-pack');
  } catch (error) {
    throw userError(
      `Cannot run the policy pack as it has no @pulumi/pulumi: ${directory}. Install its dependencies (npm install).`,
      { cause: error },
    );
  }
}

/** What `pulumi.getStack()` and `pulumi.Config` of a pack read (constructEnv in analyzer_plugin.go). */
function packEnvironment(options: PolicyPackOptions): Record<string, string> {
  const { organization, project, stack, dryRun, config } = options;
  const identity = { ORGANIZATION: organization, PROJECT: project, STACK: stack, DRY_RUN: String(dryRun) };
  const named = Object.entries(identity).flatMap(([key, value]) => [
    [`PULUMI_${key}`, value],
    [`PULUMI_NODEJS_${key}`, value],
  ]);
  return pluginEnvironment(options.environment, '', {
    ...Object.fromEntries(named),
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_NODEJS_TYPESCRIPT: 'true',
  });
}

interface PackParts {
  readonly running: RunningPlugin;
  readonly client: Client;
  readonly version: string;
  readonly name: string;
}

/** A started pack: *prepared* once its program has said what policies it has and has got their configuration. */
class RunningPack implements PolicyPack {
  readonly #parts: PackParts;
  name = '';
  version = '';

  constructor(parts: PackParts) {
    this.#parts = parts;
  }

  async #call<Q, A>(method: Method<Q, A>, request: Partial<Q>): Promise<A> {
    const { client, running, name } = this.#parts;
    try {
      return await callMethod(client, method, request);
    } catch (error) {
      throw await explainPluginEnd(providerErrorOf(error), running, `policy pack ${this.name || name}`);
    }
  }

  /** A call that older packs do not have; undefined for those. */
  async #callIfThere<Q, A>(method: Method<Q, A>, request: Partial<Q>): Promise<A | undefined> {
    try {
      return await this.#call(method, request);
    } catch (error) {
      if (error instanceof ProviderError && error.status === 'unimplemented') return undefined;
      throw error;
    }
  }

  async prepare(directory: string, options: PolicyPackOptions): Promise<void> {
    const { engineAddress } = this.#parts.running;
    const { stack, project, organization, dryRun, config, configSecretKeys, tags = {} } = options;
    const folders = { rootDirectory: directory, programDirectory: directory };
    await this.#callIfThere(analyzerMethods.handshake, { engineAddress, ...folders });
    const identity = { stack, project, organization, dryRun, config, configSecretKeys, tags };
    await this.#callIfThere(analyzerMethods.configureStack, identity);
    const info = await this.#call(analyzerMethods.getAnalyzerInfo, {});
    this.name = info.name;
    this.version = this.#parts.version || info.version;
    if (info.supportsConfig) {
      const given = options.configFile === undefined ? {} : await readPolicyConfig(options.configFile);
      await this.#configure(reconcilePolicyConfig(info, given));
    } else if (options.configFile !== undefined) {
      throw userError(
        `Cannot configure the policy pack as it does not support config: ${info.name} (${options.path}).`,
      );
    }
  }

  async #configure(configs: PolicyConfigs): Promise<void> {
    const entries = Object.entries(configs);
    if (entries.length === 0) return;
    const policyConfig = entries.map(([name, { enforcementLevel = 'advisory', properties = {} }]) => {
      return [name, { enforcementLevel: enforcementLevels.indexOf(enforcementLevel), properties }] as const;
    });
    await this.#call(analyzerMethods.configure, { policyConfig: Object.fromEntries(policyConfig) });
  }

  async remediate(resource: AnalyzedResource): Promise<readonly Remediation[]> {
    const answer = await this.#callIfThere(analyzerMethods.remediate, wireResource(resource));
    return (answer?.remediations ?? []).map((remedy) => this.#remediation(remedy, resource.properties));
  }

  #remediation(wire: WireRemediation, before: PropertyMap): Remediation {
    const { policyName = '', policyPackName = '', policyPackVersion = '', description = '' } = wire;
    const { properties = {}, diagnostic = '' } = wire;
    const version = this.#parts.version || policyPackVersion;
    return {
      policyName,
      policyPackName,
      policyPackVersion: version,
      description,
      properties: restoreLostSecrets(properties, before),
      diagnostic,
    };
  }

  async analyze(resource: AnalyzedResource): Promise<readonly PolicyViolation[]> {
    const { diagnostics } = await this.#call(analyzerMethods.analyze, wireResource(resource));
    return diagnostics.map((diagnostic) => this.#violation(diagnostic));
  }

  async analyzeStack(resources: readonly AnalyzedStackResource[]): Promise<readonly PolicyViolation[]> {
    const answer = await this.#callIfThere(analyzerMethods.analyzeStack, {
      resources: resources.map(wireStackResource),
    });
    return (answer?.diagnostics ?? []).map((diagnostic) => this.#violation(diagnostic));
  }

  #violation(wire: WireDiagnostic): PolicyViolation {
    const {
      policyName = '',
      policyPackName = '',
      policyPackVersion = '',
      description = '',
      message = '',
      urn = '',
    } = wire;
    const enforcementLevel = enforcementLevels[wire.enforcementLevel ?? 0];
    if (enforcementLevel === undefined) {
      throw new ProviderError(`the policy ${policyName} has the unknown enforcement level ${wire.enforcementLevel}`);
    }
    const version = this.#parts.version || policyPackVersion;
    return { policyName, policyPackName, policyPackVersion: version, description, message, enforcementLevel, urn };
  }

  async close(): Promise<void> {
    this.#parts.client.close();
    await this.#parts.running.stop();
  }
}

/** Secrets and unknowns go marked; references and outputs as what they stand for. */
function sent(properties: PropertyMap): PropertyMap {
  return adaptProperties(properties, { keepResources: false, keepOutputs: false });
}

function wireResource({ urn, type, name, properties, options, provider }: AnalyzedResource): WireResource {
  const { deleteBeforeReplace, customTimeouts = { create: 0, update: 0, delete: 0, read: 0 }, ...rest } = options;
  return {
    urn,
    type,
    name,
    properties: sent(properties),
    options: {
      ...rest,
      deleteBeforeReplace: deleteBeforeReplace ?? false,
      deleteBeforeReplaceDefined: deleteBeforeReplace !== undefined,
      customTimeouts,
    },
    provider: provider && { ...provider, properties: sent(withoutInternalKeys(provider.properties)) },
  };
}

function withoutInternalKeys(properties: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !key.startsWith('__')));
}

function wireStackResource(resource: AnalyzedStackResource): WireResource {
  const { parent, dependencies, propertyDependencies } = resource;
  return {
    ...wireResource(resource),
    parent,
    dependencies,
    propertyDependencies: dependenciesToWire(propertyDependencies),
  };
}
