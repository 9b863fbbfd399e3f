import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Callbacks } from './callbacks.ts';
import {
  type InvokeMessage,
  type RegisterRequest,
  type TransformOptions,
  transformInvokeRequest,
  transformInvokeResponse,
  transformRequest,
  transformResponse,
  type WireCallback,
} from './monitor-messages.ts';

/**
 * Applies transforms one after the other, each seeing what the one before made of the request (pkg/resource/deploy/source_eval.go): the
 * resource's own, those of its ancestors from the nearest, those of the stack. Rejects where a transform fails.
 */
export async function applyTransforms(
  request: RegisterRequest,
  callbacks: Callbacks,
  transforms: readonly WireCallback[],
): Promise<RegisterRequest> {
  let current = request;
  for (const transform of transforms) {
    const { type, name, custom, parent, object } = current;
    const asked = { type, name, custom, parent, properties: object ?? {}, options: optionsOf(current) };
    const answer = await callbacks.call(transform, { request: transformRequest, response: transformResponse }, asked);
    current = withAnswer(current, answer);
  }
  return current;
}

function optionsOf(request: RegisterRequest): TransformOptions {
  const { protect, retainOnDelete, customTimeouts, hooks, replacementTrigger } = request;
  return {
    dependsOn: request.dependencies,
    ignoreChanges: request.ignoreChanges,
    replaceOnChanges: request.replaceOnChanges,
    version: request.version,
    aliases: [...request.aliasUrns.map((urn) => ({ urn })), ...request.aliases],
    provider: request.provider,
    pluginDownloadUrl: request.pluginDownloadUrl,
    deletedWith: request.deletedWith,
    additionalSecretOutputs: request.additionalSecretOutputs,
    providers: request.providers,
    pluginChecksums: request.pluginChecksums,
    import: request.importId,
    hideDiff: request.hideDiffs,
    replaceWith: request.replaceWith,
    ...(protect !== undefined && { protect }),
    ...(retainOnDelete !== undefined && { retainOnDelete }),
    ...(customTimeouts && { customTimeouts }),
    ...(hooks && { hooks }),
    ...(replacementTrigger !== undefined && { replacementTrigger }),
    ...((request.deleteBeforeReplace || request.deleteBeforeReplaceDefined) && {
      deleteBeforeReplace: request.deleteBeforeReplace,
    }),
  };
}

/** A transform that answers nothing leaves the properties as they are; one that answers options sets all of them. */
function withAnswer(
  request: RegisterRequest,
  answer: { readonly properties: PropertyMap | undefined; readonly options: TransformOptions | undefined },
): RegisterRequest {
  const object = answer.properties ?? request.object;
  const options = answer.options;
  if (!options) return { ...request, object };
  return {
    ...request,
    object,
    dependencies: options.dependsOn ?? [],
    protect: options.protect,
    ignoreChanges: options.ignoreChanges ?? [],
    replaceOnChanges: options.replaceOnChanges ?? [],
    version: options.version ?? '',
    aliasUrns: [],
    aliases: options.aliases ?? [],
    provider: options.provider ?? '',
    customTimeouts: options.customTimeouts,
    pluginDownloadUrl: options.pluginDownloadUrl ?? '',
    retainOnDelete: options.retainOnDelete,
    deletedWith: options.deletedWith ?? '',
    deleteBeforeReplace: options.deleteBeforeReplace ?? false,
    deleteBeforeReplaceDefined: options.deleteBeforeReplace !== undefined,
    additionalSecretOutputs: options.additionalSecretOutputs ?? [],
    providers: options.providers ?? {},
    pluginChecksums: options.pluginChecksums ?? {},
    hooks: options.hooks,
    importId: options.import ?? '',
    hideDiffs: options.hideDiff ?? [],
    replaceWith: options.replaceWith ?? [],
    replacementTrigger: options.replacementTrigger,
  };
}

/** The same for the stack's transforms of invokes. */
export async function applyInvokeTransforms(
  request: InvokeMessage,
  callbacks: Callbacks,
  transforms: readonly WireCallback[],
): Promise<InvokeMessage> {
  let current = request;
  for (const transform of transforms) {
    const { tok, args, provider, version, pluginDownloadUrl, pluginChecksums } = current;
    const options = { provider, version, pluginDownloadUrl, pluginChecksums };
    const answer = await callbacks.call(
      transform,
      { request: transformInvokeRequest, response: transformInvokeResponse },
      { token: tok, args: args ?? {}, options },
    );
    current = { ...current, args: answer.args ?? args, ...answer.options };
  }
  return current;
}
