import { StringDecoder } from 'node:string_decoder';

/** Longer lines are handed on in pieces: a program that never ends its line must not fill our memory. */
const longestLine = 64 * 1024;

/**
 * Cuts a stream of bytes into lines. At most one line's worth is held. `end` hands on what has no line end yet.
 */
export function outputLines(onLine: (line: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    write(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) emit(line.endsWith('\r') ? line.slice(0, -1) : line, onLine);
      while (rest.length > longestLine) {
        onLine(rest.slice(0, longestLine));
        rest = rest.slice(longestLine);
      }
    },
    end() {
      rest += decoder.end();
      if (rest !== '') emit(rest, onLine);
      rest = '';
    },
  };
}

function emit(line: string, onLine: (line: string) => void): void {
  for (let start = 0; start === 0 || start < line.length; start += longestLine)
    onLine(line.slice(start, start + longestLine));
}
