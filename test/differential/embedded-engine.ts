import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDeployment } from '../../engine/deploy/deployment.ts';
import type { DeploymentOptions, ImportRequest, ProgramSource } from '../../engine/deploy/deployment-options.ts';
import type { EngineEvent } from '../../engine/deploy/events.ts';
import type { Registrar } from '../../engine/deploy/goal.ts';
import type { Plan } from '../../engine/deploy/plan.ts';
import { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { makeUrn } from '../../engine/deploy/urn.ts';
import { createEventEncoder } from '../../engine/display/event-json.ts';
import { createProgramCallbacks, type Monitor } from '../../engine/monitor/monitor-server.ts';
import { createBuiltinProvider } from '../../engine/plugins/builtin-provider.ts';
import { createDefaultProviders } from '../../engine/plugins/default-providers.ts';
import type { ProviderRegistry } from '../../engine/plugins/provider-registry.ts';
import { createProviderRegistry } from '../../engine/plugins/registry.ts';
import { loadPolicyPack, type PolicyPack } from '../../engine/policy/load-policy-pack.ts';
import { openSecretsManager } from '../../engine/secrets/open-secrets-manager.ts';
import { openPassphraseManager } from '../../engine/secrets/passphrase.ts';
import { openBackend } from '../../engine/state/open-backend.ts';
import { discardingRecorder, type Snapshot } from '../../engine/state/snapshot.ts';
import { type ServedProvider, serveProvider } from '../../protocol/provider-server.ts';
import { forwarding } from './forwarding-provider.ts';
import { MonitorClient, MonitorGone } from './monitor-client.ts';
import {
  normalizeCalls,
  normalizeState,
  normalizeSteps,
  type OperationReport,
  pattern,
  policyOf,
} from './operation-report.ts';
import { executable, PolicyPackServer } from './policy-pack-server.ts';
import { groupType, otherProgram, project, runProgram, stack, thingType } from './program.ts';
import { ProgramCallbacks } from './program-callbacks.ts';
import type { Operation, ScenarioImport } from './scenario-data.ts';
import type { Workplace } from './workplace.ts';

const organization = 'organization';

/** Our engine in this process: everything but the commands around it. */
export class EmbeddedEngine {
  readonly name = 'embedded';
  #provider: ServedProvider | undefined;
  #cloud = new TestCloud();
  readonly #callbacks = new ProgramCallbacks(() => this.#cloud);
  readonly #policies = new PolicyPackServer((call) => this.#cloud.calls.push(call));
  #pack = '';

  async start(): Promise<void> {
    await this.#callbacks.start();
    this.#pack = await mkdtemp(join(tmpdir(), 'differential-'));
    await this.#policies.start(this.#pack);
    this.#provider = await serveProvider(forwarding(() => this.#cloud));
  }

  async close(): Promise<void> {
    await this.#provider?.close();
    this.#callbacks.close();
    this.#policies.close();
    await rm(this.#pack, { recursive: true, force: true });
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
    this.#policies.current = operation;
    const { base, recorder, lock } = await this.#openState(workplace, operation);
    const events: EngineEvent[] = [];
    const registry = this.#registry(workplace, events);
    const callbacks = createProgramCallbacks();
    const packs = await this.#packs(workplace, operation);
    const result = await runDeployment({
      ...optionsOf(operation, base),
      ...more,
      base,
      recorder,
      registry,
      analyzers: packs,
      events: (event) => events.push(event),
      source: runsProgram(operation) ? this.#source(operation, { registry, events, callbacks, workplace }) : undefined,
      hooks: callbacks.hooks,
    });
    callbacks.close();
    const unwritten = await recorder.close().then(
      () => [],
      (error: Error) => [error.message],
    );
    await Promise.all(packs.map((pack) => pack.close()));
    await registry.close();
    await lock.release();
    const report: OperationReport = {
      result: result.result === 'succeeded' && unwritten.length === 0 ? 'succeeded' : 'failed',
      steps: normalizeSteps(events.flatMap(stepOf)),
      changes: result.changes as Record<string, number>,
      policies: events
        .map(createEventEncoder({ showSecrets: false, color: 'never', now: Date.now }))
        .flatMap(policyOf)
        .sort(),
      calls: normalizeCalls(workplace.cloud.calls),
      state: normalizeState(await workplace.resources()),
      messages: [
        ...events.flatMap((event) => (event.kind === 'diagnostic' ? [event.diagnostic.message] : [])),
        ...unwritten,
      ],
    };
    return { report, plan: result.plan };
  }

  async #packs(workplace: Workplace, operation: Operation): Promise<readonly PolicyPack[]> {
    if (!operation.policies || !hasProgram(operation)) return [];
    const pack = await loadPolicyPack({
      path: executable(this.#pack),
      project,
      stack,
      organization,
      dryRun: operation.kind === 'preview',
      config: {},
      configSecretKeys: [],
      environment: this.#environment(workplace),
      log: () => {},
    });
    return [pack];
  }

  async #openState(workplace: Workplace, { kind, clearPending }: Operation) {
    const environment = this.#environment(workplace);
    const backend = await openBackend(environment.PULUMI_BACKEND_URL!, { environment, directory: workplace.directory });
    const identity = { project, stack };
    const found = await backend.readSnapshot(identity, (type, state) => openSecretsManager(type, state, environment));
    const pendingOperations = found.pendingOperations.filter(({ kind: what }) => what !== 'creating');
    const base = kind === 'refresh' && clearPending ? { ...found, pendingOperations } : found;
    const settings = await readFile(join(workplace.directory, `Pulumi.${stack}.yaml`), 'utf8');
    const salt = /encryptionsalt: (.*)/.exec(settings)![1]!;
    const lock = await backend.lock(identity);
    const recorder =
      kind === 'preview'
        ? discardingRecorder(base)
        : await backend.record(identity, base, await openPassphraseManager('differential', salt));
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

  #source(
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
      const client = new MonitorClient(monitor.address, this.#callbacks);
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
}

/** The options that the command line makes of an operation. */
function optionsOf(operation: Operation, base: Snapshot): Omit<DeploymentOptions, 'recorder' | 'registry' | 'events'> {
  const { kind, targets, replaces, targetDependents, refresh, continueOnError, parallel = 1, imports } = operation;
  const { excludes = [], excludeDependents, runProgram } = operation;
  const updates = hasProgram(operation);
  return {
    kind: kind === 'up' || kind === 'preview' ? 'update' : kind,
    preview: kind === 'preview',
    project,
    stack,
    organization,
    base,
    parallel,
    targets: targets.map(pattern),
    targetDependents,
    excludes: excludes.map(pattern),
    excludeDependents: excludeDependents && kind !== 'destroy',
    runProgram: !updates && runProgram,
    replaces: updates ? replaces.map(pattern) : [],
    continueOnError: continueOnError && (kind === 'up' || kind === 'destroy'),
    refresh,
    imports: kind === 'import' ? importsOf(imports ?? [], base) : [],
  };
}

function hasProgram({ kind }: Operation): boolean {
  return kind === 'up' || kind === 'preview';
}

function runsProgram(operation: Operation): boolean {
  return hasProgram(operation) || (operation.runProgram === true && operation.kind !== 'import');
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
  const group = { type: groupType, name: 'adopted', id: '', component: true, parent: '', provider: '', properties: [] };
  const groupUrn = makeUrn({ stack, project, parent: '', type: groupType, name: group.name });
  const { protect } = imports[0] ?? {};
  return [
    ...(imports.some(({ grouped }) => grouped) ? [{ ...group, protect }] : []),
    ...imports.map(({ name, id, grouped, properties = [] }) => ({
      type: thingType,
      name,
      id,
      protect,
      parent: grouped ? groupUrn : '',
      provider,
      properties,
    })),
  ];
}

function stepOf(event: EngineEvent) {
  if (event.kind !== 'resource-pre') return [];
  const { op, urn, detailedDiff, keys } = event.step;
  return [{ op, urn, detailedDiff, keys }];
}
