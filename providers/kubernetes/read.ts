import { ProviderError, type ReadRequest, type ReadResponse } from '../../protocol/provider.ts';
import { isApiError, NoSuchKindError, UnreachableError } from './api-error.ts';
import { assessNow } from './await/wait.ts';
import { checkpointProperties, readCheckpoint } from './checkpoint.ts';
import { explainError } from './explain-error.ts';
import { fieldManagerOf } from './field-managers.ts';
import { apiVersion, kindOfType } from './kind.ts';
import { liveInputs } from './live-inputs.ts';
import { apiVersionOf, describe, type KubeObject, objectId, parseId, withoutValueAt } from './object.ts';
import { objectOf, propertiesOf } from './property-object.ts';
import { isRendered } from './render-yaml.ts';
import type { ResourceContext } from './resource-context.ts';
import { markSecrets } from './secrets.ts';

const GONE: ReadResponse = { id: '', outputs: {}, inputs: undefined };
/** Seconds for the one look whether the object is ready. */
const LOOK_SECONDS = 10;

/** Reads the object: for a refresh, an import, or a program that only uses it. */
export async function readResource(request: ReadRequest, context: ResourceContext): Promise<ReadResponse> {
  const unchanged: ReadResponse = { id: request.id, outputs: request.outputs, inputs: request.inputs };
  if (isRendered(context.cluster)) return unchanged;
  const wanted = identityOf(request, context);
  try {
    if (context.cluster.unusable !== undefined) throw new UnreachableError(context.cluster.unusable);
    const live = await context.cluster.get(wanted);
    return await describeLive(request, live, context);
  } catch (error) {
    if (error instanceof NoSuchKindError || isApiError(error, 404)) return GONE;
    if (error instanceof UnreachableError) return readUnreachable(error, unchanged, context, wanted);
    throw explainError(error, 'read', wanted);
  }
}

/** Whether anything is known of the resource from an earlier update. */
function isKnown(request: ReadRequest): boolean {
  return Object.keys(request.inputs).length > 0;
}

/** The object to ask for: by what the state says of it, or by type and id alone. */
function identityOf(request: ReadRequest, { cluster }: ResourceContext): KubeObject {
  const { namespace, name } = parseId(request.id);
  const known = isKnown(request) ? objectOf(request.inputs) : readCheckpoint(request.outputs).live;
  const type = kindOfType(request.type);
  if (name === '' || (apiVersionOf(known) === '' && !type))
    throw new ProviderError(
      `Cannot read a Kubernetes object as its id is not of the form [namespace/]name: ${JSON.stringify(request.id)}. Correct the id.`,
    );
  // A patch is read by the kind that it patches.
  const kind = type && { ...type, kind: type.kind.replace(/(?<=.)Patch$/, '') };
  const header =
    apiVersionOf(known) === '' && kind
      ? { apiVersion: apiVersion(kind), kind: kind.kind }
      : { apiVersion: known.apiVersion!, kind: known.kind! };
  return {
    ...header,
    metadata: { name, ...(namespace === '' ? {} : { namespace: namespace || cluster.defaultNamespace }) },
  };
}

async function describeLive(request: ReadRequest, live: KubeObject, context: ResourceContext): Promise<ReadResponse> {
  const recorded = readCheckpoint(request.outputs);
  const asked = objectOf(request.inputs);
  const inputs = isKnown(request) ? liveInputs(asked, recorded.live, live) : importedInputs(live);
  const fieldManager = fieldManagerOf(inputs, recorded.fieldManager, context.cluster);
  const initialApiVersion = recorded.initialApiVersion || apiVersionOf(inputs);
  const response: ReadResponse = {
    id: request.id || objectId(live),
    outputs: checkpointProperties({ inputs, live, initialApiVersion, fieldManager }, request.inputs),
    inputs: markSecrets(propertiesOf(inputs), request.inputs),
  };
  const missing = isKnown(request) ? await missingNow(asked, live, context) : [];
  if (missing.length === 0) return response;
  throw new ProviderError(`${describe(live)} is not ready:${missing.map((reason) => `\n  - ${reason}`).join('')}`, {
    status: 'unknown',
    partial: { id: response.id, outputs: response.outputs, inputs: response.inputs, reasons: missing },
  });
}

function missingNow(inputs: KubeObject, live: KubeObject, context: ResourceContext): Promise<readonly string[]> {
  return assessNow({
    cluster: context.cluster,
    inputs,
    live,
    timeoutSeconds: LOOK_SECONDS,
    signal: context.signalOf(undefined),
    report: context.report,
  });
}

/** What a program would have to say to get this object: all of it but what the server keeps about it. */
function importedInputs(live: KubeObject): KubeObject {
  const bookkeeping = [
    ...['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'uid', 'selfLink'].map((name) => [name]),
    ['annotations', 'deployment.kubernetes.io/revision'],
    ['annotations', 'kubectl.kubernetes.io/last-applied-configuration'],
  ];
  return bookkeeping.reduce<KubeObject>(
    (result, path) => withoutValueAt(result, ['metadata', ...path]),
    withoutValueAt(live, ['status']),
  );
}

function readUnreachable(
  error: UnreachableError,
  unchanged: ReadResponse,
  context: ResourceContext,
  wanted: KubeObject,
): ReadResponse {
  const { deleteUnreachable, skipUpdateUnreachable } = context.cluster.configuration;
  if (deleteUnreachable) {
    context.log('warning', `${error.message}. The resource is removed from the state as deleteUnreachable is set`);
    return GONE;
  }
  if (!skipUpdateUnreachable) throw explainError(error, 'read', wanted);
  context.log('warning', `${error.message}. The resource is taken to be as recorded as skipUpdateUnreachable is set`);
  return unchanged;
}
