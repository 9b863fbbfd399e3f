import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PropertyMap } from '../../../protocol/property-value.ts';
import type { InvokeRequest, InvokeResponse } from '../../../protocol/provider.ts';
import { runDeployment } from '../../deploy/deployment.ts';
import type { DeploymentOptions, DeploymentResult } from '../../deploy/deployment-options.ts';
import type { EngineEvent } from '../../deploy/events.ts';
import { TestCloud } from '../../deploy/testing/test-cloud.ts';
import { TestRegistry } from '../../deploy/testing/test-registry.ts';
import { emptySnapshot, memoryRecorder } from '../../deploy/testing/test-stack.ts';
import { urnName } from '../../deploy/urn.ts';
import { createNodeProgramHost } from '../../language/node-program-host.ts';
import type { ProgramHost, ProgramRun } from '../../language/program-host.ts';
import { createDeploymentProgram } from '../../operations/program-source.ts';
import type { Snapshot } from '../../state/snapshot.ts';

const nodeModules = join(import.meta.dirname, '../../../node_modules');

/** What a run of a program came to. */
export interface ProgramResult extends DeploymentResult {
  /** Steps that ended well as `op name`, without `same` and without stack and providers. */
  readonly steps: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** The program's standard and error output. */
  readonly output: readonly string[];
  /** The program logged an error, or ended badly after it was done. */
  readonly programFailed: boolean;
}

/** A cloud whose functions answer their arguments, as `echo`. */
export class EchoCloud extends TestCloud {
  readonly invokes: InvokeRequest[] = [];

  override async invoke(request: InvokeRequest = { token: '', args: {}, preview: false }): Promise<InvokeResponse> {
    this.invokes.push(request);
    if (request.args.fail === true) return { result: {}, failures: [{ property: 'fail', reason: 'must not be true' }] };
    return { result: { echo: request.args }, failures: [] };
  }
}

/** A stack with a program in files of its own, run by the published SDK against the real monitor and deployment; only the cloud is made up. */
export class ProgramStack {
  readonly directory = mkdtempSync(join(tmpdir(), 'program-'));
  readonly cloud = new EchoCloud();
  readonly host: ProgramHost;
  snapshot: Snapshot = emptySnapshot;
  config: Record<string, string> = {};
  secretKeys: readonly string[] = [];
  runtimeOptions: Record<string, unknown> = {};
  entryPoint = '.';
  environment: Record<string, string> = {};

  constructor(host: ProgramHost = createNodeProgramHost()) {
    this.host = host;
    symlinkSync(nodeModules, join(this.directory, 'node_modules'));
    this.write({ 'package.json': '{ "name": "project" }' });
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.directory, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return this;
  }

  preview(options: Partial<DeploymentOptions> = {}): Promise<ProgramResult> {
    return this.run({ ...options, preview: true });
  }

  up(options: Partial<DeploymentOptions> = {}): Promise<ProgramResult> {
    return this.run(options);
  }

  async run(options: Partial<DeploymentOptions>): Promise<ProgramResult> {
    const events: EngineEvent[] = [];
    const output: string[] = [];
    const registry = new TestRegistry(this.cloud);
    const program = createDeploymentProgram({
      host: this.host,
      run: this.#runOf(options.preview ?? false, (line) => output.push(line)),
      registry: () => registry,
      events: (event) => events.push(event),
    });
    const recorder = memoryRecorder(this.snapshot);
    const result = await runDeployment({
      kind: 'update',
      preview: false,
      project: 'project',
      stack: 'dev',
      organization: 'organization',
      base: this.snapshot,
      recorder,
      registry,
      events: (event) => events.push(event),
      source: (registrar, signal) => program.source(registrar, signal),
      hooks: program.hooks,
      ...options,
    });
    const { failed, message } = await program.finish();
    if (!options.preview) this.snapshot = await recorder.close();
    const errors = [...messagesOf(events, 'error'), ...(message === undefined ? [] : [message])];
    const steps = stepsOf(events);
    return { ...result, steps, errors, warnings: messagesOf(events, 'warning'), output, programFailed: failed };
  }

  #runOf(
    dryRun: boolean,
    onLine: (line: string) => void,
  ): Omit<ProgramRun, 'monitorAddress' | 'engineAddress' | 'signal'> {
    return {
      rootDirectory: this.directory,
      programDirectory: this.directory,
      entryPoint: this.entryPoint,
      project: 'project',
      stack: 'dev',
      organization: 'organization',
      config: this.config,
      configSecretKeys: this.secretKeys,
      dryRun,
      parallel: 16,
      environment: this.environment,
      runtimeOptions: this.runtimeOptions,
      onStdout: onLine,
      onStderr: onLine,
    };
  }

  /** Inputs of a resource of the state. */
  inputs(name: string): PropertyMap {
    const found = this.snapshot.resources.find(({ urn, delete: condemned }) => urnName(urn) === name && !condemned);
    if (found === undefined) throw new Error(`no ${name} in the state`);
    return found.inputs;
  }

  async close(): Promise<void> {
    await this.host.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function messagesOf(events: readonly EngineEvent[], severity: string): string[] {
  return events.flatMap((event) =>
    event.kind === 'diagnostic' && event.diagnostic.severity === severity ? [event.diagnostic.message] : [],
  );
}

function stepsOf(events: readonly EngineEvent[]): string[] {
  const steps = events.flatMap((event) =>
    event.kind === 'resource-outputs' && event.step.op !== 'same' && !event.step.type.startsWith('pulumi:providers:')
      ? [`${event.step.op} ${urnName(event.step.urn)}`]
      : [],
  );
  // Components tell of their outputs once more when these are registered.
  return [...new Set(steps)].filter((step) => !step.endsWith('project-dev'));
}

/** The class of the test resources, for programs. */
export const prelude = `
const pulumi = require('@pulumi/pulumi');
class Thing extends pulumi.CustomResource {
  constructor(name, args, options) { super('test:index:Thing', name, { made: undefined, ...args }, options); }
}
class Provider extends pulumi.ProviderResource {
  constructor(name, args, options) { super('test', name, args, options); }
}
class Group extends pulumi.ComponentResource {
  constructor(name, args, options) { super('test:index:Group', name, args, options); }
}
`;
