/**
 * Writes a protobuf message from its end to its start: the length of a nested message is known when its prefix is due, so nothing is
 * measured or copied twice. Fields therefore go in reverse order, and a value before its tag.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafe(16_384);
  #position = this.#buffer.length;

  /** Bytes written so far; the difference of two readings is the length of what was written between them. */
  get length(): number {
    return this.#buffer.length - this.#position;
  }

  #reserve(bytes: number): void {
    if (this.#position >= bytes) return;
    const written = this.length;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, written + bytes));
    this.#buffer.copy(grown, grown.length - written, this.#position);
    this.#buffer = grown;
    this.#position = grown.length - written;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#position -= 1;
    this.#buffer[this.#position] = value;
  }

  /** An unsigned number below 2^53. */
  varint(value: number): void {
    if (value < 128) {
      this.byte(value);
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
    this.#reserve(size);
    this.#position -= size;
    let at = this.#position;
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) {
      this.#buffer[at] = (rest % 128) + 128;
      at += 1;
    }
    this.#buffer[at] = rest;
  }

  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#position -= 8;
    this.#buffer.writeDoubleLE(value, this.#position);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#position -= value.length;
    this.#buffer.set(value, this.#position);
  }

  /** A text's UTF-8 bytes, without a length. */
  text(value: string): void {
    // Short texts are faster by hand than through a call into the runtime, as long as they are ASCII.
    if (value.length <= 24 && this.#ascii(value)) return;
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#position -= length;
    this.#buffer.write(value, this.#position, length, 'utf8');
  }

  #ascii(value: string): boolean {
    this.#reserve(value.length);
    const start = this.#position - value.length;
    for (let index = 0; index < value.length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 127) return false;
      this.#buffer[start + index] = code;
    }
    this.#position = start;
    return true;
  }

  /** The prefix of a length-delimited field whose content is everything since `mark`, a former `length`. */
  delimit(field: number, mark: number): void {
    this.varint(this.length - mark);
    this.tag(field, 2);
  }

  /** Copies what was written and starts anew. A huge buffer is not kept. */
  finish(): Buffer {
    const result = Buffer.from(this.#buffer.subarray(this.#position));
    this.reset();
    return result;
  }

  /** Forgets what was written. */
  reset(): void {
    if (this.#buffer.length > 4_194_304) this.#buffer = Buffer.allocUnsafe(16_384);
    this.#position = this.#buffer.length;
  }
}
