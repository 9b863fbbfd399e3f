// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals are told with.
const parts = /\u001b\[(\??[\d;]*)([A-Za-z])|[\s\S]/gu;

/** What a terminal would show of what is written to it: enough of one for what the engine writes. Fails on a sequence that it does not know. */
export class Screen {
  columns: number;
  cursorHidden = false;
  readonly #lines: string[] = [''];
  #line = 0;
  #column = 0;
  #wraps = true;

  constructor(columns: number) {
    this.columns = columns;
  }

  write(text: string): void {
    for (const [part, argument, command] of text.matchAll(parts)) {
      if (command !== undefined) this.#control(argument!, command);
      else if (part === '\r') this.#column = 0;
      else if (part === '\n') this.#down();
      else if (part === '\u001b') throw new Error('the terminal does not know this sequence');
      else this.#put(part);
    }
  }

  /** Every line that was ever written and is not overwritten, without the spaces at its end. */
  get lines(): readonly string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  get text(): string {
    return this.lines.join('\n').trimEnd();
  }

  #control(argument: string, command: string): void {
    const line = this.#lines[this.#line]!;
    if (command === 'A') this.#line = Math.max(0, this.#line - Number(argument || 1));
    else if (command === 'G') this.#column = Number(argument || 1) - 1;
    else if (command === 'K') this.#lines[this.#line] = line.slice(0, this.#column);
    else if (command === 'J') {
      this.#lines[this.#line] = line.slice(0, this.#column);
      this.#lines.length = this.#line + 1;
    } else if (argument === '?25') this.cursorHidden = command === 'l';
    else if (argument === '?7') this.#wraps = command === 'h';
    else if (command !== 'm') throw new Error(`the terminal does not know the sequence ${argument}${command}`);
  }

  #put(character: string): void {
    if (this.#column >= this.columns && this.#wraps) this.#down();
    const column = Math.min(this.#column, this.columns - 1);
    const line = this.#lines[this.#line]!.padEnd(column);
    this.#lines[this.#line] = line.slice(0, column) + character + line.slice(column + 1);
    this.#column = column + 1;
  }

  /** The terminal's driver makes a return of every end of line too. */
  #down(): void {
    this.#line += 1;
    this.#column = 0;
    if (this.#line === this.#lines.length) this.#lines.push('');
  }
}
