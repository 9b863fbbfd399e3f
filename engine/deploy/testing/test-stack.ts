import assert from 'node:assert/strict';
import type { PropertyMap, PropertyValue } from '../../../protocol/property-value.ts';
import type { ProgramOutcome } from '../../language/program-host.ts';
import type { Snapshot, SnapshotRecorder } from '../../state/snapshot.ts';
import { normalizeUrnReferences } from '../../state/urn-references.ts';
import { runDeployment } from '../deployment.ts';
import type { DeploymentOptions, DeploymentResult } from '../deployment-options.ts';
import type { EngineEvent } from '../events.ts';
import { DeploymentAborted, type Goal, plainGoal, type RegisterResult, type Registrar } from '../goal.ts';
import { MergedState } from '../merged-state.ts';
import type { ResourceState } from '../resource-state.ts';
import { makeUrn, urnName } from '../urn.ts';
import { assertIntegrity } from './integrity.ts';
import { TestCloud } from './test-cloud.ts';
import { TestRegistry, unknownProviderId } from './test-registry.ts';

export const project = 'project';
export const stack = 'dev';
export const thingType = 'test:index:Thing';
export const componentType = 'test:index:Group';

export const emptySnapshot: Snapshot = {
  resources: [],
  pendingOperations: [],
  secretsManager: undefined,
  preserved: {},
};

export function urnOfThing(name: string, parent = ''): string {
  return makeUrn({ stack, project, parent, type: thingType, name });
}

/** The goal of a thing with everything that is not given left at its default. */
export function goal(fields: Partial<Goal> & Pick<Goal, 'name'>): Goal {
  return plainGoal({ type: thingType, ...fields });
}

/** What a test program writes: registrations of things served by the default provider, which is registered first. */
export class Program {
  readonly registrar: Registrar;
  readonly #provider: string;

  constructor(registrar: Registrar, provider: string) {
    this.registrar = registrar;
    this.#provider = provider;
  }

  /** A custom resource. */
  thing(name: string, inputs: PropertyMap = {}, options: Partial<Goal> = {}): Promise<RegisterResult> {
    return this.registrar.registerResource(goal({ name, inputs, provider: this.#provider, ...options }));
  }

  /** One whose input `from` is an output of another one. */
  dependent(
    name: string,
    on: RegisterResult,
    options: Partial<Goal> & { input?: string } = {},
  ): Promise<RegisterResult> {
    const { input = 'from', inputs, ...others } = options;
    return this.thing(
      name,
      { ...inputs, [input]: on.outputs.made as PropertyValue },
      { dependencies: [on.urn], propertyDependencies: { [input]: [on.urn] }, ...others },
    );
  }

  component(name: string, options: Partial<Goal> = {}): Promise<RegisterResult> {
    return this.registrar.registerResource(goal({ name, type: componentType, custom: false, ...options }));
  }

  read(name: string, id: string): Promise<RegisterResult> {
    return this.registrar.readResource({
      type: thingType,
      name,
      id,
      idUnknown: false,
      inputs: {},
      parent: '',
      dependencies: [],
      provider: this.#provider,
      additionalSecretOutputs: [],
      sourcePosition: '',
      stackTrace: [],
    });
  }
}

export type ProgramBody = (program: Program) => Promise<unknown>;

export interface Outcome extends DeploymentResult {
  /** Steps that ended well, as `op name`, without `same` and without providers. */
  readonly steps: readonly string[];
  /** Like `steps`, with `same`. */
  readonly allSteps: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly events: readonly EngineEvent[];
}

/** A stack that lives through several operations, with its cloud and its state. */
export class TestStack {
  readonly cloud = new TestCloud();
  snapshot: Snapshot = emptySnapshot;
  /** What made a state one that no engine may use. */
  readonly violations: string[] = [];

  preview(body: ProgramBody | undefined, options: Partial<DeploymentOptions> = {}): Promise<Outcome> {
    return this.run(body, { ...options, preview: true });
  }

  up(body: ProgramBody, options: Partial<DeploymentOptions> = {}): Promise<Outcome> {
    return this.run(body, options);
  }

  refresh(options: Partial<DeploymentOptions> = {}): Promise<Outcome> {
    return this.run(undefined, { kind: 'refresh', ...options });
  }

  destroy(options: Partial<DeploymentOptions> = {}): Promise<Outcome> {
    return this.run(undefined, { kind: 'destroy', ...options });
  }

  async run(body: ProgramBody | undefined, options: Partial<DeploymentOptions>): Promise<Outcome> {
    const events: EngineEvent[] = [];
    const recorder = memoryRecorder(this.snapshot, this.violations);
    const result = await runDeployment({
      kind: 'update',
      preview: false,
      project,
      stack,
      organization: 'organization',
      base: this.snapshot,
      recorder,
      registry: new TestRegistry(this.cloud),
      events: (event) => events.push(event),
      source: body && ((registrar, signal) => runBody(body, registrar, signal)),
      ...options,
    });
    if (!options.preview) this.snapshot = await recorder.close();
    return { ...result, events, ...describe(events) };
  }

  /** Names of the resources in the state, without providers. */
  get names(): string[] {
    return this.snapshot.resources.filter(({ type }) => !type.startsWith('pulumi:')).map(({ urn }) => urnName(urn));
  }

  find(name: string): ResourceState {
    const found = this.snapshot.resources.find(({ urn, delete: condemned }) => urnName(urn) === name && !condemned);
    assert.ok(found, `no ${name} in the state`);
    return found;
  }
}

/** Keeps a state as facts 4.4 say, and checks it after every write. */
export function memoryRecorder(base: Snapshot, violations: string[] = []): SnapshotRecorder {
  const merged = new MergedState(base.resources);
  const current = (): readonly ResourceState[] => normalizeUrnReferences(merged.resources());
  const check = (): void => {
    try {
      assertIntegrity(current());
    } catch (error) {
      violations.push((error as Error).message);
      throw error;
    }
  };
  return {
    beginStep: async () => {},
    endStep: async (step, outcome) => {
      if (outcome === 'failure') return;
      merged.record(step);
      check();
    },
    recordOutputs: async () => check(),
    rebase: async (resources) => {
      merged.rebase(resources);
      check();
    },
    close: async () => ({ ...base, pendingOperations: [], resources: current() }),
  };
}

async function runBody(body: ProgramBody, registrar: Registrar, _signal: AbortSignal): Promise<ProgramOutcome> {
  try {
    const provider = await registrar.registerResource(goal({ name: 'default', type: 'pulumi:providers:test' }));
    await body(new Program(registrar, `${provider.urn}::${provider.id || unknownProviderId}`));
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof DeploymentAborted) return { kind: 'bail' };
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

function describe(events: readonly EngineEvent[]): Pick<Outcome, 'steps' | 'allSteps' | 'errors' | 'warnings'> {
  const allSteps = events.flatMap((event) =>
    event.kind === 'resource-outputs' && !event.step.type.startsWith('pulumi:')
      ? [`${event.step.op} ${urnName(event.step.urn)}`]
      : [],
  );
  const messages = (severity: string): string[] =>
    events.flatMap((event) =>
      event.kind === 'diagnostic' && event.diagnostic.severity === severity ? [event.diagnostic.message] : [],
    );
  return {
    allSteps,
    steps: allSteps.filter((step) => !step.startsWith('same ')),
    errors: messages('error'),
    warnings: messages('warning'),
  };
}
