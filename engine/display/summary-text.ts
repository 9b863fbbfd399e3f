import type { EngineEvent } from '../deploy/events.ts';
import type { StepOp } from '../deploy/step.ts';
import type { Colors } from './colors.ts';
import { operationWords, summaryOrder } from './operation-words.ts';

/** Lines of `Resources:`: how many of what, and what stayed. `failures` counts resources with an error. */
export function summaryLines(
  event: EngineEvent & { readonly kind: 'summary' },
  failures: number,
  colors: Colors,
): string[] {
  const changed = summaryOrder.filter((op) => (event.changes[op] ?? 0) > 0);
  const total = changed.reduce((sum, op) => sum + (event.changes[op] ?? 0), 0);
  const same = event.changes.same ?? 0;
  const lines = [colors.heading('Resources:')];
  for (const op of changed) lines.push(`    ${countLine(op, event.changes[op]!, event.preview, colors)}`);
  const unchanged: string[] = [];
  if (changed.length > 1) unchanged.push(`${total} changes`);
  if (same > 0) unchanged.push(`${same} unchanged`);
  if (unchanged.length > 0) lines.push(`    ${unchanged.join('. ')}`);
  if (failures > 0) lines.push(`    ${colors.error(`${failures} errored`)}`);
  return lines;
}

function countLine(op: StepOp, count: number, preview: boolean, colors: Colors): string {
  const { sign, planned, done, color } = operationWords(op);
  const text = `${sign.trim() === sign ? sign : `${sign.trim()} `}${count} ${preview ? `to ${planned}` : done}`;
  return colors[color](text);
}

/** `2s`, `1m3s`, `1h2m3s`. */
export function durationText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = `${whole % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
