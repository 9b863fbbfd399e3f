import { equalValues } from '../../protocol/property-equality.ts';
import { ProviderError, type ReadResponse } from '../../protocol/provider.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { StepAction } from './planned-step.ts';
import type { Step } from './step.ts';
import { type StepEnd, succeeded } from './step-end.ts';
import { urnName } from './urn.ts';

/** Looks up a resource that the program does not manage. Previews do it too, unless the id is not known yet (facts 3.6). */
export async function applyRead(
  context: DeploymentContext,
  step: Step,
  action: Extract<StepAction, { kind: 'read' }>,
): Promise<StepEnd> {
  const { old, new: fresh } = step;
  if (!fresh) throw new Error(`a read step of ${step.urn} needs a state`);
  let failure: ProviderError | undefined;
  if (!action.idUnknown) {
    const { found, error } = await read(context, step);
    failure = error;
    if (found.id === '') throw new Error(`resource '${fresh.id}' does not exist`);
    fresh.outputs = found.outputs;
    fresh.id = found.id;
    fresh.initErrors = error?.partial?.reasons ?? [];
  }
  if (old) {
    if (action.condemnOld) old.delete = true;
    fresh.created = old.created;
    const unchanged = equalValues(fresh.inputs, old.inputs) && equalValues(fresh.outputs, old.outputs);
    fresh.modified = unchanged ? old.modified : context.now();
  }
  return failure ? { step, outcome: 'partial', error: failure } : succeeded(step);
}

async function read(
  context: DeploymentContext,
  step: Step,
): Promise<{ readonly found: ReadResponse; readonly error?: ProviderError }> {
  const fresh = step.new!;
  const provider = context.providers.serving(fresh)!;
  const { urn, type, id, inputs } = fresh;
  const timeout = fresh.customTimeouts?.read;
  try {
    // What the program gives for the lookup stands in for the state that there is none of.
    return { found: await provider.read({ urn, name: urnName(urn), type, id, inputs, outputs: inputs, timeout }) };
  } catch (error) {
    if (!(error instanceof ProviderError) || !error.partial) throw error;
    return { found: { ...error.partial }, error };
  }
}
