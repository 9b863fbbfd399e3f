import type { Method } from '../../protocol/provider-messages.ts';
import {
  bytes,
  flag,
  integer,
  list,
  type Message,
  type MessageContent,
  mapOf,
  message,
  nested,
  optionalFlag,
  optionalText,
  properties,
  property,
  text,
  texts,
} from '../../protocol/wire-message.ts';

/** The messages of proto/pulumi/resource.proto, callback.proto and alias.proto, with the field numbers from there. */

const empty = message({});
const urnList = message({ urns: texts(1) });
const sourcePosition = message({ uri: text(1), line: integer(2), column: integer(3) });
const stackTrace = message({ frames: list(1, message({ pc: nested(1, sourcePosition) })) });
const timeouts = message({ create: text(1), update: text(2), delete: text(3), read: text(4) });

const aliasSpec = message({
  name: text(1),
  type: text(2),
  stack: text(3),
  project: text(4),
  parentUrn: optionalText(5),
  noParent: optionalFlag(6),
});
const alias = message({ urn: optionalText(1), spec: nested(2, aliasSpec) });
export type WireAlias = Partial<MessageContent<typeof alias>>;

const callback = message({ target: text(1), token: text(2) });
export type WireCallback = Partial<MessageContent<typeof callback>>;

const hooks = message({
  BeforeCreate: texts(1),
  AfterCreate: texts(2),
  BeforeUpdate: texts(3),
  AfterUpdate: texts(4),
  BeforeDelete: texts(5),
  AfterDelete: texts(6),
  OnError: texts(7),
});
export type WireHooks = Partial<MessageContent<typeof hooks>>;

const registerResourceRequest = message({
  type: text(1),
  name: text(2),
  parent: text(3),
  custom: flag(4),
  object: properties(5),
  protect: optionalFlag(6),
  dependencies: texts(7),
  provider: text(8),
  propertyDependencies: mapOf(9, nested(2, urnList)),
  deleteBeforeReplace: flag(10),
  version: text(11),
  ignoreChanges: texts(12),
  acceptSecrets: flag(13),
  additionalSecretOutputs: texts(14),
  aliasUrns: texts(15),
  importId: text(16),
  customTimeouts: nested(17, timeouts),
  deleteBeforeReplaceDefined: flag(18),
  supportsPartialValues: flag(19),
  remote: flag(20),
  acceptResources: flag(21),
  providers: mapOf(22, text(2)),
  replaceOnChanges: texts(23),
  pluginDownloadUrl: text(24),
  retainOnDelete: optionalFlag(25),
  aliases: list(26, alias),
  deletedWith: text(27),
  aliasSpecs: flag(28),
  sourcePosition: nested(29, sourcePosition),
  pluginChecksums: mapOf(30, bytes(2)),
  transforms: list(31, callback),
  supportsResultReporting: flag(32),
  packageRef: text(33),
  hooks: nested(34, hooks),
  stackTrace: nested(35, stackTrace),
  parentStackTraceHandle: text(36),
  hideDiffs: texts(37),
  replaceWith: texts(38),
  replacementTrigger: property(39),
  snippetId: text(40),
  envVarMappings: mapOf(41, text(2)),
  stateMigrations: list(43, callback),
});
export type RegisterRequest = MessageContent<typeof registerResourceRequest>;

const registerResourceResponse = message({
  urn: text(1),
  id: text(2),
  object: properties(3),
  stable: flag(4),
  stables: texts(5),
  propertyDependencies: mapOf(6, nested(2, urnList)),
  result: integer(7),
  unknown: flag(8),
});
export type RegisterResponse = Partial<MessageContent<typeof registerResourceResponse>>;

const readResourceRequest = message({
  id: text(1),
  type: text(2),
  name: text(3),
  parent: text(4),
  properties: properties(5),
  dependencies: texts(6),
  provider: text(7),
  version: text(8),
  acceptSecrets: flag(9),
  additionalSecretOutputs: texts(10),
  acceptResources: flag(12),
  pluginDownloadUrl: text(13),
  sourcePosition: nested(14, sourcePosition),
  pluginChecksums: mapOf(15, bytes(2)),
  packageRef: text(16),
  stackTrace: nested(17, stackTrace),
  parentStackTraceHandle: text(18),
});
export type ReadResourceRequest = MessageContent<typeof readResourceRequest>;

const existsResourceRequest = message({
  type: text(1),
  id: text(2),
  parent: text(3),
  properties: properties(4),
  provider: text(5),
  version: text(6),
  pluginDownloadUrl: text(7),
  pluginChecksums: mapOf(8, bytes(2)),
  packageRef: text(9),
});
export type ExistsResourceRequest = MessageContent<typeof existsResourceRequest>;

const invokeRequest = message({
  tok: text(1),
  args: properties(2),
  provider: text(3),
  version: text(4),
  acceptResources: flag(5),
  pluginDownloadUrl: text(6),
  pluginChecksums: mapOf(8, bytes(2)),
  packageRef: text(9),
  dependsOn: texts(13),
  parent: text(15),
});
export type InvokeMessage = MessageContent<typeof invokeRequest>;

const failure = message({ property: text(1), reason: text(2) });
const invokeResponse = message({ return: properties(1), failures: list(2, failure), unknown: flag(3) });

const callRequest = message({
  tok: text(1),
  args: properties(2),
  argDependencies: mapOf(3, nested(2, urnList)),
  provider: text(4),
  version: text(5),
  pluginDownloadUrl: text(13),
  sourcePosition: nested(15, sourcePosition),
  pluginChecksums: mapOf(16, bytes(2)),
  packageRef: text(17),
  stackTrace: nested(18, stackTrace),
  parentStackTraceHandle: text(19),
});
export type CallMessage = MessageContent<typeof callRequest>;
const callResponse = message({
  return: properties(1),
  returnDependencies: mapOf(2, nested(2, urnList)),
  failures: list(3, failure),
});

const parameterization = message({ name: text(1), version: text(2), value: bytes(3) });
const registerPackageRequest = message({
  name: text(1),
  version: text(2),
  downloadUrl: text(3),
  checksums: mapOf(4, bytes(2)),
  parameterization: nested(5, parameterization),
  extension: nested(6, parameterization),
});
export type PackageMessage = MessageContent<typeof registerPackageRequest>;

const registerHookRequest = message({
  name: text(1),
  callback: nested(2, callback),
  onDryRun: flag(3),
  ignoreErrors: flag(4),
});

const deploymentInfo = message({
  project: text(1),
  stack: text(2),
  organization: text(3),
  config: mapOf(4, text(2)),
  configSecretKeys: texts(5),
  dryRun: flag(6),
  parallel: integer(7),
  // Packed, as proto3 writes repeated enums: each feature is below 128 and so one byte.
  supportedFeatures: bytes(8),
});

function method<Q, A>(name: string, request: Message<Q>, response: Message<A>): Method<Q, A> {
  return { path: `/pulumirpc.ResourceMonitor/${name}`, request, response };
}

export const monitorMethods = {
  getDeploymentInfo: method('GetDeploymentInfo', empty, deploymentInfo),
  supportsFeature: method('SupportsFeature', message({ id: text(1) }), message({ hasSupport: flag(1) })),
  invoke: method('Invoke', invokeRequest, invokeResponse),
  call: method('Call', callRequest, callResponse),
  readResource: method('ReadResource', readResourceRequest, message({ urn: text(1), properties: properties(2) })),
  existsResource: method('ExistsResource', existsResourceRequest, message({ exists: flag(1), unknown: flag(2) })),
  registerResource: method('RegisterResource', registerResourceRequest, registerResourceResponse),
  registerResourceOutputs: method('RegisterResourceOutputs', message({ urn: text(1), outputs: properties(2) }), empty),
  registerStackTransform: method('RegisterStackTransform', callback, empty),
  registerStackInvokeTransform: method('RegisterStackInvokeTransform', callback, empty),
  registerResourceHook: method('RegisterResourceHook', registerHookRequest, empty),
  registerErrorHook: method('RegisterErrorHook', registerHookRequest, empty),
  registerPackage: method('RegisterPackage', registerPackageRequest, message({ ref: text(1) })),
  signalAndWaitForShutdown: method('SignalAndWaitForShutdown', empty, empty),
} as const;

/** `Callbacks.Invoke` of the program. */
export const invokeCallback: Method<
  { readonly token: string; readonly request: Uint8Array },
  { readonly response: Uint8Array }
> = {
  path: '/pulumirpc.Callbacks/Invoke',
  request: message({ token: text(1), request: bytes(2) }),
  response: message({ response: bytes(1) }),
};

export const transformOptions = message({
  dependsOn: texts(1),
  protect: optionalFlag(2),
  ignoreChanges: texts(3),
  replaceOnChanges: texts(4),
  version: text(5),
  aliases: list(6, alias),
  provider: text(7),
  customTimeouts: nested(8, timeouts),
  pluginDownloadUrl: text(9),
  retainOnDelete: optionalFlag(10),
  deletedWith: text(11),
  deleteBeforeReplace: optionalFlag(12),
  additionalSecretOutputs: texts(13),
  providers: mapOf(14, text(2)),
  pluginChecksums: mapOf(15, bytes(2)),
  hooks: nested(16, hooks),
  import: text(17),
  hideDiff: texts(18),
  replaceWith: texts(19),
  replacementTrigger: property(20),
});
export type TransformOptions = Partial<MessageContent<typeof transformOptions>>;

export const transformRequest = message({
  type: text(1),
  name: text(2),
  custom: flag(3),
  parent: text(4),
  properties: properties(5),
  options: nested(6, transformOptions),
});
export const transformResponse = message({ properties: properties(1), options: nested(2, transformOptions) });

const invokeOptions = message({
  provider: text(1),
  pluginDownloadUrl: text(2),
  version: text(3),
  pluginChecksums: mapOf(4, bytes(2)),
});
export const transformInvokeRequest = message({
  token: text(1),
  args: properties(2),
  options: nested(3, invokeOptions),
});
export const transformInvokeResponse = message({ args: properties(1), options: nested(2, invokeOptions) });

export const hookRequest = message({
  urn: text(1),
  id: text(2),
  name: text(3),
  type: text(4),
  newInputs: properties(5),
  oldInputs: properties(6),
  newOutputs: properties(7),
  oldOutputs: properties(8),
});
export const hookResponse = message({ error: text(1) });

export const errorHookRequest = message({
  urn: text(1),
  id: text(2),
  name: text(3),
  type: text(4),
  newInputs: properties(5),
  oldInputs: properties(6),
  oldOutputs: properties(7),
  failedOperation: text(8),
  errors: texts(9),
});
export const errorHookResponse = message({ error: text(1), retry: flag(2) });
