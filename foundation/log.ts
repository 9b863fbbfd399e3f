import { destination, type Logger, pino } from 'pino';
import { redactor } from './redact.ts';

/** A logger: static message, data beside it: `log.info({ stack, run }, 'run started')`. */
export type Log = Logger;

/**
 * Makes the process's logger. Lines are JSON (pino), written to `fd` (default 2, so that standard output stays for results), and
 * pass the redactor last. `level` is `trace|debug|info|warn|error|fatal|silent`, default `info` or `MAINSTAY_LOG`.
 */
export function createLog(options: { readonly level?: string; readonly fd?: number } = {}): Log {
  const sink = destination({ fd: options.fd ?? 2, sync: true });
  const redacting = { write: (line: string) => sink.write(redactor.redact(line)) };
  return pino({ level: options.level ?? process.env.MAINSTAY_LOG ?? 'info', base: undefined }, redacting);
}

/** A logger that says nothing, for tests and for library use. */
export const silentLog: Log = pino({ level: 'silent' });
