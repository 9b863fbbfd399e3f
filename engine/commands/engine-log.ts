import { appendFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import type { EngineEvent } from '../deploy/events.ts';
import type { Terminal } from '../display/terminal.ts';
import { engineVersion } from '../version.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Flags } from './flags.ts';

/** What `--verbose` asks for: what a command does, with times, for whoever looks for a fault. Secrets are masked. */
export interface EngineLog {
  write(line: string): void;
  event(event: EngineEvent): void;
}

/**
 * A log where `--verbose` is above 0: to standard error with `--logtostderr`, else to a file of its own in the folder for temporary files, which
 * is named on standard error. Undefined: none is wanted. Throws where the file cannot be made.
 */
export function openEngineLog(path: readonly string[], flags: Flags, terminal: Terminal): EngineLog | undefined {
  // `whoami` and `about` have flags of their own of that name.
  const [, given] = flags.given().find(([spec]) => spec.name === 'verbose') ?? [];
  const level = typeof given === 'number' ? given : 0;
  if (level < 0) throw new CommandFailure(`Cannot log at the level ${level} as levels begin at 0. Correct --verbose.`);
  if (level === 0) return undefined;
  const started = performance.now();
  const put = flags.boolean('logtostderr') ? (text: string) => terminal.writeError(text) : fileSink(terminal);
  const write = (line: string) =>
    put(redactor.redact(`[${((performance.now() - started) / 1000).toFixed(3)}] ${line.replaceAll('\n', '\n    ')}\n`));
  // Values of flags may be secrets.
  const names = flags.given().map(([spec]) => `--${spec.name}`);
  write(
    `${new Date().toISOString()} engine ${engineVersion}, Node ${process.version}: ${[...path, ...names].join(' ')}`,
  );
  return { write, event: (event) => void logEvent(event, write, level) };
}

function fileSink(terminal: Terminal): (text: string) => void {
  const file = join(tmpdir(), `mainstay-engine.${process.pid}.${Date.now()}.log`);
  try {
    // Nobody else may read it, and no link that somebody put there is followed.
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new CommandFailure(`Cannot write the log of --verbose: ${messageOf(cause)}. Give --logtostderr.`);
  }
  terminal.writeError(`Logging to ${file}\n`);
  return (text) => appendFileSync(file, text);
}

function logEvent(event: EngineEvent, write: (line: string) => void, level: number): void {
  switch (event.kind) {
    case 'resource-pre':
    case 'resource-outputs':
    case 'resource-failed':
      write(`${event.kind} ${event.step.op} ${event.step.urn} provider=${event.step.provider}`);
      break;
    case 'diagnostic': {
      const { severity, urn, message } = event.diagnostic;
      if (severity !== 'debug' || level > 1) write(`${severity} ${urn} ${message}`);
      break;
    }
    case 'summary':
      write(`summary ${event.result} ${JSON.stringify(event.changes)}`);
      break;
    default:
      write(event.kind);
  }
}
