import type { PropertyMap } from '../../protocol/property-value.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { Goal } from './goal.ts';
import type { AnalyzedResource, PolicyViolation } from './resource-analyzer.ts';
import type { ResourceState } from './resource-state.ts';
import { isRootStack, urnName } from './urn.ts';

/** The policies' remedies of checked inputs, one pack after the other as each sees what the one before has made (facts 8). */
export async function remediate(context: DeploymentContext, fresh: ResourceState, goal: Goal): Promise<PropertyMap> {
  let inputs = fresh.inputs;
  for (const analyzer of context.options.analyzers ?? []) {
    const remedies = await analyzer.remediate(describeResource(context, { ...fresh, inputs }, goal));
    for (const remedy of remedies) {
      if (remedy.diagnostic !== '') {
        report(context, fresh.urn, { ...remedy, message: remedy.diagnostic, enforcementLevel: 'advisory', urn: '' });
        continue;
      }
      context.options.events({
        kind: 'policy-remediation',
        urn: fresh.urn,
        policyName: remedy.policyName,
        policyPackName: remedy.policyPackName,
        policyPackVersion: remedy.policyPackVersion,
        before: inputs,
        after: remedy.properties,
      });
      inputs = remedy.properties;
    }
  }
  return inputs;
}

/** False: a mandatory policy forbids the resource. Previews report that and go on. */
export async function analyze(context: DeploymentContext, fresh: ResourceState, goal: Goal): Promise<boolean> {
  const analyzers = context.options.analyzers ?? [];
  if (analyzers.length === 0) return true;
  const resource = describeResource(context, fresh, goal);
  const results = await Promise.all(analyzers.map((analyzer) => analyzer.analyze(publicOnly(resource))));
  let valid = true;
  for (const violation of results.flat()) {
    if (violation.enforcementLevel === 'disabled') continue;
    // A remedy that did not help leaves the resource as wrong as it was.
    const level = violation.enforcementLevel === 'remediate' ? 'mandatory' : violation.enforcementLevel;
    if (level === 'mandatory') {
      noteMandatory(context);
      valid = context.options.preview;
    }
    report(context, violation.urn || fresh.urn, { ...violation, enforcementLevel: level });
  }
  return valid;
}

/** After everything has succeeded: the stack as a whole, with outputs. */
export async function analyzeStack(context: DeploymentContext): Promise<void> {
  const analyzers = context.options.analyzers ?? [];
  if (analyzers.length === 0) return;
  const { news, ledger } = context;
  const resources = [...news.values()].map((state) => ({
    ...publicOnly(describeResource(context, { ...state, inputs: state.outputs }, ledger.goals.get(state.urn))),
    parent: state.parent,
    dependencies: state.dependencies,
    propertyDependencies: state.propertyDependencies,
  }));
  const stackUrn = news.keys().find(isRootStack) ?? '';
  const results = await Promise.all(analyzers.map((analyzer) => analyzer.analyzeStack(resources)));
  for (const violation of results.flat()) {
    if (violation.enforcementLevel === 'disabled') continue;
    const level = violation.enforcementLevel === 'remediate' ? 'mandatory' : violation.enforcementLevel;
    if (level === 'mandatory') noteMandatory(context);
    report(context, news.has(violation.urn) ? violation.urn : stackUrn, { ...violation, enforcementLevel: level });
  }
}

function noteMandatory({ ledger }: DeploymentContext): void {
  ledger.sawError = true;
  ledger.policyViolated = true;
}

type Violation = Omit<PolicyViolation, 'description' | 'enforcementLevel'> & {
  readonly enforcementLevel: 'advisory' | 'mandatory' | 'remediate';
};

function report(context: DeploymentContext, urn: string, violation: Violation): void {
  const { message, policyName, policyPackName, policyPackVersion, enforcementLevel } = violation;
  context.options.events({
    kind: 'policy-violation',
    urn,
    message,
    policyName,
    policyPackName,
    policyPackVersion,
    enforcementLevel,
  });
}

function describeResource(context: DeploymentContext, state: ResourceState, goal: Goal | undefined): AnalyzedResource {
  const provider =
    state.provider === ''
      ? undefined
      : context.ledger.providerResource(parseProviderReference(state.provider), context.base);
  return {
    urn: state.urn,
    type: state.type,
    name: urnName(state.urn),
    properties: state.inputs,
    options: {
      protect: state.protect,
      ignoreChanges: state.ignoreChanges,
      deleteBeforeReplace: goal?.deleteBeforeReplace,
      additionalSecretOutputs: state.additionalSecretOutputs,
      aliases: state.aliases,
      customTimeouts: state.customTimeouts,
      parent: state.parent,
    },
    provider: provider && {
      urn: provider.urn,
      type: provider.type,
      name: urnName(provider.urn),
      properties: provider.inputs,
    },
  };
}

/** Without keys that start with `__`: they are between engine and provider (facts 8). */
function publicOnly(resource: AnalyzedResource): AnalyzedResource {
  const properties = Object.entries(resource.properties).filter(([key]) => !key.startsWith('__'));
  return { ...resource, properties: Object.fromEntries(properties) };
}
