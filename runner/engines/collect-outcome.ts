import { sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';
import { redactor } from '../../foundation/redact.ts';
import { digestOf, stepFingerprints } from '../core/digest.ts';
import type { PlannedStep, PropertyChange } from '../core/planned-step.ts';
import type { Diagnostic, Outcome } from '../core/run.ts';
import { readableValue, valueAt } from './property-text.ts';

/** Takes an engine's events as they come and makes one outcome of them. Everything in it is redacted. */
export interface OutcomeCollector {
  take(event: EngineEvent): void;
  /** `failure` is what the engine said at last, where it failed. */
  finish(end: {
    readonly failure: string | undefined;
    readonly outputs: Readonly<Record<string, unknown>>;
    readonly engine: string;
    readonly sandbox: boolean;
  }): Outcome;
}

/** The most diagnostics that are kept: a program that prints in a loop must not fill the database. */
const MOST_DIAGNOSTICS = 500;

/** `folder` is the checkout's: people know its files by their paths in the repository. */
export function createOutcomeCollector(folder: string): OutcomeCollector {
  const started = performance.now();
  const steps = new Map<string, PlannedStep>();
  const references = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  let counts: Readonly<Record<string, number>> = {};
  return {
    take({ resourcePreEvent, diagnosticEvent, policyEvent, summaryEvent }) {
      if (resourcePreEvent) {
        const { metadata } = resourcePreEvent;
        steps.set(`${metadata.op} ${metadata.urn}`, stepOf(metadata));
        const name = metadata.new?.inputs?.name;
        if (metadata.type === 'pulumi:pulumi:StackReference' && typeof name === 'string') references.add(name);
      }
      if (diagnosticEvent && !diagnosticEvent.ephemeral && diagnostics.length < MOST_DIAGNOSTICS)
        diagnostics.push(...diagnosticsOf(diagnosticEvent, folder));
      if (policyEvent && diagnostics.length < MOST_DIAGNOSTICS) violate(diagnostics, violationOf(policyEvent));
      if (summaryEvent) counts = { ...summaryEvent.resourceChanges } as Record<string, number>;
    },
    finish({ failure, outputs, engine, sandbox }) {
      const all = redacted([...steps.values()]);
      const said = redacted(joinLines(diagnostics));
      const first = said.find(({ severity }) => severity === 'error')?.message.trim();
      return {
        result: failure === undefined ? 'succeeded' : 'failed',
        counts,
        steps: all.filter(({ operation }) => operation !== 'same'),
        diagnostics: said,
        problem: failure === undefined ? undefined : (first ?? redactor.redact(failure)),
        digest: digestOf(all),
        fingerprints: stepFingerprints(all),
        references: [...references],
        outputs: redacted(outputs),
        engine,
        sandbox,
        milliseconds: Math.round(performance.now() - started),
      };
    },
  };
}

/** Two versions of a pack, where a change has another one, say the same once. */
function violate(diagnostics: Diagnostic[], violation: Diagnostic): void {
  const { policy, urn, message } = violation;
  if (!diagnostics.some((known) => known.policy === policy && known.urn === urn && known.message === message))
    diagnostics.push(violation);
}

/** A violation as people read it: `house-rules: small: 12 is more than 10`. */
export function violationOf(event: NonNullable<EngineEvent['policyEvent']>): Diagnostic & { readonly policy: string } {
  const { policyPackName, policyName, enforcementLevel, resourceUrn } = event;
  const policy = `${policyPackName}: ${policyName}`;
  const message = stripVTControlCharacters(event.message.replace(/<\{%.*?%\}>/g, '')).trim();
  const severity = enforcementLevel === 'mandatory' ? 'error' : 'warning';
  return { severity, urn: resourceUrn || undefined, message: `policy ${policy}: ${message}`, policy };
}

/** The last sink before the database: every text in `value` passes the redactor. */
export function redacted<T>(value: T): T {
  return JSON.parse(redactor.redact(JSON.stringify(value))) as T;
}

function stepOf(metadata: StepEventMetadata): PlannedStep {
  return {
    operation: metadata.op,
    urn: metadata.urn,
    type: metadata.type,
    changes: changesOf(metadata),
    replacedBy: metadata.keys ?? [],
    protected: metadata.old?.protect ?? false,
  };
}

export function changesOf({ op, old, new: now, detailedDiff, diffs }: StepEventMetadata): readonly PropertyChange[] {
  if (op === 'same' || op === 'delete' || op === 'delete-replaced' || op === 'discard-replaced') return [];
  const [before, after] = [old?.inputs ?? {}, now?.inputs ?? {}];
  if (op === 'create') return Object.keys(after).map((path) => change(path, 'add', [undefined, after[path]]));
  if (detailedDiff && Object.keys(detailedDiff).length > 0)
    return Object.entries(detailedDiff).map(([path, { diffKind, inputDiff }]) => {
      const was = inputDiff ? before : (old?.outputs ?? before);
      return change(path, kindOf(diffKind), [valueAt(was, path) ?? valueAt(before, path), valueAt(after, path)]);
    });
  return (diffs ?? []).map((path) => {
    const kind = path in before ? (path in after ? 'update' : 'delete') : 'add';
    return change(path, kind, [before[path], after[path]]);
  });
}

function kindOf(diffKind: string): PropertyChange['kind'] {
  if (diffKind.startsWith('add')) return 'add';
  return diffKind.startsWith('delete') ? 'delete' : 'update';
}

function change(
  path: string,
  kind: PropertyChange['kind'],
  [before, after]: readonly [unknown, unknown],
): PropertyChange {
  return {
    path,
    kind,
    ...(before !== undefined && { before: readableValue(before) }),
    ...(after !== undefined && { after: readableValue(after) }),
  };
}

/** The engine sends what a program prints piece by piece; texts carry marks for colours, and Node's own. */
function diagnosticsOf(event: NonNullable<EngineEvent['diagnosticEvent']>, folder: string): readonly Diagnostic[] {
  const plain = stripVTControlCharacters(event.message.replace(/<\{%.*?%\}>/g, ''));
  const message = plain.replaceAll(folder.endsWith(sep) ? folder : folder + sep, '');
  const severity = event.severity === 'error' ? 'error' : event.severity === 'warning' ? 'warning' : 'info';
  // Debug output of the engine itself has a severity that its types do not name.
  return message.trim() === '' || (event.severity as string) === 'debug' ? [] : [{ severity, urn: event.urn, message }];
}

/** Pieces of one line that follow each other become one diagnostic. */
function joinLines(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const joined: Diagnostic[] = [];
  for (const next of diagnostics) {
    const last = joined.at(-1);
    const continues =
      last &&
      !last.message.endsWith('\n') &&
      last.severity === 'info' &&
      next.severity === 'info' &&
      last.urn === next.urn;
    if (continues) joined[joined.length - 1] = { ...last, message: last.message + next.message };
    else joined.push(next);
  }
  return joined;
}
