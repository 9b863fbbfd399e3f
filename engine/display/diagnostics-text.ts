import type { Diagnostic } from '../deploy/events.ts';
import { parseUrn } from '../deploy/urn.ts';
import type { Colors } from './colors.ts';
import { typeName } from './type-name.ts';

/** Lines of `Diagnostics:`, by resource in the order of their first message. Empty where there were none. */
export function diagnosticLines(diagnostics: readonly Diagnostic[], rootUrn: string, colors: Colors): string[] {
  const kept = diagnostics.filter((one) => !one.ephemeral && one.severity !== 'debug' && one.message.trim() !== '');
  if (kept.length === 0) return [];
  const byUrn = Map.groupBy(kept, (one) => one.urn || rootUrn);
  const lines = [colors.heading('Diagnostics:')];
  for (const [urn, messages] of byUrn) {
    lines.push(`  ${colors.resource(`${resourceLabel(urn)}:`)}`);
    for (const text of messages.flatMap((one) => messageLines(one, colors)))
      lines.push(text === '' ? '' : `    ${text}`);
    lines.push('');
  }
  return lines;
}

function resourceLabel(urn: string): string {
  if (urn === '') return 'stack';
  const { type, name } = parseUrn(urn);
  return `${typeName(type)} (${name})`;
}

/** A message with its severity before the first line. */
export function messageLines(diagnostic: Diagnostic, colors: Colors): readonly string[] {
  const [first = '', ...rest] = diagnostic.message.replace(/\s+$/, '').split('\n');
  return [`${severityPrefix(diagnostic, colors)}${first}`, ...rest];
}

export function severityPrefix(diagnostic: Diagnostic, colors: Colors): string {
  if (diagnostic.prefix !== undefined) return diagnostic.prefix;
  switch (diagnostic.severity) {
    case 'error':
      return colors.error('error: ');
    case 'warning':
      return colors.warning('warning: ');
    case 'debug':
      return 'debug: ';
    default:
      return '';
  }
}
