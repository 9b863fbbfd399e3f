import { messageOf } from '../../foundation/errors.ts';
import type { EventSink, Severity } from './events.ts';

/** An error that the user has been told of already: it only stops things. */
export class AlreadyReported extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AlreadyReported';
  }
}

/** Tells the user about one resource ('' : the stack). */
export class Reporter {
  readonly #events: EventSink;

  constructor(events: EventSink) {
    this.#events = events;
  }

  error(urn: string, message: string): void {
    this.#say('error', urn, message);
  }

  warning(urn: string, message: string): void {
    this.#say('warning', urn, message);
  }

  info(urn: string, message: string): void {
    this.#say('info', urn, message);
  }

  /** Reports unless that was done already. */
  failure(urn: string, error: unknown): void {
    if (!(error instanceof AlreadyReported)) this.error(urn, messageOf(error));
  }

  /** Reports and makes the error to throw. */
  fatal(urn: string, message: string): AlreadyReported {
    this.error(urn, message);
    return new AlreadyReported(message);
  }

  /** The error that stops things after the details have been reported one by one. */
  alreadyReported(message: string): AlreadyReported {
    return new AlreadyReported(message);
  }

  #say(severity: Severity, urn: string, message: string): void {
    this.#events({ kind: 'diagnostic', diagnostic: { severity, urn, message } });
  }
}
