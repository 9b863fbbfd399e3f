import { diffProperties } from '../../protocol/property-diff.ts';
import type { EngineEvent } from '../deploy/events.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';
import { isRootStack } from '../deploy/urn.ts';
import type { Colors } from './colors.ts';
import { messageLines } from './diagnostics-text.ts';
import type { Display, DisplayOptions } from './display.ts';
import { operationWords } from './operation-words.ts';
import { diffLines, type PropertyStyle, propertyLines } from './property-text.ts';
import { Report } from './report.ts';
import { isShown } from './step-filter.ts';

/** Each step with its properties, and what differs in them (`--diff`). Messages go to standard error. */
export function createDiffDisplay(
  terminal: { write(text: string): void; writeError(text: string): void },
  colors: Colors,
  options: DisplayOptions,
): Display {
  const style: PropertyStyle = { colors, showSecrets: options.showSecrets, full: true };
  const report = new Report(options, style);
  const depths = new Map<string, number>();
  terminal.write(`${colors.heading(`${options.title} (${options.stack}):`)}\n`);

  return {
    show(event) {
      report.add(event);
      if (event.kind === 'diagnostic') {
        if (event.diagnostic.severity === 'debug' && !options.debug) return;
        terminal.writeError(`${messageLines(event.diagnostic, colors).join('\n')}\n`);
      } else if (event.kind === 'resource-pre') {
        const lines = stepLines(event, { depths, style, options });
        terminal.write(lines.map((text) => `${text}\n`).join(''));
      }
    },
    finish: () =>
      terminal.write(
        report
          .lines({ diagnostics: false })
          .map((text) => `${text}\n`)
          .join(''),
      ),
  };
}

interface StepContext {
  readonly depths: Map<string, number>;
  readonly style: PropertyStyle;
  readonly options: DisplayOptions;
}

function stepLines(event: EngineEvent & { readonly kind: 'resource-pre' }, context: StepContext): string[] {
  const { step } = event;
  const { depths, style, options } = context;
  const parent = (step.new ?? step.old)?.parent ?? '';
  const depth = parent === '' ? 0 : (depths.get(parent) ?? 0) + 1;
  depths.set(step.urn, depth);
  if (!isShown(step, options) && !isRootStack(step.urn)) return [];
  return [...headLines(step, depth, style), ...bodyLines(step, depth + 1, style)];
}

function headLines(step: Step, depth: number, style: PropertyStyle): string[] {
  const { sign, color } = operationWords(step.op);
  const margin = ' '.repeat(depth * 4);
  const lines = [`${margin}${style.colors[color](`${sign}${step.type}: (${step.op})`)}`];
  const inner = ' '.repeat(depth * 4 + 4);
  const id = step.old?.id || step.new?.id || '';
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
  if (!next || !old || step.op === 'same') return [];
  if (step.op === 'refresh') return changed(hidden(old.outputs), hidden(next.outputs), indent, style);
  return changed(hidden(old.inputs), hidden(next.inputs), indent, style);
}

type Properties = ResourceState['inputs'];

/** Leaves out the top-level properties that `hideDiffs` names. */
function hiddenBy(state: ResourceState | undefined): (map: Properties) => Properties {
  const names = new Set(state?.hideDiff ?? []);
  return (map) => (names.size === 0 ? map : Object.fromEntries(Object.entries(map).filter(([key]) => !names.has(key))));
}

function changed(olds: Properties, news: Properties, indent: number, style: PropertyStyle): string[] {
  const diff = diffProperties(olds, news);
  return diff ? diffLines(diff, indent, style) : [];
}
