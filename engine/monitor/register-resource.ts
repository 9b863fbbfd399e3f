import { parseProviderReference } from '../plugins/provider-registry.ts';
import { constructComponent } from './construct-component.ts';
import { type Dependencies, dependenciesOf, goalOf, transformedDependencies } from './goal-of-request.ts';
import { ancestry, type MonitorContext, remember } from './monitor-context.ts';
import type { RegisterRequest, RegisterResponse, WireAlias, WireCallback } from './monitor-messages.ts';
import { withDependencies } from './output-values.ts';
import { checkTypeToken } from './packages.ts';
import { explicitProvider } from './provider-choice.ts';
import { isProviderType } from './provider-inputs-of-request.ts';
import type { Registration } from './registration.ts';
import { responseProperties, withoutPartialValues } from './response-properties.ts';
import { applyTransforms } from './transforms.ts';

const RESULTS = ['success', 'fail', 'skip'] as const;

/** RegisterResource in the order of pkg/resource/deploy/source_eval.go, 2281: inherit, transform, resolve the provider, register. */
export async function registerResource(context: MonitorContext, asked: RegisterRequest): Promise<RegisterResponse> {
  return context.settled.during(asked.parent, async () => {
    refuseUnsupported(asked);
    const inherited = inherit(context, { ...asked, object: asked.object ?? {}, aliases: aliasesOf(asked) });
    if (inherited.custom || inherited.remote) checkTypeToken(inherited.type);
    const { request, dependencies, transforms } = await transformed(context, inherited);
    const complete = withParentsProviders(context, request);
    return complete.remote
      ? constructComponent(context, { request: complete, dependencies, transforms })
      : registerLocal(context, { request: complete, dependencies, transforms });
  });
}

async function registerLocal(context: MonitorContext, registration: Registration): Promise<RegisterResponse> {
  const { request, dependencies, transforms } = registration;
  const { parent, custom } = request;
  const goal = await goalOf(context, request, dependencies);
  const { urn, id, outputs, result, unknown } = await context.registrar.registerResource(goal);
  if (result !== 'success' && !request.supportsResultReporting) throw new Error('resource registration failed');
  remember(context, urn, { goal, parent, transforms, providers: custom ? {} : request.providers });
  context.settled.settle(urn, { parent, pending: custom && id === '' });
  const object = custom ? withoutPartialValues(outputs, request) : {};
  return { urn, id, object: responseProperties(object, request), result: RESULTS.indexOf(result), unknown };
}

function refuseUnsupported(request: RegisterRequest): void {
  if (request.stateMigrations.length > 0)
    throw new Error('state migrations are not supported by this engine. Use the official pulumi CLI.');
  if (Object.keys(request.envVarMappings).length > 0 && !isProviderType(request.type))
    throw new Error('envVarMappings can only be used with provider resources');
}

/** SDKs from before alias specs said "no parent" by leaving it out, and the reverse (source_eval.go, transformAliasForNodeJSCompat). */
function aliasesOf(request: RegisterRequest): readonly WireAlias[] {
  if (request.aliasSpecs) return request.aliases;
  return request.aliases.map(({ urn, spec }) => {
    if (!spec || spec.parentUrn) return { urn, spec };
    const { noParent, parentUrn: _, ...others } = spec;
    return { urn, spec: noParent ? others : { ...others, noParent: true } };
  });
}

/** Options that a resource has from its parent unless it sets them itself. */
function inherit(context: MonitorContext, request: RegisterRequest): RegisterRequest {
  const goal = context.resources.get(request.parent)?.goal;
  if (!goal) return request;
  const local = !request.remote && !request.custom;
  const inherits =
    request.provider === '' && (local || packageOfProvider(goal.provider) === request.type.split(':')[0]);
  return {
    ...request,
    protect: request.protect ?? goal.protect,
    retainOnDelete: request.retainOnDelete ?? goal.retainOnDelete,
    deletedWith: request.deletedWith || goal.deletedWith,
    provider: inherits ? goal.provider : request.provider,
  };
}

function packageOfProvider(reference: string): string | undefined {
  if (reference === '') return undefined;
  return parseProviderReference(reference).urn.split('::')[2]?.split('$').at(-1)?.split(':')[2];
}

/**
 * The resource's own transforms, then its ancestors' from the nearest, then the stack's. A remote component's own transforms are also those of the
 * registration with which its provider comes back.
 */
async function transformed(context: MonitorContext, request: RegisterRequest): Promise<Registration> {
  const own = ownTransforms(context, request);
  const inherited = [...ancestry(context, request.parent)].flatMap(({ transforms }) => transforms);
  const all = [...own, ...inherited, ...context.stackTransforms];
  const dependencies = dependenciesOf(request);
  const properties = request.object ?? {};
  const tracked = request.transforms.length > 0;
  const needsProvider = request.custom || request.remote;
  const prepared: RegisterRequest = {
    ...request,
    object: tracked ? withDependencies(properties, dependencies.byProperty) : properties,
    provider: needsProvider ? explicitProvider(context, { ...request, token: request.type }) : request.provider,
  };
  const result = await applyTransforms(prepared, context.callbacks, all);
  return {
    request: result,
    transforms: own,
    dependencies: tracked
      ? transformedDependencies(result.dependencies, result.object ?? {})
      : withNewProperties(dependencies, result),
  };
}

/** Ancestors' transforms may have added properties; what those depend on counts as well. */
function withNewProperties(dependencies: Dependencies, request: RegisterRequest): Dependencies {
  const { byProperty } = dependenciesOf({ ...request, dependencies: dependencies.all });
  return { all: dependencies.all, byProperty: { ...byProperty, ...dependencies.byProperty } };
}

function ownTransforms(context: MonitorContext, request: RegisterRequest): readonly WireCallback[] {
  const key = JSON.stringify([request.parent, request.type, request.name]);
  const pending = context.pendingTransforms.get(key);
  if (pending !== undefined) {
    context.pendingTransforms.delete(key);
    return pending;
  }
  if (request.remote && request.transforms.length > 0) context.pendingTransforms.set(key, request.transforms);
  return request.transforms;
}

/** A component takes over what the component above it hands down. */
function withParentsProviders(context: MonitorContext, request: RegisterRequest): RegisterRequest {
  if (request.custom) return request;
  return { ...request, providers: { ...context.resources.get(request.parent)?.providers, ...request.providers } };
}
