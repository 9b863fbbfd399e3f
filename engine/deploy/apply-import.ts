import { type PropertyMap, Secret } from '../../protocol/property-value.ts';
import { type Provider, ProviderError, type ReadResponse } from '../../protocol/provider.ts';
import { reportFailures } from './check-inputs.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { StepAction } from './planned-step.ts';
import type { ResourceState } from './resource-state.ts';
import type { Step } from './step.ts';
import { type StepEnd, succeeded } from './step-end.ts';
import { parseUrn, urnName } from './urn.ts';

type ImportAction = Extract<StepAction, { kind: 'import' }>;

/** Adopts what exists (facts 3.7): the state gets what the provider reads under the import id. */
export async function applyImport(context: DeploymentContext, step: Step, action: ImportAction): Promise<StepEnd> {
  const fresh = step.new!;
  const isCommand = action.requested !== undefined;
  if (isCommand) refuseKnown(context, fresh);
  fresh.created = fresh.modified = context.now();
  const given = isCommand ? { inputs: fresh.inputs, outputs: fresh.outputs } : undefined;
  const isWhole = given !== undefined && Object.keys(given.outputs).length > 0;
  if (isWhole) fresh.id = fresh.importId;
  if (!fresh.custom) return succeeded(step);
  const provider = context.providers.serving(fresh)!;
  if (!isWhole) await takeOver(provider, fresh, given?.inputs ?? {});
  const asRead = { ...fresh };
  if (isCommand) await settleImported(context, provider, fresh, action);
  if (action.original) action.original.delete = true;
  return succeeded({ ...step, old: asRead });
}

/** What the provider reads; of what was given, what it does not tell. */
async function takeOver(provider: Provider, fresh: ResourceState, given: PropertyMap): Promise<void> {
  const { found, initErrors } = await read(provider, fresh);
  if (found.id === '') throw new Error(`resource '${fresh.importId}' does not exist`);
  if (!found.inputs) {
    const name = parseUrn(fresh.urn).type.split(':')[0];
    throw new Error(`provider does not support importing resources; please try updating the '${name}' plugin`);
  }
  fresh.id = found.id;
  fresh.initErrors = initErrors;
  fresh.inputs = completed(found.inputs, given);
  fresh.outputs = found.outputs;
  fresh.refreshBeforeUpdate = found.refreshBeforeUpdate ?? false;
}

/** What was given as a secret stays one, whatever the provider says of it. */
function completed(found: PropertyMap, given: PropertyMap): PropertyMap {
  const filled = Object.entries(given).map(([key, value]) => {
    const own = found[key] ?? null;
    if (own === null) return [key, value] as const;
    return [key, value instanceof Secret && !(own instanceof Secret) ? new Secret(own) : own] as const;
  });
  return { ...found, ...Object.fromEntries(filled) };
}

function refuseKnown(context: DeploymentContext, fresh: ResourceState): void {
  if (context.base.find(fresh.urn)) throw new Error(`resource '${fresh.urn}' already exists`);
  if (fresh.parent !== '' && !context.news.has(fresh.parent)) {
    throw new Error(`unknown parent '${fresh.parent}' for resource '${fresh.urn}'`);
  }
}

async function read(
  provider: Provider,
  fresh: ResourceState,
): Promise<{ readonly found: ReadResponse; readonly initErrors: readonly string[] }> {
  const { urn, type, importId } = fresh;
  const request = { urn, name: urnName(urn), type, id: importId, inputs: {}, outputs: {} };
  try {
    return { found: await provider.read(request), initErrors: [] };
  } catch (error) {
    if (!(error instanceof ProviderError) || !error.partial) throw error;
    return { found: error.partial, initErrors: error.partial.reasons };
  }
}

/**
 * `pulumi import` has no program that says what the inputs are: they are what was read, or the properties asked for. Where they do
 * not pass their own check the import goes on, and the user is told.
 */
async function settleImported(
  context: DeploymentContext,
  provider: Provider,
  fresh: ResourceState,
  action: ImportAction,
): Promise<void> {
  const olds = fresh.inputs;
  const requested = action.requested ?? [];
  fresh.importId = '';
  fresh.inputs = requested.length === 0 ? olds : pick(olds, requested);
  const { urn, type } = fresh;
  const { failures } = await provider.check({
    urn,
    name: urnName(urn),
    type,
    olds,
    news: fresh.inputs,
    randomSeed: action.randomSeed,
  });
  if (failures.length === 0) return;
  const advice =
    requested.length === 0
      ? `The ${type.split(':')[0]} provider does not accept what it has read itself.`
      : 'Other properties may do better.';
  context.reporter.warning(urn, `Imported inputs do not pass their check; the import goes on. ${advice}`);
  reportFailures(context, fresh, failures, 'warning');
}

function pick(inputs: PropertyMap, keys: readonly string[]): PropertyMap {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => keys.includes(key)));
}
