import { userError } from '../../foundation/errors.ts';
import { discardingRecorder } from '../state/snapshot.ts';
import { BaseState } from './base-state.ts';
import { checkTargets } from './check-targets.ts';
import { Constraints, type DecisionMode, type DeploymentContext } from './deployment-context.ts';
import type { DeploymentOptions, DeploymentResult } from './deployment-options.ts';
import { DeploymentRegistrar } from './deployment-registrar.ts';
import { Foresight } from './foresight.ts';
import { importResources } from './import-phase.ts';
import { Ledger } from './ledger.ts';
import { PlanBook } from './plan-book.ts';
import { analyzeStack } from './policy.ts';
import { runPostSteps } from './post-steps.ts';
import { ProviderAccess } from './provider-access.ts';
import { refreshBase, resourcesToRefresh } from './refresh-phase.ts';
import { OutputsRegistry } from './registered-outputs.ts';
import { Reporter } from './reporter.ts';
import { StepExecutor } from './step-executor.ts';
import { isRootStack } from './urn.ts';

/**
 * Runs one preview, update, refresh, destroy or import to its end. Failures of providers and programs are events and a result;
 * rejections are bugs of ours, or of the recorder (disk full).
 */
export async function runDeployment(options: DeploymentOptions): Promise<DeploymentResult> {
  const run = startRun(options);
  const onCancel = (): void => {
    run.cancelled = true;
    run.stop.abort();
    // Providers are asked to end what they are doing; steps that are running end by themselves.
    void options.registry.cancel?.().catch(() => {});
  };
  if (options.signal?.aborted) onCancel();
  options.signal?.addEventListener('abort', onCancel, { once: true });
  try {
    await carryOut(run);
    return summarize(run);
  } finally {
    options.signal?.removeEventListener('abort', onCancel);
  }
}

interface Run {
  readonly context: DeploymentContext;
  readonly executor: StepExecutor;
  readonly registrar: DeploymentRegistrar;
  readonly outputs: OutputsRegistry;
  readonly stop: AbortController;
  cancelled: boolean;
  /** Something outside of steps and decisions failed, and was reported. */
  failed: boolean;
}

function startRun(options: DeploymentOptions): Run {
  const { base, registry } = options;
  const reporter = new Reporter(options.events);
  const ledger = new Ledger({ targets: options.targets ?? [], excludes: options.excludes ?? [] });
  // Decisions mark states of the base; a preview must leave its caller's state alone.
  const resources = options.preview ? base.resources.map((resource) => ({ ...resource })) : base.resources;
  const baseState = new BaseState(resources);
  const parts = {
    options,
    mode: modeOf(options),
    refreshInPlace: refreshesInPlace(options),
    base: baseState,
    ledger,
    constraints: new Constraints(options),
    providers: new ProviderAccess({ registry, ledger, base: baseState }),
    reporter,
    plans: new PlanBook({
      plan: options.plan,
      record: options.generatePlan === true,
      currentUrn: (urn) => ledger.claimedBy.get(urn) ?? urn,
    }),
    recorder: options.preview ? discardingRecorder(base) : options.recorder,
    news: new Map(),
    now: options.now ?? (() => new Date().toISOString()),
  };
  const context: DeploymentContext = { ...parts, foresight: new Foresight(parts) };
  const stop = new AbortController();
  const executor = new StepExecutor(context, stop);
  const outputs = new OutputsRegistry(context, executor, stop);
  const registrar = new DeploymentRegistrar({ context, executor, outputs, stop });
  return { context, executor, registrar, outputs, stop, cancelled: false, failed: false };
}

function modeOf({ kind, runProgram }: DeploymentOptions): DecisionMode {
  return runProgram && (kind === 'refresh' || kind === 'destroy') ? kind : 'update';
}

function refreshesInPlace({ kind, refresh, runProgram }: DeploymentOptions): boolean {
  return runProgram === true && (kind === 'refresh' || (kind === 'update' && refresh === true));
}

async function carryOut(run: Run): Promise<void> {
  const { options } = run.context;
  try {
    if (options.kind === 'destroy' && !options.runProgram) refuseDeleteHooks(run.context);
    if (options.kind === 'import') {
      await importResources(run);
      await run.executor.idle();
      return;
    }
    await refreshFirst(run);
    if (hasFailed(run) || run.stop.signal.aborted) return;
    if (options.kind === 'refresh' && !options.runProgram) return;
    if (!checkTargets(run.context, run.context.constraints.replaces)) {
      run.failed = true;
      return;
    }
    await runProgram(run);
    if (!hasFailed(run, { ofSteps: false }) && !run.stop.signal.aborted) await finish(run);
  } catch (error) {
    run.failed = true;
    run.context.reporter.failure('', error);
  } finally {
    run.stop.abort();
    run.context.foresight.stop();
    await run.executor.idle();
  }
  await settleOutputs(run);
}

/** Throws where a destroy without its program would come to a hook that only the program can run: before anything is deleted. */
function refuseDeleteHooks({ base, reporter }: DeploymentContext): void {
  const hooked = base.resources.flatMap(({ urn, resourceHooks }) => {
    const hooks = [...(resourceHooks.BeforeDelete ?? []), ...(resourceHooks.AfterDelete ?? [])];
    return hooks.length > 0 ? [{ urn, hooks: hooks.join(', ') }] : [];
  });
  if (hooked.length === 0) return;
  for (const { urn, hooks } of hooked)
    reporter.error(urn, `Cannot delete the resource as it has delete hooks and the program does not run: ${hooks}.`);
  throw userError(
    'Cannot destroy the stack as resources have delete hooks that only the program can run: nothing was deleted. ' +
      'Run `pulumi destroy --run-program`.',
  );
}

/** Before the program: everything, or only what asks for it (facts 3.6). Otherwise a warning of what was left under way. */
async function refreshFirst(run: Run): Promise<void> {
  const { context, executor } = run;
  const { options, base, refreshInPlace, constraints } = context;
  const refreshesAll = (options.refresh || options.kind === 'refresh') && !refreshInPlace;
  const onlyMarked = !refreshesAll && !refreshInPlace;
  if (onlyMarked && !base.resources.some(({ refreshBeforeUpdate }) => refreshBeforeUpdate)) {
    warnOfPendingOperations(context);
    return;
  }
  if (refreshInPlace || base.resources.length === 0) return;
  const known = [constraints.targets, constraints.excludes].map((targets) => checkTargets(context, targets));
  if (known.includes(false)) {
    run.failed = true;
    throw context.reporter.alreadyReported('one or more targets could not be found in the stack');
  }
  await refreshBase(context, executor, resourcesToRefresh(context, onlyMarked));
}

async function runProgram(run: Run): Promise<void> {
  const { context, executor, registrar, stop } = run;
  const { source } = context.options;
  if (source) {
    const outcome = await source(registrar, stop.signal);
    if (!stop.signal.aborted) await registrar.settled();
    if (outcome.kind !== 'done' && !stop.signal.aborted) {
      if (outcome.kind === 'failed') context.reporter.error('', outcome.message);
      run.failed = true;
      stop.abort();
    }
  }
  await executor.idle();
}

/** What the program no longer mentions. */
async function finish(run: Run): Promise<void> {
  const { context, executor } = run;
  const targetsKnown = checkTargets(context, context.constraints.targets);
  await runPostSteps(context, executor);
  if (!targetsKnown) run.failed = true;
}

async function settleOutputs(run: Run): Promise<void> {
  const { context, outputs } = run;
  try {
    await outputs.completeStack(!hasFailed(run) && !run.cancelled);
    if (hasFailed(run, { ofSteps: false }) || run.cancelled) return;
    const missing = run.executor.sawError ? [] : context.plans.missing((urn) => context.base.findAll(urn).length > 0);
    for (const urn of missing) {
      run.failed = true;
      context.reporter.error(urn, `expected resource operations for ${urn} but none were seen`);
    }
    const { ledger, options } = context;
    if (run.executor.sawError || (ledger.afterHookFailed && !options.continueOnError)) return;
    // A preview that goes on after an error, such as a policy violation, judges the stack all the same.
    if (!run.failed) await analyzeStack(context);
  } catch (error) {
    run.failed = true;
    context.reporter.failure('', error);
  }
}

/** Previews go on after some errors, and so do runs with `continueOnError`: those are failures `ofSteps`. */
function hasFailed(run: Run, which: { readonly ofSteps: boolean } = { ofSteps: true }): boolean {
  const { context, executor, registrar } = run;
  if (run.failed || registrar.decisionFailed) return true;
  return which.ofSteps && (executor.sawError || context.ledger.sawError || context.ledger.afterHookFailed);
}

function summarize(run: Run): DeploymentResult {
  const { context, executor } = run;
  const { options, reporter, ledger } = context;
  const kind = options.preview ? 'preview' : 'update';
  const failed = hasFailed(run);
  if (failed) reporter.error('', `${kind} failed`);
  else if (run.cancelled) reporter.error('', `${kind} canceled`);
  const resources = executor.merged.resources();
  const stack = resources.find(({ urn, delete: condemned }) => isRootStack(urn) && !condemned);
  return {
    changes: executor.changes,
    result: failed ? 'failed' : run.cancelled ? 'cancelled' : 'succeeded',
    policyViolated: ledger.policyViolated,
    resources,
    outputs: stack?.outputs ?? {},
    maybeCorrupt: executor.maybeCorrupt,
    plan: context.plans.recorded(),
  };
}

const advice =
  'An earlier run ended before these operations did, so that nobody knows what came of them. Look at the provider, then run ' +
  '`pulumi refresh`: it reads the resources anew and forgets these operations. A create that was under way is only ' +
  'forgotten with --clear-pending-creates; import the resource first if it exists.';

function warnOfPendingOperations({ options, reporter }: DeploymentContext): void {
  const { pendingOperations } = options.base;
  if (options.preview || pendingOperations.length === 0) return;
  const list = pendingOperations.map(({ resource, kind }) => `  * ${resource.urn}, interrupted while ${kind}\n`);
  reporter.warning(
    '',
    `The state has ${pendingOperations.length} pending operations from an earlier run:\n${list.join('')}${advice}`,
  );
}
