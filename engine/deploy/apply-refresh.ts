import { equalValues } from '../../protocol/property-equality.ts';
import {
  type DiffKind,
  type DiffResponse,
  type Provider,
  ProviderError,
  type ReadResponse,
} from '../../protocol/provider.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { diffResource } from './diff-resource.ts';
import type { StepAction } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';
import { type StepEnd, succeeded } from './step-end.ts';
import { isProviderType, urnName } from './urn.ts';

/** Reads what a resource is like now. `step.new` of the result is undefined where it is gone (facts 3.6). */
export async function applyRefresh(
  context: DeploymentContext,
  step: Step,
  action: Extract<StepAction, { kind: 'refresh' }>,
): Promise<StepEnd> {
  const old = step.old!;
  if (!old.custom || isProviderType(old.type) || old.pendingReplacement) {
    return succeeded({ ...step, new: action.inPlace ? { ...old } : old }, { found: 'same' });
  }
  const provider = context.providers.serving(old)!;
  // A program that runs with the refresh may have given it another name or type.
  const { urn, type } = step.new ?? old;
  const { found, initErrors } = await read(context, provider, { ...old, urn, type });
  if (found.id === '') return succeeded({ ...step, new: undefined }, { found: 'delete' });
  const fresh = refreshedState(context, { old, base: step.new ?? old, found, initErrors });
  if (old.external) {
    const unchanged = equalValues(old.outputs, fresh.outputs);
    return succeeded({ ...step, new: fresh }, { found: unchanged ? 'same' : 'update' });
  }
  const diff = await diffToState(context, provider, old, fresh);
  const shown: Step = { ...step, new: fresh, diffs: diff.diffs, detailedDiff: diff.detailedDiff };
  return succeeded(shown, { found: diff.changes === 'none' ? 'same' : 'update' });
}

/** An unhealthy resource is a warning here: a refresh reports how things are. */
async function read(
  context: DeploymentContext,
  provider: Provider,
  old: ResourceState,
): Promise<{ readonly found: ReadResponse; readonly initErrors: readonly string[] }> {
  const { urn, type, id, inputs, outputs, customTimeouts } = old;
  const timeout = customTimeouts?.read;
  try {
    return {
      found: await provider.read({ urn, name: urnName(urn), type, id, inputs, outputs, timeout }),
      initErrors: [],
    };
  } catch (error) {
    if (!(error instanceof ProviderError) || !error.partial) throw error;
    const { reasons } = error.partial;
    context.reporter.warning(urn, `Refreshed resource is in an unhealthy state:\n* ${reasons.join('\n* ')}`);
    return { found: error.partial, initErrors: reasons };
  }
}

function refreshedState(
  context: DeploymentContext,
  parts: {
    readonly old: ResourceState;
    readonly base: ResourceState;
    readonly found: ReadResponse;
    readonly initErrors: readonly string[];
  },
): ResourceState {
  const { old, base, found, initErrors } = parts;
  const inputs = found.inputs ?? old.inputs;
  const unchanged = equalValues(inputs, old.inputs) && equalValues(found.outputs, old.outputs);
  return {
    ...base,
    id: found.id,
    inputs,
    outputs: found.outputs,
    initErrors,
    refreshBeforeUpdate: found.refreshBeforeUpdate ?? false,
    modified: unchanged ? base.modified : context.now(),
  };
}

/** What has happened outside, seen from the state: the way back to the old inputs, turned round. */
async function diffToState(
  context: DeploymentContext,
  provider: Provider,
  old: ResourceState,
  fresh: ResourceState,
): Promise<DiffResponse> {
  const diff = await diffResource(context.reporter, provider, {
    urn: fresh.urn,
    type: fresh.type,
    id: fresh.id,
    oldInputs: fresh.inputs,
    oldOutputs: fresh.outputs,
    newInputs: old.inputs,
    ignoreChanges: old.ignoreChanges,
  });
  const detailedDiff =
    diff.detailedDiff &&
    Object.fromEntries(
      Object.entries(diff.detailedDiff).map(([path, one]) => [path, { ...one, kind: inverted[one.kind] }]),
    );
  return { ...diff, detailedDiff };
}

const inverted: Readonly<Record<DiffKind, DiffKind>> = {
  add: 'delete',
  'add-replace': 'delete-replace',
  delete: 'add',
  'delete-replace': 'add-replace',
  update: 'update',
  'update-replace': 'update-replace',
};
