import type { PropertyMap } from '../../protocol/property-value.ts';
import type { CreateRequest, CreateResponse } from '../../protocol/provider.ts';
import {
  ApiError,
  isApiError,
  isMissingNamespace,
  isMissingPermission,
  NoSuchKindError,
  UnreachableError,
} from './api-error.ts';
import { createObject } from './apply.ts';
import { awaitApplied } from './await-applied.ts';
import { checkpointProperties } from './checkpoint.ts';
import { explainError } from './explain-error.ts';
import { fieldManagerOf } from './field-managers.ts';
import { isPatchType } from './kind.ts';
import { apiVersionOf, hasUnknown, type KubeObject, kindOf, objectId } from './object.ts';
import { previewOfNew, previewOfUnasked } from './preview-outputs.ts';
import { objectOf } from './property-object.ts';
import { isRendered, renderObject } from './render-yaml.ts';
import type { ResourceContext } from './resource-context.ts';

/** Seconds after which a new object is tried again whose namespace or kind was made just now by another resource. */
const RETRY_SECONDS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2];

/** Creates the object and waits until it is ready; in a preview asks the server what it would make of it. */
export async function createResource(request: CreateRequest, context: ResourceContext): Promise<CreateResponse> {
  const { cluster } = context;
  const inputs = objectOf(request.inputs);
  if (isRendered(cluster)) {
    const outputs = checkpointOf(inputs, inputs, request.inputs, context);
    if (request.preview) return { id: '', outputs };
    await renderObject(inputs, request.inputs, context);
    return { id: objectId(inputs), outputs };
  }
  if (request.preview) return previewCreate(request, inputs, context);
  const fieldManager = fieldManagerOf(inputs, '', cluster);
  const live = await createWithRetry(request, inputs, fieldManager, context);
  return finishCreate({ request, inputs, live, fieldManager }, context);
}

async function finishCreate(
  made: {
    readonly request: CreateRequest;
    readonly inputs: KubeObject;
    readonly live: KubeObject;
    readonly fieldManager: string;
  },
  context: ResourceContext,
): Promise<CreateResponse> {
  const { request, inputs, live, fieldManager } = made;
  const outputsOf = (object: KubeObject): PropertyMap =>
    checkpointProperties(
      { inputs, live: object, initialApiVersion: apiVersionOf(inputs), fieldManager },
      request.inputs,
    );
  const { timeout, signal } = request;
  const ready = await awaitApplied({ inputs, live, done: 'created', timeout, signal, outputsOf }, context);
  return { id: objectId(ready), outputs: outputsOf(ready) };
}

function checkpointOf(inputs: KubeObject, live: KubeObject, like: PropertyMap, context: ResourceContext): PropertyMap {
  const fieldManager = fieldManagerOf(inputs, '', context.cluster);
  return checkpointProperties({ inputs, live, initialApiVersion: apiVersionOf(inputs), fieldManager }, like);
}

async function createWithRetry(
  request: CreateRequest,
  inputs: KubeObject,
  fieldManager: string,
  context: ResourceContext,
): Promise<KubeObject> {
  const isPatch = isPatchType(request.type, kindOf(inputs));
  const signal = context.signalOf(request.signal);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await createObject({ cluster: context.cluster, inputs, fieldManager, isPatch, dryRun: false, signal });
    } catch (error) {
      const seconds = RETRY_SECONDS[attempt];
      if (!mayAppear(error) || seconds === undefined) throw explainError(error, isPatch ? 'patch' : 'create', inputs);
      context.report(`trying again in ${seconds} s: ${error.message}`);
      await context.clock.sleep(seconds * 1000, signal);
    }
  }
}

/** What is missing may be about to appear: a definition's kind is served a moment after it is established. */
function mayAppear(error: unknown): error is Error {
  return error instanceof NoSuchKindError || isApiError(error, 404);
}

async function previewCreate(
  request: CreateRequest,
  inputs: KubeObject,
  context: ResourceContext,
): Promise<CreateResponse> {
  const unknown: CreateResponse = { id: '', outputs: previewOfUnasked(request.inputs) };
  const { cluster } = context;
  const isPatch = isPatchType(request.type, kindOf(inputs));
  if (hasUnknown(inputs) || isPatch || !cluster.configuration.enableServerSideApply || cluster.unusable !== undefined)
    return unknown;
  const fieldManager = fieldManagerOf(inputs, '', cluster);
  try {
    const signal = context.signalOf(request.signal);
    const answer = await createObject({ cluster, inputs, fieldManager, isPatch, dryRun: true, signal });
    const live = previewOfNew(answer, inputs);
    const checkpoint = { inputs, live, initialApiVersion: apiVersionOf(inputs), fieldManager: '' };
    const { __fieldManager: _notYet, ...outputs } = checkpointProperties(checkpoint, request.inputs);
    return { id: '', outputs };
  } catch (error) {
    if (cannotBePreviewed(error)) return unknown;
    throw explainError(error, 'create', inputs);
  }
}

/**
 * What is no mistake of the program: the namespace or the kind is made by the same update, an object of the name is about to be
 * deleted, the credentials of the preview may only read, dry runs are not supported, or the cluster is not there (yet).
 */
export function cannotBePreviewed(error: unknown): boolean {
  if (error instanceof UnreachableError || error instanceof NoSuchKindError || isMissingNamespace(error)) return true;
  if (!(error instanceof ApiError)) return false;
  if (error.reason === 'AlreadyExists') return true;
  if (error.code === 400) return /does not support dry run|dryRun \w+ feature is disabled/.test(error.message);
  return error.code === 404 || isMissingPermission(error);
}
