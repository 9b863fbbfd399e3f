import type { ProgramSource } from '../deploy/deployment-options.ts';
import type { EventSink } from '../deploy/events.ts';
import type { Registrar } from '../deploy/goal.ts';
import type { ResourceHookRunner } from '../deploy/resource-hook-runner.ts';
import type { ProgramHost, ProgramOutcome, ProgramRun } from '../language/program-host.ts';
import { createProgramCallbacks, type Monitor } from '../monitor/monitor-server.ts';
import type { KnownResource } from '../plugins/builtin-provider.ts';
import type { DefaultPackages } from '../plugins/default-packages.ts';
import { createDefaultProviders } from '../plugins/default-providers.ts';
import type { ProviderRegistry } from '../plugins/provider-registry.ts';

/** The program of one deployment, from before it starts until it has ended. */
export interface DeploymentProgram {
  readonly source: ProgramSource;
  readonly hooks: ResourceHookRunner;
  /** What was registered or read in this run. */
  findResource(urn: string): KnownResource | undefined;
  /**
   * After the deployment: lets a waiting program go, waits for its end and closes the monitor. `failed`: the program ended
   * badly after it had said that it was done.
   */
  finish(): Promise<{ readonly failed: boolean; readonly message: string | undefined }>;
}

/** What the program and its monitor are given. */
export interface ProgramSettings {
  readonly host: ProgramHost;
  /** All of a run but its addresses and its signal. */
  readonly run: Omit<ProgramRun, 'monitorAddress' | 'engineAddress' | 'service' | 'signal'>;
  /** Asked for when the program starts: the registry needs `findResource` first. */
  readonly registry: () => ProviderRegistry;
  readonly events: EventSink;
  /** What providers are made of where neither resource nor program says it. Default: nothing. */
  readonly packages?: DefaultPackages;
}

/** Composes monitor, default providers and program host into what `runDeployment` calls its source. */
export function createDeploymentProgram(settings: ProgramSettings): DeploymentProgram {
  const callbacks = createProgramCallbacks();
  const known = new Map<string, KnownResource>();
  let monitor: Monitor | undefined;
  let ended: Promise<ProgramOutcome> = Promise.resolve({ kind: 'done' });
  let told = false;

  return {
    hooks: callbacks.hooks,
    findResource: (urn) => known.get(urn),
    async source(registrar, signal) {
      monitor = await callbacks.startMonitor(monitorOptions(settings, remembering(registrar, known)));
      const { address } = monitor;
      // The deployment's signal also fires when all is done; a program that has signalled its end is then let go, not stopped.
      const stop = new AbortController();
      const onAbort = () => stop.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      const running = settings.host.run({
        ...settings.run,
        monitorAddress: address,
        engineAddress: address,
        service: monitor.service,
        signal: stop.signal,
      });
      ended = running.then((outcome) => finished(outcome, monitor));
      const outcome = await Promise.race([ended, monitor.signalled.then(() => ({ kind: 'done' }) as const)]);
      signal.removeEventListener('abort', onAbort);
      told = outcome.kind !== 'done';
      return outcome;
    },
    async finish() {
      monitor?.finish();
      const outcome = await ended;
      await monitor?.close();
      callbacks.close();
      const late = !told && outcome.kind !== 'done';
      const message = late && outcome.kind === 'failed' ? outcome.message : undefined;
      return { failed: late, message };
    },
  };
}

/** A success that came too early is none. */
function finished(outcome: ProgramOutcome, monitor: Monitor | undefined): ProgramOutcome {
  const unfinished = monitor?.unfinished;
  return outcome.kind === 'done' && unfinished !== undefined ? { kind: 'failed', message: unfinished } : outcome;
}

function monitorOptions(settings: ProgramSettings, registrar: Registrar) {
  const { run, events, packages } = settings;
  const { project, stack, organization, config, configSecretKeys, dryRun, parallel } = run;
  return {
    registrar,
    registry: settings.registry(),
    defaultProviders: createDefaultProviders({ registrar, config, configSecretKeys, packages }),
    defaultPackages: packages,
    events,
    info: { project, stack, organization, config, configSecretKeys, dryRun, parallel },
    programDirectory: run.programDirectory,
    rootDirectory: run.rootDirectory,
  };
}

/** A registrar that keeps what it answered, for `pulumi:pulumi:getResource` and resource references. */
function remembering(registrar: Registrar, known: Map<string, KnownResource>): Registrar {
  return {
    urnOf: (type, name, parent) => registrar.urnOf(type, name, parent),
    abandon: (message) => registrar.abandon(message),
    registerResourceOutputs: (urn, outputs) => registrar.registerResourceOutputs(urn, outputs),
    async registerResource(goal) {
      const result = await registrar.registerResource(goal);
      known.set(result.urn, { id: result.id, provider: goal.provider, outputs: result.outputs });
      return result;
    },
    async readResource(goal) {
      const result = await registrar.readResource(goal);
      known.set(result.urn, { id: result.id, provider: goal.provider, outputs: result.outputs });
      return result;
    },
  };
}
