import type { Method } from '../../protocol/provider-messages.ts';
import {
  double,
  flag,
  integer,
  list,
  type Message,
  type MessageContent,
  mapOf,
  message,
  nested,
  optionalText,
  properties,
  text,
  texts,
} from '../../protocol/wire-message.ts';
import type { EnforcementLevel } from '../deploy/resource-analyzer.ts';

/** The messages of proto/pulumi/analyzer.proto, with the field numbers from there. */

const empty = message({});

const customTimeouts = message({ create: double(1), update: double(2), delete: double(3), read: double(4) });

const resourceOptions = message({
  protect: flag(1),
  ignoreChanges: texts(2),
  deleteBeforeReplace: flag(3),
  deleteBeforeReplaceDefined: flag(4),
  additionalSecretOutputs: texts(5),
  aliases: texts(6),
  customTimeouts: nested(7, customTimeouts),
  parent: text(8),
});

const providerResource = message({ type: text(1), properties: properties(2), urn: text(3), name: text(4) });

const resourceFields = {
  type: text(1),
  properties: properties(2),
  urn: text(3),
  name: text(4),
  options: nested(5, resourceOptions),
  provider: nested(6, providerResource),
} as const;

const analyzeRequest = message(resourceFields);

const stackResource = message({
  ...resourceFields,
  parent: text(7),
  dependencies: texts(8),
  propertyDependencies: mapOf(9, nested(2, message({ urns: texts(1) }))),
});

const diagnostic = message({
  policyName: text(1),
  policyPackName: text(2),
  policyPackVersion: text(3),
  description: text(4),
  message: text(5),
  enforcementLevel: integer(7),
  urn: text(8),
  severity: integer(9),
});

const analyzeResponse = message({ diagnostics: list(2, diagnostic) });

const remediation = message({
  policyName: text(1),
  policyPackName: text(2),
  policyPackVersion: text(3),
  description: text(4),
  properties: properties(5),
  diagnostic: text(6),
});

const policyConfig = message({ enforcementLevel: integer(1), properties: properties(2) });

const policyInfo = message({
  name: text(1),
  enforcementLevel: integer(5),
  configSchema: nested(6, message({ properties: properties(1), required: texts(2) })),
});

const analyzerInfo = message({
  name: text(1),
  policies: list(3, policyInfo),
  version: text(4),
  supportsConfig: flag(5),
  initialConfig: mapOf(6, nested(2, policyConfig)),
});

const stackConfigureRequest = message({
  stack: text(1),
  project: text(2),
  organization: text(3),
  dryRun: flag(4),
  configSecretKeys: texts(6),
  config: mapOf(7, text(2)),
  tags: mapOf(8, text(2)),
});

const handshakeRequest = message({
  engineAddress: text(1),
  rootDirectory: optionalText(2),
  programDirectory: optionalText(3),
});

function method<Q, A>(name: string, request: Message<Q>, response: Message<A>): Method<Q, A> {
  return { path: `/pulumirpc.Analyzer/${name}`, request, response };
}

/** The methods of `pulumirpc.Analyzer` that the engine calls. */
export const analyzerMethods = {
  handshake: method('Handshake', handshakeRequest, empty),
  configureStack: method('ConfigureStack', stackConfigureRequest, empty),
  getAnalyzerInfo: method('GetAnalyzerInfo', empty, analyzerInfo),
  configure: method('Configure', message({ policyConfig: mapOf(1, nested(2, policyConfig)) }), empty),
  remediate: method('Remediate', analyzeRequest, message({ remediations: list(1, remediation) })),
  analyze: method('Analyze', analyzeRequest, analyzeResponse),
  analyzeStack: method('AnalyzeStack', message({ resources: list(1, stackResource) }), analyzeResponse),
  cancel: method('Cancel', empty, empty),
} as const;

export type AnalyzerInfo = MessageContent<typeof analyzerInfo>;
export type WireResource = Partial<MessageContent<typeof stackResource>>;
export type WireDiagnostic = Partial<MessageContent<typeof diagnostic>>;
export type WireRemediation = Partial<MessageContent<typeof remediation>>;

/** Numbers of `pulumirpc.EnforcementLevel` are positions in this list. */
export const enforcementLevels: readonly EnforcementLevel[] = ['advisory', 'mandatory', 'disabled', 'remediate'];
