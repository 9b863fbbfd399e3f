import { randomBytes } from 'node:crypto';
import type { DeploymentContext } from './deployment-context.ts';
import type { ImportRequest } from './deployment-options.ts';
import type { Registrar } from './goal.ts';
import { makeStep, type PlannedStep } from './planned-step.ts';
import { newResourceState, type ResourceState } from './resource-state.ts';
import type { StepExecutor } from './step-executor.ts';
import { isProviderType, makeUrn, rootStackType } from './urn.ts';

interface ImportPhase {
  readonly context: DeploymentContext;
  readonly executor: StepExecutor;
  readonly registrar: Registrar;
}

/**
 * `pulumi import` (facts 3.7): what the state has stays, the root stack and providers are made where they are missing, then each
 * request is read. What has its parent runs side by side, and one that fails does not stop the others; what is below those that run comes
 * after them, and not at all where one has failed.
 */
export async function importResources(phase: ImportPhase): Promise<void> {
  const { context, executor } = phase;
  if (!(await keepExisting(context, executor))) return;
  const stackUrn = await ensureRootStack(context, executor);
  for (const request of context.options.imports ?? [])
    if (isProviderType(request.type)) await providerOf(phase, request);
  for (const generation of generations(resolveParents(context, stackUrn))) {
    const steps: PlannedStep[] = [];
    for (const request of generation) steps.push(importStep(request, await providerOf(phase, request)));
    const ends = await Promise.all(steps.map((step) => executor.runChain([step], { isolateErrors: true })));
    if (ends.includes(undefined)) return;
  }
}

async function keepExisting(context: DeploymentContext, executor: StepExecutor): Promise<boolean> {
  const sames = context.base.resources
    .filter((resource) => !resource.delete)
    .map((resource): PlannedStep => {
      context.ledger.urns.add(resource.urn);
      context.ledger.sames.add(resource.urn);
      return {
        step: makeStep({ op: 'same', old: resource, new: { ...resource, id: '' }, logical: true }),
        action: { kind: 'same', skippedCreate: false, untargeted: false },
      };
    });
  return (await executor.runChain(sames)) !== undefined;
}

async function ensureRootStack(context: DeploymentContext, executor: StepExecutor): Promise<string> {
  const { base, options, ledger } = context;
  const existing = base.resources.find(({ type, parent }) => type === rootStackType && parent === '');
  if (existing) return existing.urn;
  const { stack, project } = options;
  const urn = makeUrn({ stack, project, parent: '', type: rootStackType, name: `${project}-${stack}` });
  ledger.urns.add(urn);
  const fresh = newResourceState({ urn, type: rootStackType, custom: false });
  await executor.runChain([
    { step: makeStep({ op: 'create', new: fresh, logical: true }), action: { kind: 'create', condemnOld: false } },
  ]);
  return urn;
}

type ResolvedImport = ImportRequest & { readonly urn: string };

/** Requests that the state fulfils already are left out; two of one URN are an error. */
function resolveParents(context: DeploymentContext, stackUrn: string): ResolvedImport[] {
  const { base, options } = context;
  const { stack, project } = options;
  const resolved = new Map<string, ResolvedImport>();
  for (const request of options.imports ?? []) {
    if (isProviderType(request.type)) continue;
    const parent = request.parent === '' ? stackUrn : request.parent;
    const urn = makeUrn({ stack, project, parent, type: request.type, name: request.name });
    if (resolved.has(urn)) throw new Error(`duplicate import '${request.name}' of type '${request.type}'`);
    resolved.set(urn, { ...request, parent, urn });
  }
  return [...resolved.values()].filter((request) => {
    const old = base.find(request.urn);
    return !old || (old.importId || old.id) !== request.id;
  });
}

/** Those whose parents are there, those below them, and so on. */
function generations(requests: readonly ResolvedImport[]): readonly (readonly ResolvedImport[])[] {
  if (requests.length === 0) return [];
  const waiting = new Set(requests.map(({ urn }) => urn));
  const ready = requests.filter(({ parent }) => !waiting.has(parent));
  // Each below the other: none has a parent that could be there, and each says so itself.
  if (ready.length === 0) return [requests];
  return [ready, ...generations(requests.filter((request) => !ready.includes(request)))];
}

async function providerOf({ registrar, context }: ImportPhase, request: ImportRequest): Promise<string> {
  if (request.component && !request.remote) return '';
  if (typeof request.provider === 'function') return request.provider(registrar);
  await context.providers.ensure(request.provider);
  return request.provider;
}

function importStep(request: ResolvedImport, provider: string): PlannedStep {
  const fresh: ResourceState = newResourceState({
    urn: request.urn,
    type: request.type,
    custom: !request.component,
    importId: request.component ? '' : request.id,
    parent: request.parent,
    protect: request.protect ?? true,
    provider,
    inputs: request.inputs ?? {},
    outputs: request.outputs ?? {},
  });
  return {
    step: makeStep({ op: 'import', new: fresh, logical: true }),
    action: { kind: 'import', original: undefined, requested: request.properties, randomSeed: randomBytes(32) },
  };
}
