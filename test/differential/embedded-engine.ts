import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runDeployment } from '../../engine/deploy/deployment.ts';
import type { DeploymentOptions, ImportRequest, ProgramSource } from '../../engine/deploy/deployment-options.ts';
import type { EngineEvent } from '../../engine/deploy/events.ts';
import type { Registrar } from '../../engine/deploy/goal.ts';
import type { Plan } from '../../engine/deploy/plan.ts';
import { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { createProgramCallbacks, type Monitor } from '../../engine/monitor/monitor-server.ts';
import { createBuiltinProvider } from '../../engine/plugins/builtin-provider.ts';
import { createDefaultProviders } from '../../engine/plugins/default-providers.ts';
import type { ProviderRegistry } from '../../engine/plugins/provider-registry.ts';
import { createProviderRegistry } from '../../engine/plugins/registry.ts';
import { openSecretsManager } from '../../engine/secrets/open-secrets-manager.ts';
import { openPassphraseManager } from '../../engine/secrets/passphrase.ts';
import { openBackend } from '../../engine/state/open-backend.ts';
import type { Snapshot } from '../../engine/state/snapshot.ts';
import { type ServedProvider, serveProvider } from '../../protocol/provider-server.ts';
import { forwarding } from './forwarding-provider.ts';
import { MonitorClient, MonitorGone } from './monitor-client.ts';
import { normalizeState, normalizeSteps, type OperationReport, pattern } from './operation-report.ts';
import { otherProgram, project, runProgram, stack, thingType } from './program.ts';
import type { Operation, ScenarioImport } from './scenario.ts';
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
    workplace.cloud.calls.length = 0;
    const { plan, ...plain } = operation;
    if (plan === undefined) return (await this.#carryOut(workplace, operation)).report;
    const planned: Operation = { ...(plan === 'broken' ? otherProgram(plain) : plain), kind: 'preview' };
    const preview = await this.#carryOut(workplace, planned, { generatePlan: true });
    if (preview.report.result === 'failed') return preview.report;
    return (await this.#carryOut(workplace, plain, { plan: preview.plan })).report;
  }

  async #carryOut(
    workplace: Workplace,
    operation: Operation,
    more: Pick<DeploymentOptions, 'plan' | 'generatePlan'> = {},
  ): Promise<{ readonly report: OperationReport; readonly plan: Plan | undefined }> {
    this.#cloud = workplace.cloud;
    const { base, recorder, lock } = await this.#openState(workplace);
    const events: EngineEvent[] = [];
    const registry = this.#registry(workplace, events);
    const callbacks = createProgramCallbacks();
    const hasProgram = operation.kind === 'up' || operation.kind === 'preview';
    const result = await runDeployment({
      ...optionsOf(operation, base),
      ...more,
      base,
      recorder,
      registry,
      events: (event) => events.push(event),
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
    const report: OperationReport = {
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
    return { report, plan: result.plan };
  }

  async #openState(workplace: Workplace) {
    const environment = this.#environment(workplace);
    const backend = await openBackend(environment.PULUMI_BACKEND_URL!, { environment, directory: workplace.directory });
    const identity = { project, stack };
    const base = await backend.readSnapshot(identity, (type, state) => openSecretsManager(type, state, environment));
    const settings = await readFile(join(workplace.directory, `Pulumi.${stack}.yaml`), 'utf8');
    const salt = /encryptionsalt: (.*)/.exec(settings)![1]!;
    const lock = await backend.lock(identity);
    const recorder = await backend.record(identity, base, await openPassphraseManager('differential', salt));
    return { base, recorder, lock };
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

/** The options that the command line makes of an operation. */
function optionsOf(operation: Operation, base: Snapshot): Omit<DeploymentOptions, 'recorder' | 'registry' | 'events'> {
  const { kind, targets, replaces, targetDependents, refresh, continueOnError, parallel = 1, imports } = operation;
  const hasProgram = kind === 'up' || kind === 'preview';
  return {
    kind: hasProgram ? 'update' : kind,
    preview: kind === 'preview',
    project,
    stack,
    organization,
    base,
    parallel,
    targets: targets.map(pattern),
    targetDependents,
    replaces: hasProgram ? replaces.map(pattern) : [],
    continueOnError: continueOnError && (kind === 'up' || kind === 'destroy'),
    refresh,
    imports: kind === 'import' ? importsOf(imports ?? [], base) : [],
  };
}

/** As `pulumi import` asks for them: by the default provider of the state, or one that is made. */
function importsOf(imports: readonly ScenarioImport[], base: Snapshot): readonly ImportRequest[] {
  const urn = `urn:pulumi:${stack}::${project}::pulumi:providers:test::default`;
  const known = base.resources.find((state) => state.urn === urn && !state.delete && state.id !== '');
  let defaults: ReturnType<typeof createDefaultProviders> | undefined;
  const made = (registrar: Registrar): Promise<string> => {
    defaults ??= createDefaultProviders({ registrar, config: {}, configSecretKeys: [] });
    return defaults.reference({ package: 'test', version: '', pluginDownloadURL: '' });
  };
  const provider = known ? `${urn}::${known.id}` : made;
  return imports.map((one) => ({ ...one, type: thingType, parent: '', provider, properties: [] }));
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
      parallel: operation.parallel ?? 1,
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
