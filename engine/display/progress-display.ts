import type { EngineEvent } from '../deploy/events.ts';
import type { Step } from '../deploy/step.ts';
import { isRootStack, parseUrn } from '../deploy/urn.ts';
import type { Colors } from './colors.ts';
import { messageLines } from './diagnostics-text.ts';
import { diffText } from './diff-text.ts';
import type { Display, DisplayOptions } from './display.ts';
import { stepWords } from './operation-words.ts';
import { Report } from './report.ts';
import { isShown } from './step-filter.ts';
import { stepsOfSandbox } from './steps-of-sandbox.ts';
import { typeName } from './type-name.ts';

/** One line for each step as it begins and ends, the messages as they come, and the report at the end. */
export function createProgressDisplay(write: (text: string) => void, colors: Colors, options: DisplayOptions): Display {
  const report = new Report(options, { colors, showSecrets: options.showSecrets, full: options.showFullOutput });
  const started = new Map<string, number>();
  const shown = new Map<string, string>();
  let sandboxed: (step: Step) => boolean = () => false;
  const put = (text: string) => write(`${text}\n`);
  put(`${colors.heading(`${options.title} (${options.stack}):`)}\n`);

  return {
    show(event) {
      report.add(event);
      if (event.kind === 'prelude') sandboxed = stepsOfSandbox(event.config);
      const text = lineOf(event, { colors, options, started, shown, sandboxed, rootUrn: report.rootUrn });
      if (text !== undefined) put(text);
    },
    finish: () =>
      write(
        report
          .lines()
          .map((text) => `${text}\n`)
          .join(''),
      ),
  };
}

interface LineContext {
  readonly colors: Colors;
  readonly options: DisplayOptions;
  /** When the step of a URN and op began, in milliseconds. */
  readonly started: Map<string, number>;
  /** The line of a resource whose step is under way, by URN. */
  readonly shown: Map<string, string>;
  readonly rootUrn: string;
  /** Whether the sandbox serves a step: its line says so. */
  sandboxed(step: Step): boolean;
}

function lineOf(event: EngineEvent, context: LineContext): string | undefined {
  const { options, started } = context;
  switch (event.kind) {
    case 'prelude':
      return options.showConfig ? configText(event.config) : undefined;
    case 'stdout':
      return event.message.replace(/\n$/, '');
    case 'diagnostic':
      return diagnosticText(event, context);
    case 'resource-pre':
      if (options.suppressProgress && !event.planning) return undefined;
      started.set(keyOf(event.step), performance.now());
      return isShown(event.step, options) ? begunText(event.step, event.planning, context) : undefined;
    case 'resource-outputs':
      return !event.planning && isShown(event.step, options) ? doneText(event.step, context) : undefined;
    case 'resource-failed':
      return stepText(event.step, 'failed', context);
    default:
      return undefined;
  }
}

function keyOf(step: Step): string {
  return `${step.op} ${step.urn}`;
}

/** `--show-config` */
export function configText(config: Readonly<Record<string, string>>): string {
  return ['Configuration:', ...Object.entries(config).map(([key, value]) => `    ${key}: ${value}`)].join('\n');
}

function diagnosticText(
  event: EngineEvent & { readonly kind: 'diagnostic' },
  context: LineContext,
): string | undefined {
  const { diagnostic } = event;
  if (diagnostic.severity === 'debug' && !context.options.debug) return undefined;
  const urn = diagnostic.urn || context.rootUrn;
  const [first = '', ...rest] = messageLines(diagnostic, context.colors);
  // Beside what is being done with the resource, as the last line that was shown of it says.
  const head =
    context.shown.get(urn) ??
    (urn === '' ? '   ' : `    ${resourceText(urn, context.options)}${isRootStack(urn) ? ' running' : ''}`);
  // As the official CLI, after what differs.
  return [`${head}${head.endsWith(']') ? ';' : ''} ${first}`, ...rest.map((text) => `      ${text}`)].join('\n');
}

function resourceText(urn: string, { showUrns }: DisplayOptions): string {
  const { type, name } = parseUrn(urn);
  return `${typeName(type)} ${showUrns ? urn : name}`;
}

function begunText(step: Step, planning: boolean, context: LineContext): string {
  const text = planning ? stepText(step, 'planned', context) : stepText(step, 'running', context, '(0s) ');
  context.shown.set(step.urn, text.trimEnd());
  return text;
}

type Phase = 'planned' | 'running' | 'done' | 'failed';

function stepText(step: Step, phase: Phase, context: LineContext, time = ''): string {
  const { colors, options } = context;
  const { sign, color, ...text } = stepWords(step);
  const word = phase === 'failed' ? colors.error(`**${text.running} failed**`) : colors[color](text[phase]);
  return ` ${colors[color](sign)} ${resourceText(step.urn, options)} ${word} ${time}${diffText(step)}${sandboxText(step, context)}`;
}

function sandboxText(step: Step, context: LineContext): string {
  if (!context.sandboxed(step)) return '';
  return diffText(step) === '' ? '[sandbox]' : ' [sandbox]';
}

function doneText(step: Step, context: LineContext): string {
  const { started, shown } = context;
  // A refresh ends as what it has found.
  const begun = started.get(keyOf(step)) ?? started.get(`refresh ${step.urn}`);
  const time = begun === undefined ? '' : `(${((performance.now() - begun) / 1000).toFixed(2)}s) `;
  shown.delete(step.urn);
  return stepText(step, 'done', context, time);
}
