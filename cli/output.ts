import { styleText } from 'node:util';
import { redactor } from '../foundation/redact.ts';

/** Writes a result to standard output: JSON where it was asked for, else lines. No secret that we know of passes. */
export function print(json: boolean | undefined, data: unknown, lines: () => readonly string[]): void {
  if (json) console.log(redactor.redact(JSON.stringify(data, null, 2)));
  else for (const line of lines()) console.log(coloured(redactor.redact(line)));
}

/** Says on standard error what is under way: standard output has results only. */
export function progress(line: string): void {
  console.error(dim(redactor.redact(line)));
}

function dim(text: string): string {
  return styleText('dim', text, { stream: process.stderr });
}

type Style = Parameters<typeof styleText>[0];

const STEP_STYLES: readonly (readonly [sign: RegExp, style: Style])[] = [
  [/^\s+\+ /, 'green'],
  [/^\s+- /, 'red'],
  [/^\s+± /, 'magenta'],
  [/^\s+~ /, 'yellow'],
  [/^\s*(error|failed)\b|\bfailed\b/, 'red'],
  [/^\s+(why|step) {2}/, 'dim'],
];

const STATE_STYLES: Readonly<Record<string, Style>> = {
  ...{ aligned: 'green', succeeded: 'green', ok: 'green', running: 'cyan' },
  ...{ behind: 'yellow', waiting: 'yellow', queued: 'yellow', limited: 'yellow' },
  ...{ drifted: 'red', flapping: 'red', missing: 'red' },
};

/** The first state of a line of columns. */
const STATE = new RegExp(`(?<=^| {2})(?:${Object.keys(STATE_STYLES).join('|')})(?= |:|$)`);

/** On a terminal that wants colours, lines of steps and failures have theirs; elsewhere the line is as it is. */
function coloured(line: string): string {
  const stream = process.stdout;
  const style = STEP_STYLES.find(([pattern]) => pattern.test(line))?.[1];
  if (style) return styleText(style, line, { stream });
  return line.replace(STATE, (word) => styleText(STATE_STYLES[word]!, word, { stream }));
}
