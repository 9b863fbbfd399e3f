import { styleText } from 'node:util';
import { redactor } from '../foundation/redact.ts';

/** Says what happens, a line each with the seconds since the beginning. */
export interface Teller {
  say(line: string): void;
  /** Ends the clock on a terminal. */
  close(): void;
}

/** A pipe is told that we are still here after this. */
const SILENT_MS = 1000;

/**
 * Nothing looks as if it stood still: on a terminal a clock runs below the last line, elsewhere a line comes where none has come for a second.
 */
export function createTeller(stream: NodeJS.WriteStream = process.stdout): Teller {
  const began = performance.now();
  const passed = () => `${((performance.now() - began) / 1000).toFixed(2).padStart(7)} s`;
  // A terminal that is dumb cannot take a line back.
  const live = stream.isTTY && process.env.TERM !== 'dumb';
  const clear = () => live && stream.write('\r\u001b[2K');
  const tick = () => stream.write(`\r${styleText('dim', `${passed().replace(/\.\d+/, '   ')}  …`, { stream })}`);
  let saidAt = began;
  const stillHere = () => {
    if (performance.now() - saidAt < SILENT_MS - 50) return;
    saidAt = performance.now();
    stream.write(`${passed()}  …\n`);
  };
  const clock = setInterval(live ? tick : stillHere, live ? 500 : 100).unref();
  return {
    say: (line) => {
      saidAt = performance.now();
      clear();
      stream.write(`${redactor.redact(`${passed()}  ${line}`)}\n`);
    },
    close: () => {
      clearInterval(clock);
      clear();
    },
  };
}
