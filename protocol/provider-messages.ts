import {
  bytes,
  double,
  flag,
  integer,
  list,
  type Message,
  mapOf,
  message,
  nested,
  optionalFlag,
  optionalText,
  properties,
  property,
  text,
  texts,
} from './wire-message.ts';

/** The messages of proto/pulumi/provider.proto and what they need of its neighbours, with the field numbers from there. */

const empty = message({});
const failure = message({ property: text(1), reason: text(2) });
const urnList = message({ urns: texts(1) });

const handshakeRequest = message({
  engineAddress: text(1),
  rootDirectory: optionalText(2),
  programDirectory: optionalText(3),
  configureWithUrn: flag(4),
  supportsViews: flag(5),
  supportsRefreshBeforeUpdate: flag(6),
  invokeWithPreview: flag(7),
});

const handshakeResponse = message({
  acceptSecrets: flag(1),
  acceptResources: flag(2),
  acceptOutputs: flag(3),
  supportsAutonamingConfiguration: flag(4),
});

const parameterizeRequest = message({
  args: nested(1, message({ args: texts(1) })),
  value: nested(2, message({ name: text(1), version: text(2), value: bytes(3) })),
});

const parameterizeResponse = message({ name: text(1), version: text(2) });

const getSchemaRequest = message({ version: integer(1), subpackageName: text(2), subpackageVersion: text(3) });
const getSchemaResponse = message({ schema: text(1) });

const configureRequest = message({
  variables: mapOf(1, text(2)),
  args: properties(2),
  acceptSecrets: flag(3),
  acceptResources: flag(4),
  sendsOldInputs: flag(5),
  sendsOldInputsToDelete: flag(6),
  id: optionalText(7),
  urn: optionalText(8),
  name: optionalText(9),
  type: optionalText(10),
});

const configureResponse = message({
  acceptSecrets: flag(1),
  supportsPreview: flag(2),
  acceptResources: flag(3),
  acceptOutputs: flag(4),
  supportsAutonamingConfiguration: flag(5),
});

const checkRequest = message({
  urn: text(1),
  olds: properties(2),
  news: properties(3),
  randomSeed: bytes(5),
  name: text(6),
  type: text(7),
  autonaming: nested(8, message({ proposedName: text(1), mode: integer(2) })),
});

const checkResponse = message({ inputs: properties(1), failures: list(2, failure) });

const diffRequest = message({
  id: text(1),
  urn: text(2),
  olds: properties(3),
  news: properties(4),
  ignoreChanges: texts(5),
  oldInputs: properties(6),
  name: text(7),
  type: text(8),
});

const diffResponse = message({
  replaces: texts(1),
  stables: texts(2),
  deleteBeforeReplace: flag(3),
  changes: integer(4),
  diffs: texts(5),
  detailedDiff: mapOf(6, nested(2, message({ kind: integer(1), inputDiff: flag(2) }))),
  hasDetailedDiff: flag(7),
});

const createRequest = message({
  urn: text(1),
  properties: properties(2),
  timeout: double(3),
  preview: flag(4),
  name: text(5),
  type: text(6),
});

const createResponse = message({ id: text(1), properties: properties(2), refreshBeforeUpdate: flag(3) });

const readRequest = message({
  id: text(1),
  urn: text(2),
  properties: properties(3),
  inputs: properties(4),
  name: text(5),
  type: text(6),
  timeout: double(10),
});

const readResponse = message({
  id: text(1),
  properties: properties(2),
  inputs: properties(3),
  refreshBeforeUpdate: flag(4),
});

const updateRequest = message({
  id: text(1),
  urn: text(2),
  olds: properties(3),
  news: properties(4),
  timeout: double(5),
  ignoreChanges: texts(6),
  preview: flag(7),
  oldInputs: properties(8),
  name: text(9),
  type: text(10),
});

const updateResponse = message({ properties: properties(1), refreshBeforeUpdate: flag(2) });

const deleteRequest = message({
  id: text(1),
  urn: text(2),
  properties: properties(3),
  timeout: double(4),
  oldInputs: properties(5),
  name: text(6),
  type: text(7),
});

const invokeRequest = message({ tok: text(1), args: properties(2), preview: flag(7) });
const invokeResponse = message({ return: properties(1), failures: list(2, failure) });

const callRequest = message({
  tok: text(1),
  args: properties(2),
  argDependencies: mapOf(3, nested(2, urnList)),
  project: text(6),
  stack: text(7),
  config: mapOf(8, text(2)),
  configSecretKeys: texts(9),
  dryRun: flag(10),
  parallel: integer(11),
  monitorEndpoint: text(12),
  organization: text(14),
  acceptsOutputValues: flag(17),
  stackTraceHandle: text(18),
});

const callResponse = message({
  return: properties(1),
  returnDependencies: mapOf(2, nested(2, urnList)),
  failures: list(3, failure),
});

const aliasSpec = message({
  name: text(1),
  type: text(2),
  stack: text(3),
  project: text(4),
  parentUrn: optionalText(5),
  noParent: flag(6),
});

const hookBinding = message({
  beforeCreate: texts(1),
  afterCreate: texts(2),
  beforeUpdate: texts(3),
  afterUpdate: texts(4),
  beforeDelete: texts(5),
  afterDelete: texts(6),
  onError: texts(7),
});

const constructRequest = message({
  project: text(1),
  stack: text(2),
  config: mapOf(3, text(2)),
  dryRun: flag(4),
  parallel: integer(5),
  monitorEndpoint: text(6),
  type: text(7),
  name: text(8),
  parent: text(9),
  inputs: properties(10),
  inputDependencies: mapOf(11, nested(2, urnList)),
  protect: optionalFlag(12),
  providers: mapOf(13, text(2)),
  dependencies: texts(15),
  configSecretKeys: texts(16),
  organization: text(17),
  additionalSecretOutputs: texts(18),
  customTimeouts: nested(19, message({ create: text(1), update: text(2), delete: text(3), read: text(4) })),
  deletedWith: text(20),
  deleteBeforeReplace: optionalFlag(21),
  ignoreChanges: texts(22),
  replaceOnChanges: texts(23),
  retainOnDelete: optionalFlag(24),
  acceptsOutputValues: flag(25),
  resourceHooks: nested(26, hookBinding),
  stackTraceHandle: text(27),
  replaceWith: texts(28),
  aliases: list(29, message({ urn: optionalText(1), spec: nested(2, aliasSpec) })),
  replacementTrigger: property(30),
});

const constructResponse = message({
  urn: text(1),
  state: properties(2),
  stateDependencies: mapOf(3, nested(2, urnList)),
});

/** Detail of an error: the resource exists but did not become what was asked. */
export const resourceInitFailed = message({
  id: text(1),
  properties: properties(2),
  reasons: texts(3),
  inputs: properties(4),
  refreshBeforeUpdate: flag(5),
});

/** Detail of an error of Construct or Call: inputs that it does not take (proto/pulumi/errors.proto). */
export const inputPropertiesError = message({ errors: list(1, message({ propertyPath: text(1), reason: text(2) })) });

/** Detail of an error of Configure. */
export const configureMissingKeys = message({ missingKeys: list(1, message({ name: text(1), description: text(2) })) });

/** google.rpc.Status, which travels in the trailer `grpc-status-details-bin`. */
export const rpcStatus = message({
  code: integer(1),
  message: text(2),
  details: list(3, message({ typeUrl: text(1), value: bytes(2) })),
});

/** One method of a service: its path on the wire and its messages. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly request: Message<Request>;
  readonly response: Message<Response>;
}

function method<Q, A>(name: string, request: Message<Q>, response: Message<A>): Method<Q, A> {
  return { path: `/pulumirpc.ResourceProvider/${name}`, request, response };
}

/** The methods of `pulumirpc.ResourceProvider` that engine and providers here use. */
export const providerMethods = {
  handshake: method('Handshake', handshakeRequest, handshakeResponse),
  parameterize: method('Parameterize', parameterizeRequest, parameterizeResponse),
  getSchema: method('GetSchema', getSchemaRequest, getSchemaResponse),
  checkConfig: method('CheckConfig', checkRequest, checkResponse),
  diffConfig: method('DiffConfig', diffRequest, diffResponse),
  configure: method('Configure', configureRequest, configureResponse),
  check: method('Check', checkRequest, checkResponse),
  diff: method('Diff', diffRequest, diffResponse),
  create: method('Create', createRequest, createResponse),
  read: method('Read', readRequest, readResponse),
  update: method('Update', updateRequest, updateResponse),
  delete: method('Delete', deleteRequest, empty),
  invoke: method('Invoke', invokeRequest, invokeResponse),
  call: method('Call', callRequest, callResponse),
  construct: method('Construct', constructRequest, constructResponse),
  cancel: method('Cancel', empty, empty),
  getPluginInfo: method('GetPluginInfo', empty, message({ version: text(1) })),
  attach: method('Attach', message({ address: text(1) }), empty),
} as const;
