import type { DeploymentContext } from './deployment-context.ts';
import type { StepAction } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';
import { DeleteProtected, type StepEnd, succeeded } from './step-end.ts';
import { runAfterHooks, runHooks, withErrorHooks } from './step-hooks.ts';
import { urnName } from './urn.ts';

/** Deletes the resource, or only forgets it where it is not for us to delete (facts 3.5). */
export async function applyDelete(
  context: DeploymentContext,
  step: Step,
  action: Extract<StepAction, { kind: 'delete' }>,
): Promise<StepEnd> {
  const old = step.old!;
  await runHooks(context, 'BeforeDelete', step);
  // Replacements have refused protected resources when they were decided.
  if (old.protect && !action.replacing) throw new DeleteProtected(old.urn);
  if (isForProvider(context, old)) await callDelete(context, step, old);
  // Only now: before the call has succeeded, a next run would take the resource for gone and never delete it.
  if (action.awaitsReplacement) old.pendingReplacement = true;
  await runAfterHooks(context, 'AfterDelete', step);
  return succeeded(step);
}

function isForProvider({ options, ledger }: DeploymentContext, old: ResourceState): boolean {
  if (options.preview || !old.custom || old.external || old.retainOnDelete) return false;
  // It was deleted already, for the sake of a replacement that never came. Its id may be somebody else's by now.
  if (old.pendingReplacement) return false;
  return old.deletedWith === '' || !ledger.deletes.has(old.deletedWith);
}

async function callDelete(context: DeploymentContext, step: Step, old: ResourceState): Promise<void> {
  const provider = context.providers.serving(old)!;
  await withErrorHooks(context, step, {
    name: 'delete',
    call: () =>
      provider.delete({
        urn: old.urn,
        name: urnName(old.urn),
        type: old.type,
        id: old.id,
        inputs: old.inputs,
        outputs: old.outputs,
        timeout: old.customTimeouts?.delete ?? 0,
        signal: context.options.signal,
      }),
  });
}
