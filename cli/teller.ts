import { styleText } from 'node:util';
import { redactor } from '../foundation/redact.ts';

/** Says what happens, a line each with the seconds since the beginning. */
export interface Teller {
  say(line: string): void;
  /** Ends the clock on a terminal. */
  close(): void;
}

/** On a terminal a clock runs below the last line, so that nothing looks as if it stood still; elsewhere there are lines only. */
export function createTeller(stream: NodeJS.WriteStream = process.stdout): Teller {
  const began = performance.now();
  const passed = () => `${((performance.now() - began) / 1000).toFixed(2).padStart(7)} s`;
  const clear = () => stream.isTTY && stream.write('\r\u001b[2K');
  const tick = () => stream.write(`\r${styleText('dim', `${passed().replace(/\.\d+/, '   ')}  …`, { stream })}`);
  const clock = stream.isTTY ? setInterval(tick, 500).unref() : undefined;
  return {
    say: (line) => {
      clear();
      stream.write(`${redactor.redact(`${passed()}  ${line}`)}\n`);
    },
    close: () => {
      clearInterval(clock);
      clear();
    },
  };
}
