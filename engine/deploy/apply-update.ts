import { ProviderError } from '../../protocol/provider.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { StepAction } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';
import { type StepEnd, succeeded } from './step-end.ts';
import { runAfterHooks, runHooks, withErrorHooks } from './step-hooks.ts';
import { urnName } from './urn.ts';

type UpdateAction = Extract<StepAction, { kind: 'update' }>;

/** Changes the resource in place. After a partial failure the state gets the new outputs and the reasons (facts 3.10). */
export async function applyUpdate(context: DeploymentContext, step: Step, action: UpdateAction): Promise<StepEnd> {
  const old = step.old!;
  const fresh = step.new!;
  fresh.id = old.id;
  fresh.created = old.created;
  fresh.modified = old.modified;
  await runHooks(context, 'BeforeUpdate', step);
  if (fresh.custom) {
    try {
      await update(context, step, action);
    } catch (error) {
      if (!(error instanceof ProviderError) || !error.partial) throw error;
      fresh.outputs = error.partial.outputs;
      fresh.initErrors = error.partial.reasons;
      fresh.modified = context.now();
      return { step, outcome: 'partial', error };
    }
    await runAfterHooks(context, 'AfterUpdate', step);
  }
  return succeeded(step, { stables: action.stables });
}

async function update(context: DeploymentContext, step: Step, action: UpdateAction): Promise<void> {
  const { preview, signal } = context.options;
  const old = step.old as ResourceState;
  const fresh = step.new as ResourceState;
  const provider = context.providers.serving(fresh)!;
  const response = await withErrorHooks(context, step, {
    name: 'update',
    call: () =>
      provider.update({
        urn: fresh.urn,
        name: urnName(fresh.urn),
        type: fresh.type,
        id: old.id,
        oldInputs: old.inputs,
        oldOutputs: old.outputs,
        newInputs: fresh.inputs,
        timeout: fresh.customTimeouts?.update ?? 0,
        ignoreChanges: action.ignoreChanges,
        preview,
        signal,
      }),
  });
  fresh.outputs = response.outputs;
  fresh.refreshBeforeUpdate = response.refreshBeforeUpdate ?? false;
  fresh.modified = context.now();
}
