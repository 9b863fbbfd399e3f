import { ProviderError } from '../../protocol/provider.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { StepAction } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';
import { type StepEnd, succeeded } from './step-end.ts';
import { runAfterHooks, runHooks, withErrorHooks } from './step-hooks.ts';
import { urnName } from './urn.ts';

/** Makes the resource. What exists but failed to initialize is kept with its errors (facts 3.10). */
export async function applyCreate(
  context: DeploymentContext,
  step: Step,
  action: Extract<StepAction, { kind: 'create' }>,
): Promise<StepEnd> {
  const fresh = step.new!;
  await runHooks(context, 'BeforeCreate', step);
  let failure: ProviderError | undefined;
  if (fresh.custom) {
    try {
      await create(context, step, fresh);
    } catch (error) {
      if (!(error instanceof ProviderError) || !error.partial) throw error;
      failure = error;
      fresh.id = error.partial.id;
      fresh.outputs = error.partial.outputs;
      fresh.initErrors = error.partial.reasons;
    }
  }
  fresh.created = fresh.modified = context.now();
  if (action.condemnOld && step.old) step.old.delete = true;
  if (failure) return { step, outcome: 'partial', error: failure };
  // A component is complete when its outputs are registered; its hooks run then.
  if (fresh.custom) await runAfterHooks(context, 'AfterCreate', step);
  return succeeded(step);
}

async function create(context: DeploymentContext, step: Step, fresh: ResourceState): Promise<void> {
  const { preview, signal } = context.options;
  const provider = context.providers.serving(fresh)!;
  const response = await withErrorHooks(context, step, {
    name: 'create',
    call: () =>
      provider.create({
        urn: fresh.urn,
        name: urnName(fresh.urn),
        type: fresh.type,
        inputs: fresh.inputs,
        timeout: fresh.customTimeouts?.create ?? 0,
        preview,
        signal,
      }),
  });
  if (response.id === '' && !preview) throw new Error('provider did not return an ID from Create');
  fresh.id = response.id;
  fresh.outputs = response.outputs;
  fresh.refreshBeforeUpdate = response.refreshBeforeUpdate ?? false;
}
