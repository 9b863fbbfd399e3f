import type { Diagnostic, EngineEvent } from '../deploy/events.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';
import type { Json, JsonObject } from '../state/property-json.ts';
import { maskedMap } from './masked-json.ts';

/** One engine event in the official form (sdk/go/common/apitype/events.go, EngineEvent). */
export interface EventJson extends JsonObject {
  /** Counts from 0 within an operation. */
  readonly sequence: number;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** Turns the events of one operation into their JSON form. Secrets are masked unless `showSecrets`. */
export function createEventEncoder(options: {
  readonly showSecrets: boolean;
  /** `--color` as given: messages say how they are to be coloured. */
  readonly color: string;
  /** Unix seconds. */
  readonly now: () => number;
}): (event: EngineEvent) => EventJson {
  let sequence = 0;
  return (event) => ({ sequence: sequence++, timestamp: options.now(), ...bodyOf(event, options) });
}

interface EncodeOptions {
  readonly showSecrets: boolean;
  readonly color: string;
}

function bodyOf(event: EngineEvent, options: EncodeOptions): JsonObject {
  switch (event.kind) {
    case 'cancel':
      return { cancelEvent: {} };
    case 'prelude':
      return { preludeEvent: { config: event.config } };
    case 'stdout':
      return { stdoutEvent: { message: event.message, color: options.color } };
    case 'diagnostic':
      return { diagnosticEvent: diagnosticJson(event.diagnostic, options.color) };
    case 'resource-pre':
      return { resourcePreEvent: stepBody(event.step, event.planning, options) };
    case 'resource-outputs':
      return { resOutputsEvent: stepBody(event.step, event.planning, options) };
    case 'resource-failed':
      return { resOpFailedEvent: { metadata: metadataJson(event.step, options), status: statusOf(event), steps: 0 } };
    case 'summary':
      return { summaryEvent: summaryJson(event) };
    case 'policy-violation':
      return { policyEvent: policyJson(event, options.color) };
    case 'policy-remediation':
      return { policyRemediationEvent: remediationJson(event, options.color) };
  }
}

function diagnosticJson(diagnostic: Diagnostic, color: string): JsonObject {
  const { urn, severity, streamId, ephemeral } = diagnostic;
  const prefix = diagnostic.prefix ?? prefixOf(diagnostic);
  return {
    ...(urn !== '' && { urn }),
    ...(prefix !== '' && { prefix }),
    message: diagnostic.message.endsWith('\n') ? diagnostic.message : `${diagnostic.message}\n`,
    color,
    severity,
    ...(streamId ? { streamID: streamId } : {}),
    ...(ephemeral && { ephemeral }),
  };
}

/** What the official CLI puts before a message of this severity. */
export function prefixOf(diagnostic: Diagnostic): string {
  return diagnostic.severity === 'info' || diagnostic.severity === 'info#err' ? '' : `${diagnostic.severity}: `;
}

/** resource.Status: 0 is OK, 1 a partial failure, 2 unknown. */
function statusOf(event: EngineEvent & { readonly kind: 'resource-failed' }): number {
  return event.outcome === 'partial' ? 1 : 0;
}

function stepBody(step: Step, planning: boolean, options: EncodeOptions): JsonObject {
  return { metadata: metadataJson(step, options), ...(planning && { planning }) };
}

function metadataJson(step: Step, options: EncodeOptions): JsonObject {
  return {
    op: step.op,
    urn: step.urn,
    type: step.type,
    old: step.old ? stateJson(step.old, options) : null,
    new: step.new ? stateJson(step.new, options) : null,
    ...(step.keys.length > 0 && { keys: step.keys }),
    ...(step.diffs.length > 0 && { diffs: step.diffs }),
    detailedDiff: detailedDiffJson(step),
    ...(step.logical && { logical: true }),
    provider: step.provider,
  };
}

function detailedDiffJson({ detailedDiff }: Step): Json {
  if (!detailedDiff) return null;
  return Object.fromEntries(
    Object.entries(detailedDiff).map(([path, { kind, inputDiff }]) => [path, { diffKind: kind, inputDiff }]),
  );
}

function stateJson(state: ResourceState, { showSecrets }: EncodeOptions): JsonObject {
  const form = showSecrets ? 'marked-plain' : 'marked';
  return {
    type: state.type,
    urn: state.urn,
    ...(state.custom && { custom: true }),
    ...(state.delete && { delete: true }),
    id: state.id,
    parent: state.parent,
    ...(state.protect && { protect: true }),
    ...(state.taint && { taint: true }),
    ...(state.external && { external: true }),
    ...(state.retainOnDelete && { retainOnDelete: true }),
    inputs: maskedMap(state.inputs, form),
    outputs: maskedMap(state.outputs, form),
    provider: state.provider,
    ...(state.initErrors.length > 0 && { initErrors: state.initErrors }),
    ...(state.hideDiff.length > 0 && { hideDiffs: state.hideDiff }),
  };
}

function summaryJson(event: EngineEvent & { readonly kind: 'summary' }): JsonObject {
  return {
    maybeCorrupt: event.maybeCorrupt,
    durationSeconds: Math.round(event.durationSeconds),
    resourceChanges: event.changes as JsonObject,
    PolicyPacks: event.policyPacks,
    isPreview: event.preview,
    result: event.result,
  };
}

function policyJson(event: EngineEvent & { readonly kind: 'policy-violation' }, color: string): JsonObject {
  return {
    ...(event.urn !== '' && { resourceUrn: event.urn }),
    message: event.message,
    color,
    policyName: event.policyName,
    policyPackName: event.policyPackName,
    policyPackVersion: event.policyPackVersion,
    policyPackVersionTag: event.policyPackVersion,
    enforcementLevel: event.enforcementLevel,
  };
}

function remediationJson(event: EngineEvent & { readonly kind: 'policy-remediation' }, color: string): JsonObject {
  return {
    ...(event.urn !== '' && { resourceUrn: event.urn }),
    color,
    policyName: event.policyName,
    policyPackName: event.policyPackName,
    policyPackVersion: event.policyPackVersion,
    policyPackVersionTag: event.policyPackVersion,
    before: event.before as JsonObject,
    after: event.after as JsonObject,
  };
}
