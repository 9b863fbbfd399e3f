import { MainstayError, userError } from '../../foundation/errors.ts';
import { type ManagedProcess, startProcess } from '../../foundation/processes.ts';

class MissingObject extends MainstayError {
  constructor(name: string) {
    super('transient', `Cannot read a file as git has no such object: ${name}. Fetch again.`);
  }
}

/** Longer files are no sources: whoever has such in a repository keeps them under LFS. */
const LONGEST_FILE = 256 * 2 ** 20;
/** Of what we read as text ourselves: settings, manifests, lock files, sources. */
const LONGEST_TEXT = 32 * 2 ** 20;

function tooLong(hash: string, size: number, most: number): Error {
  return userError(
    `Cannot read a file as it is longer than ${most / 2 ** 20} MiB: ${Math.ceil(size / 2 ** 20)} MiB (git object ${hash}). Keep it elsewhere.`,
  );
}

interface Request {
  readonly hash: string;
  resolve(content: Buffer): void;
  reject(error: Error): void;
}

/**
 * Reads objects of a repository through one resident `git cat-file --batch`, started with the first read: a process per file would
 * cost some milliseconds each.
 */
export class BlobReader {
  readonly #folder: string;
  #process: Promise<ManagedProcess> | undefined;
  #waiting: Request[] = [];
  /** What has come and belongs to no whole answer yet. */
  #pending: Buffer[] = [];
  /** No whole answer is there before so many bytes are. */
  #needed = 1;
  #size = 0;
  /** Bytes of an answer that nobody takes and that have not come yet. */
  #skipped = 0;
  #isClosed = false;
  #hashBytes = 20;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(hash: string): Promise<string> {
    const bytes = await this.readBytes(hash);
    if (bytes.length > LONGEST_TEXT) throw tooLong(hash, bytes.length, LONGEST_TEXT);
    return bytes.toString();
  }

  /** Whether the repository has what is named: a hash, or anything else that git understands (https://git-scm.com/docs/gitrevisions). */
  async has(name: string): Promise<boolean> {
    return this.#ask(name).then(
      () => true,
      (error: unknown) => {
        if (error instanceof MissingObject) return false;
        throw error;
      },
    );
  }

  /** How long the repository's hashes are, once something was read of it. */
  get hashBytes(): number {
    return this.#hashBytes;
  }

  /** The content as it is stored. Rejects with a transient error where the repository has none such. */
  readBytes(name: string): Promise<Buffer> {
    return this.#ask(name);
  }

  async #ask(hash: string): Promise<Buffer> {
    // Work that has not ended yet must not start a process that nobody would end.
    if (this.#isClosed) throw new Error(`cannot read files as the mirror is closed: ${this.#folder}`);
    this.#process ??= this.#start();
    const { child } = await this.#process;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ hash, resolve, reject });
      child.stdin!.write(`${hash}\n`);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const running = this.#process;
    this.#process = undefined;
    await (await running)?.end();
  }

  async #start(): Promise<ManagedProcess> {
    const started = await startProcess('git', ['cat-file', '--batch'], {
      cwd: this.#folder,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    started.child.stdout!.on('data', (chunk: Buffer) => this.#take(chunk));
    started.child.stdin!.on('error', () => {});
    void started.exited.then(() => {
      this.#process = undefined;
      this.#skipped = 0;
      this.#keep(Buffer.alloc(0), 1);
      for (const { reject } of this.#waiting.splice(0))
        reject(new MainstayError('transient', `Cannot read files as git cat-file ended: ${this.#folder}. Try again.`));
    });
    return started;
  }

  /** Answers are `<hash> <type> <size>\n<content>\n` or `<hash> missing\n`, in the order of the requests. */
  #take(come: Buffer): void {
    const chunk = this.#skipped > 0 ? come.subarray(this.#skipped) : come;
    this.#skipped = Math.max(0, this.#skipped - come.length);
    if (chunk.length === 0) return;
    this.#pending.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return;
    let left = Buffer.concat(this.#pending);
    for (;;) {
      const lineEnd = left.indexOf('\n');
      if (lineEnd < 0) {
        this.#keep(left, left.length + 1);
        return;
      }
      const [hash = '', type, size] = left.toString('utf8', 0, lineEnd).split(' ');
      if (type !== 'missing' && Number(size) > LONGEST_FILE) {
        this.#waiting.shift()?.reject(tooLong(hash, Number(size), LONGEST_FILE));
        const rest = lineEnd + 1 + Number(size) + 1;
        this.#skipped = Math.max(0, rest - left.length);
        left = left.subarray(rest);
        continue;
      }
      const end = type === 'missing' ? lineEnd : lineEnd + 1 + Number(size);
      if (left.length < end + 1) {
        this.#keep(left, end + 1);
        return;
      }
      const request = this.#waiting.shift();
      if (type !== 'missing') this.#hashBytes = hash.length / 2;
      const content = left.subarray(lineEnd + 1, end);
      left = left.subarray(end + 1);
      if (type === 'missing') request?.reject(new MissingObject(request.hash));
      else request?.resolve(content);
    }
  }

  #keep(left: Buffer, needed: number): void {
    this.#pending = [left];
    this.#size = left.length;
    this.#needed = needed;
  }
}
