import { parsePath } from '../../protocol/property-path.ts';
import type { UpdateRequest, UpdateResponse } from '../../protocol/provider.ts';
import { isMissingPermission, NoSuchKindError } from './api-error.ts';
import { type ApplyRequest, nameFor, updateObject } from './apply.ts';
import { awaitApplied } from './await-applied.ts';
import { checkpointProperties, readCheckpoint } from './checkpoint.ts';
import { cannotBePreviewed } from './create.ts';
import { explainError } from './explain-error.ts';
import { fieldManagerOf, relinquish } from './field-managers.ts';
import { withIgnoredFields } from './ignored-fields.ts';
import { isPatchType } from './kind.ts';
import { normalizeInputs } from './normalize.ts';
import { apiVersionOf, hasUnknown, type KubeObject, kindOf } from './object.ts';
import { previewOfChanged } from './preview-outputs.ts';
import { objectOf } from './property-object.ts';
import { isRendered, renderObject } from './render-yaml.ts';
import type { ResourceContext } from './resource-context.ts';

interface Update {
  readonly request: UpdateRequest;
  readonly inputs: KubeObject;
  readonly last: KubeObject;
  readonly initialApiVersion: string;
  readonly formerManager: string;
  readonly fieldManager: string;
}

/** Changes the object and waits until it is ready again; in a preview asks the server what would become of it. */
export async function updateResource(request: UpdateRequest, context: ResourceContext): Promise<UpdateResponse> {
  const { cluster } = context;
  const recorded = readCheckpoint(request.oldOutputs);
  const inputs = normalizeInputs(objectOf(request.newInputs));
  const last = normalizeInputs(recorded.inputs);
  const update: Update = {
    request,
    inputs,
    last,
    initialApiVersion: recorded.initialApiVersion || apiVersionOf(last),
    formerManager: fieldManagerOf(last, recorded.fieldManager, cluster),
    fieldManager: fieldManagerOf(inputs, recorded.fieldManager, cluster),
  };
  if (isRendered(cluster)) {
    if (!request.preview) await renderObject(inputs, request.newInputs, context);
    return { outputs: outputsOf(update, inputs) };
  }
  if (request.preview) return previewUpdate(update, context);
  const live = await applyUpdate(update, context, false);
  const { timeout, signal } = request;
  const made = { inputs, live, timeout, signal, outputsOf: (object: KubeObject) => outputsOf(update, object) };
  const ready = await awaitApplied({ ...made, done: 'changed' }, context);
  if (cluster.configuration.enableServerSideApply && update.formerManager !== update.fieldManager)
    await relinquish(cluster, live, update.formerManager);
  return { outputs: outputsOf(update, ready) };
}

function outputsOf(update: Update, live: KubeObject): UpdateResponse['outputs'] {
  const { inputs, initialApiVersion, fieldManager, request } = update;
  return checkpointProperties({ inputs, live, initialApiVersion, fieldManager }, request.newInputs);
}

async function applyUpdate(update: Update, context: ResourceContext, dryRun: boolean): Promise<KubeObject> {
  const { request, inputs, last, fieldManager } = update;
  const { cluster } = context;
  const isPatch = isPatchType(request.type, kindOf(inputs));
  const name = nameFor(inputs, request.id);
  try {
    const ignored = request.ignoreChanges.map(parsePath);
    const applied =
      ignored.length === 0 ? inputs : await withIgnoredFields(cluster, { inputs, name, fieldManager, ignored });
    const apply: ApplyRequest = {
      cluster,
      inputs: applied,
      fieldManager,
      isPatch,
      dryRun,
      signal: context.signalOf(request.signal),
    };
    return await updateObject({ ...apply, last, name });
  } catch (error) {
    throw dryRun ? error : explainError(error, isPatch ? 'patch' : 'update', inputs);
  }
}

async function previewUpdate(update: Update, context: ResourceContext): Promise<UpdateResponse> {
  const { request, inputs } = update;
  const unknown: UpdateResponse = { outputs: request.newInputs };
  if (hasUnknown(inputs) || context.cluster.unusable !== undefined) return unknown;
  try {
    const answer = await applyUpdate(update, context, true);
    return { outputs: outputsOf(update, previewOfChanged(answer)) };
  } catch (error) {
    if (error instanceof NoSuchKindError || cannotBePreviewed(error) || isMissingPermission(error)) return unknown;
    throw explainError(error, 'update', inputs);
  }
}
