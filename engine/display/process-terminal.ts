import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import type { LendPlace, LiveArea, Terminal } from './terminal.ts';

/** The streams of a process. */
export interface ProcessStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** `TERM` of the environment. */
  readonly term: string | undefined;
}

const ESC = '\u001b[';
const hideCursor = `${ESC}?25l`;
const showCursor = `${ESC}?25h`;
const cutLines = `${ESC}?7l`;
const wrapLines = `${ESC}?7h`;
const restOfLine = `${ESC}0m${ESC}K\n`;
const below = `${ESC}J`;

/** The terminal that a process was started from. */
export class ProcessTerminal implements Terminal {
  readonly live: LiveArea | undefined;
  readonly #streams: ProcessStreams;
  /** The lines that are drawn below everything else. */
  #drawn: readonly string[] = [];
  #cursorHidden = false;

  constructor(streams: ProcessStreams) {
    this.#streams = streams;
    if (this.columns !== undefined && streams.term !== 'dumb') this.live = this.#liveArea();
  }

  get columns(): number | undefined {
    const { stdin, stdout } = this.#streams;
    return stdout.isTTY && stdin.isTTY ? stdout.columns : undefined;
  }

  write(output: string): void {
    this.#above(() => this.#streams.stdout.write(output));
  }

  writeError(output: string): void {
    this.#above(() => this.#streams.stderr.write(output));
  }

  /** Gives the cursor back: for an end that leaves no time for more. Does nothing where it was not taken. */
  restore(): void {
    if (!this.#cursorHidden) return;
    this.#cursorHidden = false;
    this.#streams.stdout.write(`${wrapLines}${showCursor}`);
  }

  async ask(question: string, signal: AbortSignal): Promise<string> {
    const lines = createInterface({ input: this.#streams.stdin, output: this.#streams.stdout });
    try {
      return await lines.question(question, { signal });
    } finally {
      lines.close();
    }
  }

  /** By the shell, as editors are given with arguments (`code --wait`) and in quotes. */
  async lend(program: string, file: string, { directory, environment }: LendPlace): Promise<number> {
    const child = spawn('/bin/sh', ['-c', `${program} "$@"`, program, file], {
      cwd: directory,
      env: environment,
      stdio: 'inherit',
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  }

  readInput(): Promise<string> {
    const { stdin } = this.#streams;
    return stdin.isTTY ? Promise.resolve('') : text(stdin);
  }

  #liveArea(): LiveArea {
    const { stdout } = this.#streams;
    return {
      get columns() {
        return stdout.columns;
      },
      get rows() {
        return stdout.rows;
      },
      draw: (lines) => this.#draw(lines),
      clear: () => {
        if (this.#drawn.length > 0) stdout.write(`${this.#back()}${below}`);
        this.#drawn = [];
        this.restore();
      },
      onResize(listener) {
        stdout.on('resize', listener);
        return () => stdout.off('resize', listener);
      },
    };
  }

  /** One write: a terminal shows no half of it. */
  #draw(lines: readonly string[]): void {
    const body = lines.map((line) => `${line}${restOfLine}`).join('');
    this.#streams.stdout.write(`${hideCursor}${cutLines}${this.#back()}${body}${below}${wrapLines}`);
    this.#cursorHidden = true;
    this.#drawn = lines;
  }

  /** To the first of the drawn lines. */
  #back(): string {
    return this.#drawn.length === 0 ? '\r' : `\r${ESC}${this.#drawn.length}A`;
  }

  #above(write: () => void): void {
    const lines = this.#drawn;
    if (lines.length === 0) {
      write();
      return;
    }
    this.#streams.stdout.write(`${this.#back()}${below}`);
    this.#drawn = [];
    write();
    this.#draw(lines);
  }
}
