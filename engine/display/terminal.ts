import type { Environment } from '../../foundation/environment.ts';

/** Where a command writes and whom it may ask. One per command: nothing in the engine writes to the process's own streams. */
export interface Terminal {
  write(text: string): void;
  writeError(text: string): void;
  /** Standard output is a terminal of this many columns; undefined where it is not one. */
  readonly columns: number | undefined;
  /** Lines that can be drawn anew in their place; absent where there is no terminal that can. */
  readonly live?: LiveArea;
  /** Asks and resolves to the line that was typed. Rejects when the input ends or the signal is aborted. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /**
   * Gives the terminal to a program with one file as its last argument, an editor for example, until it ends. `program` is a command line of the shell. Resolves to
   * its exit code, 127 where there is no such program. Absent where nobody sits at a terminal.
   */
  readonly lend?: (program: string, file: string, place: LendPlace) => Promise<number>;
  /** Everything on standard input, for values that are piped in. '' where standard input is a terminal. */
  readInput(): Promise<string>;
}

/** Where a program runs that the terminal is lent to. */
export interface LendPlace {
  readonly directory: string;
  readonly environment: Environment;
}

/** Lines below everything that was written. What is written while they are there goes above them. */
export interface LiveArea {
  /** As they are now. */
  readonly columns: number;
  readonly rows: number;
  /** Puts these lines in the place of the last ones. Lines that are too long are cut off; there must be fewer than `rows`. */
  draw(lines: readonly string[]): void;
  /** Takes the lines away, as if they had never been there. */
  clear(): void;
  /** Calls back when the terminal has another size; returns how to stop that. */
  onResize(listener: () => void): () => void;
}
