import { diffProperties } from '../../protocol/property-diff.ts';
import { equalValues } from '../../protocol/property-equality.ts';
import type { PropertyValue } from '../../protocol/property-value.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';
import { isRootStack } from '../deploy/urn.ts';
import type { Colors } from './colors.ts';
import { messageLines } from './diagnostics-text.ts';
import type { Display, DisplayOptions } from './display.ts';
import { operationWords, retainMark } from './operation-words.ts';
import { remediationAmongSteps, violationAmongSteps } from './policies-text.ts';
import { diffLines, type PropertyStyle, propertyLines } from './property-text.ts';
import { Report } from './report.ts';
import { isListed } from './step-filter.ts';
import { stepsOfSandbox } from './steps-of-sandbox.ts';

/** Each step with its properties, and what differs in them (`--diff`). Messages go to standard error. */
export function createDiffDisplay(
  terminal: { write(text: string): void; writeError(text: string): void },
  colors: Colors,
  options: DisplayOptions,
): Display {
  const style: PropertyStyle = { colors, showSecrets: options.showSecrets, full: true };
  const policyStyle = { ...style, showUrns: options.showUrns, showRemediations: true };
  const report = new Report(options, style);
  const context: StepContext = { seen: new Map(), refreshing: new Set(), sandboxed: () => false, style, options };
  const put = (lines: readonly string[]) => terminal.write(lines.map((text) => `${text}\n`).join(''));
  terminal.write(`${colors.heading(`${options.title} (${options.stack}):`)}\n`);

  return {
    show(event) {
      report.add(event);
      if (event.kind === 'prelude') context.sandboxed = stepsOfSandbox(event.config);
      if (event.kind === 'diagnostic') {
        if (event.diagnostic.severity === 'debug' && !options.debug) return;
        terminal.writeError(`${messageLines(event.diagnostic, colors).join('\n')}\n`);
      } else if (event.kind === 'policy-violation') put(violationAmongSteps(event, policyStyle));
      else if (event.kind === 'policy-remediation') put(remediationAmongSteps(event, policyStyle));
      else if (event.kind === 'resource-pre') put(begunLines(event.step, context));
      else if (event.kind === 'resource-outputs') put(endedLines(event.step, event.planning, context));
    },
    finish: () => put(report.lines({ amongSteps: true })),
  };
}

interface StepContext {
  /** The last step of each URN that has begun. */
  readonly seen: Map<string, Step>;
  /** URNs whose step was a refresh: what it found is shown when it has ended. */
  readonly refreshing: Set<string>;
  /** Whether the sandbox serves a step: its head says so. Known with the prelude. */
  sandboxed: (step: Step) => boolean;
  readonly style: PropertyStyle;
  readonly options: DisplayOptions;
}

/** What a step is going to do. What a refresh or an import does is known only when it has ended. */
function begunLines(step: Step, context: StepContext): string[] {
  context.seen.set(step.urn, step);
  if (step.op === 'refresh' || step.op === 'import') {
    context.refreshing.add(step.urn);
    return isRootStack(step.urn) ? headLines({ ...step, op: 'same' }, 0, context) : [];
  }
  return isListed(step, context.options) ? stepLines(step, context) : [];
}

/** What came of a step: of refreshes and imports all of it, of others the outputs that its inputs do not tell. */
function endedLines(step: Step, planning: boolean, context: StepContext): string[] {
  const { options, refreshing, style } = context;
  const wasOpen = refreshing.delete(step.urn);
  // The stack's outputs are said at the end.
  if (!isListed(step, options) || isRootStack(step.urn)) return [];
  if (wasOpen && step.op !== 'same' && step.op !== 'delete')
    return stepLines(step, context, { refreshed: !isImport(step) });
  const depth = depthOf(step, context);
  const outputs = options.suppressOutputs ? [] : endOutputs(step, planning, { depth, style, refreshed: wasOpen });
  const head = wasOpen && step.op === 'delete' ? headLines(step, depth, context) : [];
  if (outputs.length === 0) return head;
  return [...head, `${' '.repeat(depth * 4 + 4)}--outputs:--`, ...outputs];
}

/** A preview knows the outputs of look-ups alone. */
function endOutputs(
  { op, old, new: next }: Step,
  planning: boolean,
  { depth, style, refreshed }: { readonly depth: number; readonly style: PropertyStyle; readonly refreshed: boolean },
): string[] {
  if (!next || refreshed) return [];
  if (planning && op !== 'read' && op !== 'read-replacement') return [];
  const isToldByInputs = ([key, value]: [string, PropertyValue]): boolean =>
    key in next.inputs && equalValues(next.inputs[key]!, value);
  const own = Object.fromEntries(Object.entries(next.outputs).filter((entry) => !isToldByInputs(entry)));
  if (!old || op === 'read') return propertyLines(own, depth + 1, style);
  const diff = diffProperties(old.outputs, own);
  const gone = new Set(Object.keys(next.outputs));
  const deletes = Object.fromEntries(Object.entries(diff?.deletes ?? {}).filter(([key]) => !gone.has(key)));
  return diff ? diffLines({ ...diff, deletes }, depth + 1, style) : [];
}

/** Levels below the stack, of those that are shown. */
function depthOf(step: Step, { seen, options }: StepContext): number {
  let depth = 0;
  let parent = seen.get((step.new ?? step.old)?.parent ?? '');
  while (parent) {
    if (isListed(parent, options)) depth += 1;
    parent = seen.get((parent.new ?? parent.old)?.parent ?? '');
  }
  return depth;
}

function isImport({ op }: Step): boolean {
  return op === 'import' || op === 'import-replacement';
}

function stepLines(step: Step, context: StepContext, { refreshed } = { refreshed: false }): string[] {
  const depth = depthOf(step, context);
  const body = refreshed ? refreshedLines : bodyLines;
  return [...headLines(step, depth, context), ...body(step, depth + 1, context.style)];
}

/** What a refresh has found beside what has not changed: outputs, as inputs are what the program says. */
function refreshedLines({ old, new: next }: Step, indent: number, style: PropertyStyle): string[] {
  const hidden = hiddenBy(next ?? old);
  const diff = diffProperties(hidden(old?.outputs ?? {}), hidden(next?.outputs ?? {}));
  return diff ? diffLines(diff, indent, style, diff.sames) : [];
}

function headLines(step: Step, depth: number, { style, sandboxed }: StepContext): string[] {
  const { sign, color } = operationWords(step.op);
  const margin = ' '.repeat(depth * 4);
  const lines = [
    `${margin}${style.colors[color](`${sign}${step.type}: (${step.op}${retainMark(step)})`)}${sandboxed(step) ? ' [sandbox]' : ''}`,
  ];
  const inner = ' '.repeat(depth * 4 + 4);
  // A look-up says under which id in its outputs.
  const id = step.old?.id || (step.op === 'read' ? '' : step.new?.id) || '';
  if (id !== '') lines.push(`${inner}[id=${id}]`);
  lines.push(`${inner}[urn=${step.urn}]`);
  if (step.provider !== '' && step.old && step.old.provider !== step.provider)
    lines.push(`${inner}[provider: ${step.old.provider} => ${step.provider}]`);
  return lines;
}

function bodyLines(step: Step, indent: number, style: PropertyStyle): string[] {
  const { old, new: next } = step;
  const hidden = hiddenBy(next ?? old);
  if (!old && next) return propertyLines(hidden(next.inputs), indent, style);
  if (old && !next) return propertyLines(hidden(old.inputs), indent, style);
  if (!next || !old || step.op === 'same') return [];
  const diff = diffProperties(hidden(old.inputs), hidden(next.inputs));
  // A provider that says what changes has said all; otherwise what stays is shown beside it.
  const told = step.detailedDiff !== undefined || step.diffs.length > 0;
  return diff ? diffLines(diff, indent, style, told ? {} : diff.sames) : [];
}

type Properties = ResourceState['inputs'];

/** Leaves out the top-level properties that `hideDiffs` names. */
function hiddenBy(state: ResourceState | undefined): (map: Properties) => Properties {
  const names = new Set(state?.hideDiff ?? []);
  return (map) => (names.size === 0 ? map : Object.fromEntries(Object.entries(map).filter(([key]) => !names.has(key))));
}
