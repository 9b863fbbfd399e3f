/** Where a command writes and whom it may ask. One per command: nothing in the engine writes to the process's own streams. */
export interface Terminal {
  write(text: string): void;
  writeError(text: string): void;
  /** Standard output is a terminal of this many columns; undefined where it is not one. */
  readonly columns: number | undefined;
  /** Asks and resolves to the line that was typed. Rejects when the input ends or the signal is aborted. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Everything on standard input, for values that are piped in. '' where standard input is a terminal. */
  readInput(): Promise<string>;
}
