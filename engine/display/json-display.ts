import { stripVTControlCharacters } from 'node:util';
import type { EngineEvent } from '../deploy/events.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';
import type { JsonObject } from '../state/property-json.ts';
import { resourceToJson } from '../state/resource-json.ts';
import type { Colors } from './colors.ts';
import { messageLines } from './diagnostics-text.ts';
import type { Display } from './display.ts';
import { createEventEncoder } from './event-json.ts';
import { maskedMap } from './masked-json.ts';
import { isListed } from './step-filter.ts';

interface JsonOptions {
  readonly showSecrets: boolean;
  readonly colors: Colors;
  readonly showSames: boolean;
  readonly showReplacementSteps: boolean;
}

/** `preview --json`: one document with configuration, steps, diagnostics and counts (pkg/backend/display/json.go). */
export function createPreviewJsonDisplay(write: (text: string) => void, options: JsonOptions): Display {
  const digest: Record<string, unknown> & { steps: unknown[]; diagnostics: unknown[] } = { steps: [], diagnostics: [] };
  return {
    show: (event) => addToDigest(digest, event, options),
    finish() {
      const { config, steps, diagnostics, duration, changeSummary, maybeCorrupt } = digest;
      const document = {
        ...(Object.keys(config ?? {}).length > 0 && { config }),
        ...(steps.length > 0 && { steps }),
        ...(diagnostics.length > 0 && { diagnostics }),
        ...(duration !== undefined && { duration }),
        ...(changeSummary !== undefined && { changeSummary }),
        ...(maybeCorrupt === true && { maybeCorrupt }),
      };
      write(`${JSON.stringify(document, undefined, 4)}\n`);
    },
  };
}

function addToDigest(
  digest: Record<string, unknown> & { steps: unknown[]; diagnostics: unknown[] },
  event: EngineEvent,
  options: JsonOptions,
): void {
  if (event.kind === 'prelude') digest.config = event.config;
  else if (event.kind === 'resource-pre') {
    if (isListed(event.step, options)) digest.steps.push(stepJson(event.step, options));
  } else if (event.kind === 'diagnostic') {
    const { severity, urn } = event.diagnostic;
    if (severity === 'debug') return;
    const message = stripVTControlCharacters(`${messageLines(event.diagnostic, options.colors).join('\n')}\n`);
    digest.diagnostics.push({ ...(urn !== '' && { urn }), message, severity });
  } else if (event.kind === 'summary') {
    digest.duration = Math.round(event.durationSeconds * 1e9);
    digest.changeSummary = event.changes;
    digest.maybeCorrupt = event.maybeCorrupt;
  }
}

function stepJson(step: Step, options: JsonOptions): JsonObject {
  return {
    op: step.op,
    urn: step.urn,
    ...(step.provider !== '' && { provider: step.provider }),
    ...(step.old && { oldState: stateJson(step.old, options) }),
    ...(step.new && { newState: stateJson(step.new, options) }),
    ...(step.diffs.length > 0 && { diffReasons: step.diffs }),
    ...(step.keys.length > 0 && { replaceReasons: step.keys }),
    detailedDiff: step.detailedDiff ? (step.detailedDiff as unknown as JsonObject) : null,
  };
}

function stateJson(state: ResourceState, { showSecrets }: JsonOptions): JsonObject {
  const form = showSecrets ? 'plain' : 'word';
  const { inputs, outputs } = state;
  const plain = resourceToJson({ ...state, inputs: {}, outputs: {}, replacementTrigger: undefined }, undefined);
  return {
    ...plain,
    ...(Object.keys(inputs).length > 0 && { inputs: maskedMap(inputs, form) }),
    ...(Object.keys(outputs).length > 0 && { outputs: maskedMap(outputs, form) }),
  };
}

/** `up --json` and the like: one event a line, as they come. */
export function createEventStreamDisplay(
  write: (text: string) => void,
  options: { readonly showSecrets: boolean; readonly color: string; readonly now: () => number },
): Display {
  const encode = createEventEncoder(options);
  return {
    show: (event) => write(`${JSON.stringify(encode(event))}\n`),
    finish: () => {},
  };
}
