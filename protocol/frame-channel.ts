import type { Duplex } from 'node:stream';

/** A call that failed, as gRPC tells of it. */
export interface FrameFailure {
  /** A gRPC status: 14 (UNAVAILABLE) where the other side is gone. */
  readonly code: number;
  readonly details: string;
  /** The content of `grpc-status-details-bin`. Empty: none. */
  readonly statusDetails: Uint8Array;
}

/** `failure` undefined: `payload` is the answer. */
export type FrameDone = (failure: FrameFailure | undefined, payload: Buffer) => void;

/** Answers calls. Throws, or rejects with, whatever `failureOf` understands. */
export type FrameHandler = (path: string, payload: Buffer) => Promise<Uint8Array>;

export interface FrameOptions {
  /** Who answers the other side's calls. Default: nobody, each call fails as UNIMPLEMENTED. */
  readonly answer?: FrameHandler;
  readonly failureOf?: (error: unknown) => FrameFailure;
  /** Called with true when the first call goes out and with false when none is waited for any more. */
  readonly onWaiting?: (waiting: boolean) => void;
  /** Called once, when the stream has ended. */
  readonly onClosed?: () => void;
}

/** What a side serves on a channel. */
export type FrameService = Required<Pick<FrameOptions, 'answer' | 'failureOf'>>;

const kinds = { call: 1, answer: 2, failure: 3 } as const;
const unavailable = 14;
const unimplemented = 12;
const tooLarge = 8;
const internal = 13;

/** Before the content: its length and that of what follows the length (u32), kind (u8), number of the call (u32). */
const prefixBytes = 9;
/** As gRPC between Pulumi's parts (pkg/util/rpcutil). */
const mostBytes = 400 * 1024 * 1024;
/** What waits for a flush is written at once when it is this long: the other side can begin with it. */
const flushBytes = 32_768;
const nothing = Buffer.alloc(0);

/**
 * Unary calls in both directions over one stream between two processes of ours: gRPC's meaning (method paths, protobuf messages, status
 * codes) without HTTP/2, whose streams and headers cost more than the messages that they carry. Many calls share one write.
 * The channel is open until its stream ends; then every call that waits fails with UNAVAILABLE, and so does every later one.
 */
export class FrameChannel {
  readonly #stream: Duplex;
  readonly #options: FrameOptions;
  readonly #waiting = new Map<number, FrameDone>();
  #last = 0;
  #open = true;
  #outgoing: Uint8Array[] = [];
  #outgoingBytes = 0;
  #flushing = false;
  #incoming: Buffer[] = [];
  #incomingBytes = 0;
  #wanted = prefixBytes;

  constructor(stream: Duplex, options: FrameOptions = {}) {
    this.#stream = stream;
    this.#options = options;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', () => this.#closed());
    stream.on('end', () => this.#closed());
    stream.on('close', () => this.#closed());
  }

  /** `path` is that of the gRPC method, ASCII. `done` is called once, never before this returns. */
  call(path: string, payload: Uint8Array, done: FrameDone): void {
    if (!this.#open) {
      process.nextTick(done, gone(), nothing);
      return;
    }
    if (payload.length > mostBytes) {
      process.nextTick(done, failure(tooLarge, `Attempted to send message with a size of ${payload.length}`), nothing);
      return;
    }
    this.#last = (this.#last + 1) % 2 ** 32;
    this.#waiting.set(this.#last, done);
    if (this.#waiting.size === 1) this.#options.onWaiting?.(true);
    this.#send(kinds.call, this.#last, [pathHeader(path), payload]);
  }

  #send(kind: number, id: number, parts: readonly Uint8Array[]): void {
    if (!this.#open) return;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const prefix = Buffer.allocUnsafe(prefixBytes);
    prefix.writeUInt32LE(length, 0);
    prefix[4] = kind;
    prefix.writeUInt32LE(id, 5);
    this.#outgoing.push(prefix, ...parts);
    this.#outgoingBytes += prefixBytes + length;
    if (this.#outgoingBytes >= flushBytes) this.#flush();
    else if (!this.#flushing) {
      this.#flushing = true;
      setImmediate(() => {
        this.#flushing = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    if (this.#outgoingBytes === 0 || !this.#open) return;
    const bytes = Buffer.concat(this.#outgoing, this.#outgoingBytes);
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    this.#stream.write(bytes);
  }

  #receive(chunk: Buffer): void {
    this.#incoming.push(chunk);
    this.#incomingBytes += chunk.length;
    if (this.#incomingBytes < this.#wanted) return;
    let bytes = this.#incoming.length === 1 ? chunk : Buffer.concat(this.#incoming, this.#incomingBytes);
    for (;;) {
      this.#wanted = prefixBytes;
      if (bytes.length < prefixBytes) break;
      const length = bytes.readUInt32LE(0);
      if (length > mostBytes + 1024) {
        this.#stream.destroy();
        return;
      }
      this.#wanted = prefixBytes + length;
      if (bytes.length < this.#wanted) break;
      this.#take(bytes[4]!, bytes.readUInt32LE(5), bytes.subarray(prefixBytes, this.#wanted));
      bytes = bytes.subarray(this.#wanted);
    }
    this.#incoming = bytes.length === 0 ? [] : [bytes];
    this.#incomingBytes = bytes.length;
  }

  #take(kind: number, id: number, content: Buffer): void {
    if (kind === kinds.call) {
      void this.#answer(id, content);
      return;
    }
    const done = this.#waiting.get(id);
    if (done === undefined) return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#options.onWaiting?.(false);
    if (kind === kinds.answer) done(undefined, content);
    else done(readFailure(content), nothing);
  }

  async #answer(id: number, content: Buffer): Promise<void> {
    const start = 1 + (content[0] ?? 0);
    const path = content.toString('latin1', 1, start);
    try {
      if (this.#options.answer === undefined) throw new Error(`the channel does not serve ${path}`);
      this.#send(kinds.answer, id, [await this.#options.answer(path, content.subarray(start))]);
    } catch (error) {
      const { failureOf = (cause: unknown) => failure(unimplemented, String(cause)) } = this.#options;
      this.#send(kinds.failure, id, writeFailure(failureOf(error)));
    }
  }

  #closed(): void {
    if (!this.#open) return;
    this.#open = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    if (waiting.length > 0) this.#options.onWaiting?.(false);
    for (const done of waiting) done(gone(), nothing);
    this.#options.onClosed?.();
  }
}

function failure(code: number, details: string): FrameFailure {
  return { code, details, statusDetails: nothing };
}

function gone(): FrameFailure {
  return failure(unavailable, 'The process at the other end of the channel is gone');
}

const pathHeaders = new Map<string, Buffer>();

function pathHeader(path: string): Buffer {
  let header = pathHeaders.get(path);
  if (header === undefined) {
    header = Buffer.from(`${String.fromCharCode(path.length)}${path}`, 'latin1');
    pathHeaders.set(path, header);
  }
  return header;
}

function writeFailure({ code, details, statusDetails }: FrameFailure): readonly Uint8Array[] {
  const text = Buffer.from(details);
  const head = Buffer.allocUnsafe(5);
  head[0] = code;
  head.writeUInt32LE(text.length, 1);
  return [head, text, statusDetails];
}

/** The other side may write what it likes: nothing of it makes this throw. */
function readFailure(content: Buffer): FrameFailure {
  if (content.length < 5) return failure(internal, 'The other side of the channel failed without saying how');
  const end = 5 + content.readUInt32LE(1);
  return { code: content[0]!, details: content.toString('utf8', 5, end), statusDetails: content.subarray(end) };
}
