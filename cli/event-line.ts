import type { RunEventResponse } from '../runner/api/responses.ts';

/** An event of a run in one line (what a program printed may have several): the time of day, and what happened. */
export function eventLine({ at, event }: RunEventResponse): string {
  const line = lineOf(new Date(at).toTimeString().slice(0, 8), event);
  return event.sandbox && !/\bsandbox\b/.test(line) ? `${line} [sandbox]` : line;
}

function lineOf(time: string, event: RunEventResponse['event']): string {
  switch (event.kind) {
    case 'state':
      return `${time}  ${event.state}${event.summary ? `: ${event.summary}` : ''}`;
    case 'step':
      return `${time}  step  ${event.name} ${event.state}${event.detail ? `: ${event.detail}` : ''}`;
    case 'resource':
      return `${time}    ${event.operation} ${event.type} ${nameOf(event.urn)} ${event.state}${secondsOf(event.milliseconds)}`;
    case 'log':
      return `${time}    ${event.severity === 'info' ? '' : `${event.severity}: `}${event.text.trimEnd()}`;
  }
}

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}

function secondsOf(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : ` in ${(milliseconds / 1000).toFixed(2)} s`;
}
