import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runDeployment } from '../../engine/deploy/deployment.ts';
import type { ProgramSource } from '../../engine/deploy/deployment-options.ts';
import type { EngineEvent } from '../../engine/deploy/events.ts';
import { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { createProgramCallbacks, type Monitor } from '../../engine/monitor/monitor-server.ts';
import { createBuiltinProvider } from '../../engine/plugins/builtin-provider.ts';
import { createDefaultProviders } from '../../engine/plugins/default-providers.ts';
import type { ProviderRegistry } from '../../engine/plugins/provider-registry.ts';
import { createProviderRegistry } from '../../engine/plugins/registry.ts';
import { openSecretsManager } from '../../engine/secrets/open-secrets-manager.ts';
import { openPassphraseManager } from '../../engine/secrets/passphrase.ts';
import { openBackend } from '../../engine/state/open-backend.ts';
import { type ServedProvider, serveProvider } from '../../protocol/provider-server.ts';
import { forwarding } from './forwarding-provider.ts';
import { MonitorClient, MonitorGone } from './monitor-client.ts';
import { normalizeState, normalizeSteps, type OperationReport, pattern } from './operation-report.ts';
import { project, runProgram, stack } from './program.ts';
import type { Operation } from './scenario.ts';
import type { Workplace } from './workplace.ts';

const organization = 'organization';

/** Our engine in this process: everything but the commands around it. */
export class EmbeddedEngine {
  readonly name = 'embedded';
  #provider: ServedProvider | undefined;
  #cloud = new TestCloud();

  async start(): Promise<void> {
    this.#provider = await serveProvider(forwarding(() => this.#cloud));
  }

  async close(): Promise<void> {
    await this.#provider?.close();
  }

  async carryOut(workplace: Workplace, operation: Operation): Promise<OperationReport> {
    this.#cloud = workplace.cloud;
    workplace.cloud.calls.length = 0;
    const environment = this.#environment(workplace);
    const backend = await openBackend(environment.PULUMI_BACKEND_URL!, { environment, directory: workplace.directory });
    const identity = { project, stack };
    const base = await backend.readSnapshot(identity, (type, state) => openSecretsManager(type, state, environment));
    const salt = /encryptionsalt: (.*)/.exec(
      await readFile(join(workplace.directory, `Pulumi.${stack}.yaml`), 'utf8'),
    )![1]!;
    const lock = await backend.lock(identity);
    const recorder = await backend.record(identity, base, await openPassphraseManager('differential', salt));
    const events: EngineEvent[] = [];
    const registry = this.#registry(workplace, events);
    const callbacks = createProgramCallbacks();
    const { kind, targets, replaces, resources: _resources, failures: _failures, drift: _drift, ...flags } = operation;
    const hasProgram = kind === 'up' || kind === 'preview';
    const result = await runDeployment({
      ...flags,
      kind: hasProgram ? 'update' : kind,
      preview: kind === 'preview',
      project,
      stack,
      organization,
      base,
      recorder,
      registry,
      events: (event) => events.push(event),
      parallel: 1,
      targets: targets.map(pattern),
      replaces: hasProgram ? replaces.map(pattern) : [],
      continueOnError: operation.continueOnError && (kind === 'up' || kind === 'destroy'),
      refresh: operation.refresh,
      source: hasProgram ? programSource(operation, { registry, events, callbacks, workplace }) : undefined,
      hooks: callbacks.hooks,
    });
    callbacks.close();
    const unwritten = await recorder.close().then(
      () => [],
      (error: Error) => [error.message],
    );
    await registry.close();
    await lock.release();
    return {
      result: result.result === 'succeeded' && unwritten.length === 0 ? 'succeeded' : 'failed',
      steps: normalizeSteps(events.flatMap(stepOf)),
      changes: result.changes as Record<string, number>,
      calls: [...workplace.cloud.calls].sort(),
      state: normalizeState(await workplace.resources()),
      messages: [
        ...events.flatMap((event) => (event.kind === 'diagnostic' ? [event.diagnostic.message] : [])),
        ...unwritten,
      ],
    };
  }

  #environment(workplace: Workplace): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: workplace.directory,
      PULUMI_HOME: join(workplace.directory, 'home'),
      PULUMI_BACKEND_URL: `file://${join(workplace.directory, 'state')}`,
      PULUMI_CONFIG_PASSPHRASE: 'differential',
      PULUMI_DEBUG_PROVIDERS: `test:${this.#provider!.address.split(':')[1]}`,
      PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: 'true',
    };
  }

  #registry(workplace: Workplace, events: EngineEvent[]): ProviderRegistry {
    return createProviderRegistry({
      project,
      stack,
      organization,
      rootDirectory: workplace.directory,
      programDirectory: workplace.directory,
      config: {},
      environment: this.#environment(workplace),
      builtins: createBuiltinProvider({} as never),
      log: (diagnostic) => events.push({ kind: 'diagnostic', diagnostic }),
    });
  }
}

function programSource(
  operation: Operation,
  parts: {
    readonly registry: ProviderRegistry;
    readonly events: EngineEvent[];
    readonly callbacks: ReturnType<typeof createProgramCallbacks>;
    readonly workplace: Workplace;
  },
): ProgramSource {
  return async (registrar) => {
    const info = {
      project,
      stack,
      organization,
      config: {},
      configSecretKeys: [],
      dryRun: operation.kind === 'preview',
      parallel: 1,
    };
    const monitor: Monitor = await parts.callbacks.startMonitor({
      registrar,
      registry: parts.registry,
      defaultProviders: createDefaultProviders({ registrar, config: {}, configSecretKeys: [] }),
      events: (event) => parts.events.push(event),
      info,
      programDirectory: parts.workplace.directory,
      rootDirectory: parts.workplace.directory,
    });
    const client = new MonitorClient(monitor.address);
    try {
      await runProgram(client, operation);
      return { kind: 'done' };
    } catch (error) {
      return error instanceof MonitorGone ? { kind: 'bail' } : { kind: 'failed', message: String(error) };
    } finally {
      client.close();
      await monitor.close();
    }
  };
}

function stepOf(event: EngineEvent) {
  if (event.kind !== 'resource-pre') return [];
  const { op, urn, detailedDiff, keys } = event.step;
  return [{ op, urn, detailedDiff, keys }];
}
