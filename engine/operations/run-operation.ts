import { resolve } from 'node:path';
import { containsSecrets } from '../../protocol/property-equality.ts';
import { runDeployment } from '../deploy/deployment.ts';
import type { DeploymentOptions, DeploymentResult } from '../deploy/deployment-options.ts';
import type { EventSink } from '../deploy/events.ts';
import { unprotectedTargets } from '../deploy/exclude-protected.ts';
import type { Plan } from '../deploy/plan.ts';
import type { ChangeSummary, StepOp } from '../deploy/step.ts';
import type { UpdateKind } from '../state/backend.ts';
import { createEventPipe, type EventPipe } from './event-pipe.ts';
import { historyConfig } from './history-config.ts';
import { ensureSecrets, type OpenStack, type Workplace } from './open-stack.ts';
import type { OperationOptions } from './operation-options.ts';
import { type OperationSession, openSession } from './operation-session.ts';
import { writePlanFile } from './plan-file.ts';
import { type PolicyPacks, startPolicyPacks } from './policy-packs.ts';
import { predictedResources } from './prediction.ts';
import { type UpdateMetadata, updateMetadata } from './update-metadata.ts';

/** How an operation ended. */
export interface OperationOutcome {
  readonly result: 'succeeded' | 'failed' | 'cancelled';
  readonly changes: ChangeSummary;
  /** Anything but `same` and `read`. */
  readonly changed: boolean;
  readonly policyViolated: boolean;
}

/** One operation on one stack. */
export interface OperationRequest {
  readonly place: Workplace;
  readonly stack: OpenStack;
  readonly options: OperationOptions;
  readonly preview: boolean;
  readonly showSecrets: boolean;
  /** Gets every event, secrets in messages masked; the last one is `cancel`, whatever happens. */
  readonly events: EventSink;
  readonly signal: AbortSignal;
}

/**
 * Carries out a preview, update, refresh, destroy or import: locks the stack (not for previews), runs the deployment, writes state and
 * history, releases the lock. Failures of programs and providers are events and an outcome; it rejects with a user or conflict error
 * where the operation could not begin, and then nothing has changed.
 */
export async function runOperation(request: OperationRequest): Promise<OperationOutcome> {
  const { stack, preview } = request;
  const pipe = createEventPipe(request.events, { showSecrets: request.showSecrets });
  const lock = preview ? undefined : await stack.backend.lock(stack.identity);
  try {
    return await operate({ ...request, events: pipe.sink }, pipe);
  } finally {
    await lock?.release();
    pipe.sink({ kind: 'cancel' });
  }
}

async function operate(request: OperationRequest, pipe: EventPipe): Promise<OperationOutcome> {
  const startTime = Date.now();
  const metadata = request.preview
    ? Promise.resolve(undefined)
    : updateMetadata(request.place.directory, request.place.environment, request.options.source);
  const session = await openSession(request);
  request.events({ kind: 'prelude', config: shownConfig(session) });
  const outcome = await deploy(request, session, pipe);
  request.events({
    kind: 'summary',
    preview: request.preview,
    maybeCorrupt: outcome.maybeCorrupt,
    durationSeconds: (Date.now() - startTime) / 1000,
    changes: outcome.changes,
    policyPacks: outcome.policyPacks,
    result: outcome.result === 'succeeded' ? 'succeeded' : 'failed',
  });
  if (!request.preview) await addHistory(request, { startTime, outcome, metadata: (await metadata)! });
  return outcome;
}

function shownConfig({ config }: OperationSession): Readonly<Record<string, string>> {
  const secrets = new Set(config.secretKeys);
  return Object.fromEntries(
    Object.entries(config.values)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, secrets.has(key) ? '[secret]' : value]),
  );
}

interface DeployOutcome extends OperationOutcome {
  readonly maybeCorrupt: boolean;
  readonly policyPacks: Readonly<Record<string, string>>;
}

/** Runs the deployment and closes everything that the session opened, whatever happens. */
async function deploy(request: OperationRequest, session: OperationSession, pipe: EventPipe): Promise<DeployOutcome> {
  const { program, recorder, registry } = session;
  let deployment: DeploymentResult | undefined;
  let failure: unknown;
  let policies: PolicyPacks | undefined;
  try {
    policies = await startPolicyPacks(request, session);
    deployment = await runDeployment({ ...deploymentOptions(request, session), analyzers: policies.analyzers });
  } catch (error) {
    failure = error;
  }
  const ended = await program?.finish();
  if (ended?.message !== undefined) say(request, ended.message);
  try {
    await recorder.close();
  } catch (error) {
    failure ??= error;
  }
  await Promise.all([registry.close(), policies?.close()]);
  if (!deployment || failure !== undefined) throw failure;
  if (deployment.plan) await savePlan(request, deployment.plan);
  const outcome = outcomeOf(deployment, ended?.failed === true || pipe.errors > 0);
  const { prediction, proposals } = request.place.services;
  if (request.preview && outcome.result === 'succeeded') proposals?.add(request.stack.identity, deployment.resources);
  if (prediction && request.preview && outcome.result === 'succeeded')
    prediction.resources = predictedResources(deployment.resources, session.base);
  return { ...outcome, policyPacks: policies?.versions ?? {} };
}

/** A plan with secrets needs a key: the stack gets one where it has none yet. */
async function savePlan({ place, stack, options }: OperationRequest, plan: Plan): Promise<void> {
  const file = resolve(place.directory, options.savePlanFile!);
  const secret = Object.values(plan).some(({ outputs, goal }) =>
    [outputs, goal?.inputDiff.adds, goal?.inputDiff.updates, goal?.outputDiff.adds, goal?.outputDiff.updates].some(
      containsSecrets,
    ),
  );
  const manager = secret ? await ensureSecrets(stack, place.environment) : undefined;
  await writePlanFile(file, plan, { settings: stack.file, manager });
}

function say(request: OperationRequest, message: string): void {
  request.events({ kind: 'diagnostic', diagnostic: { severity: 'error', message, urn: '' } });
}

function outcomeOf(deployment: DeploymentResult, failed: boolean): Omit<DeployOutcome, 'policyPacks'> {
  const { changes, policyViolated, maybeCorrupt } = deployment;
  const result = deployment.result === 'succeeded' && failed ? 'failed' : deployment.result;
  const unchanged: readonly StepOp[] = ['same', 'read'];
  const changed = Object.entries(changes).some(([op, count]) => count > 0 && !unchanged.includes(op as StepOp));
  return { result, changes, changed, policyViolated, maybeCorrupt };
}

function deploymentOptions(request: OperationRequest, session: OperationSession): DeploymentOptions {
  const { stack, options, preview, events, signal } = request;
  const { base, recorder, registry, program, parallel, autonamer } = session;
  return {
    kind: options.kind,
    preview,
    project: stack.identity.project,
    stack: stack.identity.stack,
    organization: 'organization',
    base,
    recorder,
    registry,
    events,
    source: program?.source,
    hooks: program?.hooks,
    parallel,
    autonamer,
    targets: options.excludeProtected ? unprotectedTargets(base.resources).targets : options.targets,
    targetDependents: options.targetDependents,
    excludes: options.excludes,
    excludeDependents: options.excludeDependents,
    replaces: options.replaces,
    refresh: options.refresh ?? (stack.project.refreshAlways && ['update', 'destroy'].includes(options.kind)),
    continueOnError: options.continueOnError,
    runProgram: options.runProgram,
    imports: options.imports,
    plan: session.plan,
    generatePlan: options.savePlanFile !== undefined,
    signal,
  };
}

const updateKinds: Readonly<Record<OperationOptions['kind'], UpdateKind>> = {
  update: 'update',
  refresh: 'refresh',
  destroy: 'destroy',
  import: 'import',
};

async function addHistory(
  request: OperationRequest,
  update: { readonly startTime: number; readonly outcome: OperationOutcome; readonly metadata: UpdateMetadata },
): Promise<void> {
  const { stack, options } = request;
  const { outcome, metadata, startTime } = update;
  await stack.backend.addHistory(stack.identity, {
    kind: updateKinds[options.kind],
    startTime: Math.floor(startTime / 1000),
    endTime: Math.floor(Date.now() / 1000),
    message: metadata.message,
    environment: metadata.environment,
    config: historyConfig(stack),
    result: outcome.result === 'succeeded' ? 'succeeded' : 'failed',
    resourceChanges: outcome.changes,
  });
}
