import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ManagedProcess, startProcess } from '../../foundation/processes.ts';

/** The watchdog's program: reads pids until its input ends, which is when the process that feeds it is gone. */
const WATCHDOG = 'while read -r pid; do pids="$pids -$pid"; done; [ -n "$pids" ] && kill -s KILL -- $pids; rm -rf "$0"';

/**
 * The processes of one server with a folder for their data. All of them end, and the folder goes, with `stop`, at the end of this
 * process, and also when this process is killed: a small shell watches for that.
 */
export class ServerGroup {
  readonly folder: string;
  readonly #watchdog: ChildProcess;
  readonly #members: { readonly name: string; readonly process: ManagedProcess }[] = [];

  constructor(folder: string, watchdog: ChildProcess) {
    this.folder = folder;
    this.#watchdog = watchdog;
  }

  static async open(name: string): Promise<ServerGroup> {
    const folder = await mkdtemp(join(tmpdir(), `mainstay-${name}-`));
    const watchdog = spawn('sh', ['-c', WATCHDOG, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watchdog.unref();
    watchdog.stdin?.on('error', () => {});
    // The pipe alone must not keep a finished test from ending.
    (watchdog.stdin as unknown as { unref?(): void }).unref?.();
    return new ServerGroup(folder, watchdog);
  }

  /** Starts a process whose output goes to `<name>.log` in the folder. */
  async start(
    name: string,
    command: readonly string[],
    options: {
      readonly env?: NodeJS.ProcessEnv;
      readonly uid?: number;
      readonly gid?: number;
      readonly cwd?: string;
    } = {},
  ): Promise<ManagedProcess> {
    const log = openSync(this.#logFile(name), 'a');
    try {
      const started = await startProcess(command[0]!, command.slice(1), {
        cwd: this.folder,
        ...options,
        stdio: ['ignore', log, log],
      });
      this.adopt(name, started);
      return started;
    } finally {
      closeSync(log);
    }
  }

  /** Makes a process that was started elsewhere end with the group. */
  adopt(name: string, started: ManagedProcess): void {
    this.#watchdog.stdin?.write(`${started.identity.pid}\n`);
    this.#members.push({ name, process: started });
  }

  /** Waits until `ready` is true. Rejects with the last lines of the log when the process ends first, or after `timeoutMs`. */
  async until(name: string, ready: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const member = this.#members.find((candidate) => candidate.name === name)!;
    let ended = false;
    void member.process.exited.then(() => {
      ended = true;
    });
    const deadline = performance.now() + timeoutMs;
    while (!(await ready().catch(() => false))) {
      const late = performance.now() > deadline;
      if (ended || late) {
        const why = ended ? 'it ended' : `it was not ready within ${timeoutMs / 1000} s`;
        throw new Error(`Cannot start ${name} as ${why}: ${await this.#lastLines(name)}`);
      }
      await delay(20);
    }
  }

  /** Ends every process, the last one started first, and removes the folder. May be called again. */
  async stop(): Promise<void> {
    for (const member of this.#members.reverse()) await member.process.end({ graceMs: 3000 });
    this.#watchdog.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #logFile(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  async #lastLines(name: string): Promise<string> {
    const text = await readFile(this.#logFile(name), 'utf8').catch(() => '');
    return text.trim().split('\n').slice(-15).join('\n');
  }
}
