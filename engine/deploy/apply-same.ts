import type { DeploymentContext } from './deployment-context.ts';
import type { StepAction } from './planned-step.ts';
import type { Step } from './step.ts';
import { type StepEnd, succeeded } from './step-end.ts';
import { isProviderType } from './urn.ts';

/** Keeps id and outputs. A provider that stays the same is started with its old inputs. */
export async function applySame(
  context: DeploymentContext,
  step: Step,
  action: Extract<StepAction, { kind: 'same' }>,
): Promise<StepEnd> {
  const { old, new: fresh } = step;
  if (!old || !fresh) throw new Error(`a same step of ${step.urn} needs two states`);
  fresh.id = old.id;
  fresh.outputs = old.outputs;
  if (isProviderType(fresh.type) && !action.skippedCreate && !action.untargeted) {
    // The provider said that changed inputs make no difference, so that it goes on seeing the old ones.
    await context.providers.load({ ...fresh, inputs: old.inputs });
  }
  return succeeded(step);
}
