/** Bytes that are not a protobuf message. */
export class MalformedMessage extends Error {
  constructor(why: string) {
    super(`Cannot read a protobuf message as ${why}`);
    this.name = 'MalformedMessage';
  }
}

/** Reads protobuf fields one after the other. Every method throws a `MalformedMessage` rather than read past the end. */
export class WireReader {
  readonly #buffer: Buffer;
  #position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
    this.end = end;
  }

  get position(): number {
    return this.#position;
  }

  get done(): boolean {
    return this.#position >= this.end;
  }

  #take(bytes: number): number {
    const start = this.#position;
    if (bytes > this.end - start) throw new MalformedMessage('it is cut off');
    this.#position = start + bytes;
    return start;
  }

  /** An unsigned number. Numbers beyond 2^53 lose digits, which no field that we read has. */
  varint(): number {
    let value = this.#buffer[this.#take(1)]!;
    if (value < 128) return value;
    value -= 128;
    for (let factor = 128; ; factor *= 128) {
      const byte = this.#buffer[this.#take(1)]!;
      if (byte < 128) return value + byte * factor;
      if (factor > 2 ** 62) throw new MalformedMessage('a number in it has no end');
      value += (byte - 128) * factor;
    }
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  /** Length and bytes of a length-delimited field. The bytes are a view. */
  bytes(): Buffer {
    const length = this.varint();
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  text(): string {
    const length = this.varint();
    const start = this.#take(length);
    return length === 0 ? '' : this.#buffer.toString('utf8', start, start + length);
  }

  /** Reads the length of a nested message; returns where it ends. */
  enter(): number {
    const length = this.varint();
    if (length > this.end - this.#position) throw new MalformedMessage('a message in it is cut off');
    return this.#position + length;
  }

  /** A reader of a nested message alone. */
  nested(): WireReader {
    const end = this.enter();
    const reader = new WireReader(this.#buffer, this.#position, end);
    this.#position = end;
    return reader;
  }

  /** Passes over the value of a field of this wire type. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#take(8);
    else if (wireType === 2) this.#take(this.varint());
    else if (wireType === 5) this.#take(4);
    else throw new MalformedMessage(`it has a field of the unknown wire type ${wireType}`);
  }
}
