import { redactor } from '../../foundation/redact.ts';
import type { EngineEvent, EventSink } from '../deploy/events.ts';

/** Between the engine and whoever shows events: masks secrets in messages, and counts errors. */
export interface EventPipe {
  readonly sink: EventSink;
  /** Errors of the engine's own so far. */
  readonly errors: number;
}

export function createEventPipe(target: EventSink, options: { readonly showSecrets: boolean }): EventPipe {
  let errors = 0;
  const mask = options.showSecrets ? (text: string) => text : (text: string) => redactor.redact(text);
  return {
    get errors() {
      return errors;
    },
    sink(event) {
      if (event.kind === 'diagnostic' && event.diagnostic.severity === 'error' && !event.diagnostic.logged) errors += 1;
      target(masked(event, mask));
    },
  };
}

function masked(event: EngineEvent, mask: (text: string) => string): EngineEvent {
  switch (event.kind) {
    case 'diagnostic':
      return { ...event, diagnostic: { ...event.diagnostic, message: mask(event.diagnostic.message) } };
    case 'stdout':
    case 'policy-violation':
    case 'resource-failed':
      return { ...event, message: mask(event.message) };
    default:
      return event;
  }
}
