import type { PropertyMap } from '../../protocol/property-value.ts';
import type { CheckFailure, Provider } from '../../protocol/provider.ts';
import type { DeploymentContext } from './deployment-context.ts';
import { describeValue } from './describe-value.ts';
import { ignoreChanges } from './ignore-changes.ts';
import { mustReplace } from './operation-scope.ts';
import type { CheckedRegistration } from './registration.ts';
import type { ResourceState } from './resource-state.ts';

/** The inputs as the provider wants them, and whether they are acceptable. Failures are reported. */
export async function checkInputs(
  context: DeploymentContext,
  registration: CheckedRegistration,
  targeted: boolean,
): Promise<{ readonly inputs: PropertyMap; readonly valid: boolean }> {
  const { goal, old, provider, urn } = registration;
  const wanted = old
    ? ignoreChanges(context.reporter, { urn, news: goal.inputs, olds: old.inputs, paths: goal.ignoreChanges })
    : goal.inputs;
  if (!provider) return { inputs: wanted, valid: true };
  // What is not targeted stays as it is: its provider is not even asked.
  if (!targeted) return { inputs: old?.inputs ?? {}, valid: true };
  const request = startsAfresh(context, registration)
    ? { olds: {}, news: goal.inputs }
    : { olds: old?.inputs ?? {}, news: wanted };
  const { inputs, failures } = await callCheck(context, { ...registration, provider }, request);
  return { inputs, valid: !reportFailures(context, registration.fresh, failures) };
}

/** Defaults for a replacement are computed as for a new resource, not carried over (facts 3.3). */
export async function checkReplacement(
  context: DeploymentContext,
  registration: CheckedRegistration,
): Promise<PropertyMap> {
  const { provider, urn, old, fresh, goal } = registration;
  if (!provider || mustReplace(context, urn, old)) return fresh.inputs;
  const { inputs, failures } = await callCheck(context, { ...registration, provider }, { olds: {}, news: goal.inputs });
  if (reportFailures(context, fresh, failures)) throw context.reporter.fatal(urn, `resource ${urn} has check errors`);
  return inputs;
}

/** Whether old inputs say nothing about the new resource: there are none, they are not ours, or it is made anew. */
export function startsAfresh(context: DeploymentContext, registration: CheckedRegistration): boolean {
  const { old, recreating, urn } = registration;
  return recreating || !old || old.external || mustReplace(context, urn, old);
}

async function callCheck(
  { foresight }: DeploymentContext,
  registration: CheckedRegistration & { readonly provider: Provider },
  properties: { readonly olds: PropertyMap; readonly news: PropertyMap },
) {
  const { urn, goal, randomSeed, autonaming, provider } = registration;
  return foresight.check(provider, { urn, name: goal.name, type: goal.type, ...properties, randomSeed, autonaming });
}

/** True: there were failures. */
export function reportFailures(
  context: Pick<DeploymentContext, 'reporter'>,
  state: ResourceState,
  failures: readonly CheckFailure[],
  severity: 'error' | 'warning' = 'error',
): boolean {
  const name = state.urn.slice(state.urn.lastIndexOf('::') + 2);
  for (const { property, reason } of failures) {
    const what =
      property === ''
        ? `${state.type} resource '${name}' has a problem: ${reason}`
        : `${state.type} resource '${name}': property ${property} value ${describeValue(state.inputs[property])} has a problem: ${reason}`;
    context.reporter[severity](state.urn, what);
  }
  return failures.length > 0;
}
