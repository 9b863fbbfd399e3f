import { MainstayError } from '../../foundation/errors.ts';
import { type ManagedProcess, startProcess } from '../../foundation/processes.ts';

interface Request {
  readonly hash: string;
  resolve(content: string): void;
  reject(error: Error): void;
}

/**
 * Reads blobs of a repository through one resident `git cat-file --batch`, started with the first read: a process per file would
 * cost some milliseconds each.
 */
export class BlobReader {
  readonly #folder: string;
  #process: Promise<ManagedProcess> | undefined;
  #waiting: Request[] = [];
  #pending = Buffer.alloc(0);
  #isClosed = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(hash: string): Promise<string> {
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
      this.#pending = Buffer.alloc(0);
      for (const { reject } of this.#waiting.splice(0))
        reject(new MainstayError('transient', `Cannot read files as git cat-file ended: ${this.#folder}. Try again.`));
    });
    return started;
  }

  /** Answers are `<hash> <type> <size>\n<content>\n` or `<hash> missing\n`, in the order of the requests. */
  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const lineEnd = this.#pending.indexOf('\n');
      if (lineEnd < 0) return;
      const [, type, size] = this.#pending.toString('utf8', 0, lineEnd).split(' ');
      const end = type === 'missing' ? lineEnd : lineEnd + 1 + Number(size);
      if (this.#pending.length < end + 1) return;
      const request = this.#waiting.shift();
      const content = this.#pending.toString('utf8', lineEnd + 1, end);
      this.#pending = this.#pending.subarray(end + 1);
      if (type === 'missing')
        request?.reject(
          new MainstayError('transient', `Cannot read a file as git has no such object: ${request.hash}. Fetch again.`),
        );
      else request?.resolve(content);
    }
  }
}
