import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { MainstayError, systemCode } from './errors.ts';

/**
 * A process that can be recognised later, also by a later life of ours: a pid alone is used again by the system, a pid with its
 * start time is not. `startTime` is in clock ticks since boot (field 22 of /proc/<pid>/stat), '' where the system has no /proc.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

export interface ProcessExit {
  /** undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** A child that leads a process group of its own, so that its children end with it. */
export interface ManagedProcess {
  readonly identity: ProcessIdentity;
  readonly child: ChildProcess;
  /** Resolves once when it has ended, never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Asks the whole group to end (`signal`, default SIGTERM), after `graceMs` (default 5,000) forces it. Resolves when it is gone. */
  end(options?: { readonly signal?: NodeJS.Signals; readonly graceMs?: number }): Promise<ProcessExit>;
}

const living = new Set<ChildProcess>();
let exitHandlerInstalled = false;

/**
 * Starts `command` in a process group of its own. The group is killed when this process exits; a process killed with -9 cannot do that, so
 * whoever must survive such an end stores `identity` and calls `endRecorded` in its next life. Rejects with a user error if
 * the command cannot be started. `options` are Node's, `detached` is always true.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: Omit<SpawnOptions, 'detached'> = {},
): Promise<ManagedProcess> {
  const child = spawn(command, [...args], { ...options, detached: true });
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      living.delete(child);
      resolve({ code: code ?? undefined, signal: signal ?? undefined });
    });
  });
  await started(command, child);
  living.add(child);
  installExitHandler();
  const identity = identityOf(child.pid!) ?? { pid: child.pid!, startTime: '' };
  return { identity, child, exited, end: (ending) => endGroup(identity, exited, ending) };
}

function started(command: string, child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      const why = systemCode(error) === 'ENOENT' ? 'there is no such executable or working directory' : error.message;
      reject(new MainstayError('user', `Cannot start a process as ${why}: ${command}.`, { cause: error }));
    });
  });
}

async function endGroup(
  identity: ProcessIdentity,
  exited: Promise<ProcessExit>,
  { signal = 'SIGTERM', graceMs = 5000 }: { readonly signal?: NodeJS.Signals; readonly graceMs?: number } = {},
): Promise<ProcessExit> {
  signalGroup(identity.pid, signal);
  const timer = new AbortController();
  const force = delay(graceMs, undefined, { signal: timer.signal, ref: false }).then(
    () => signalGroup(identity.pid, 'SIGKILL'),
    () => {},
  );
  const exit = await exited;
  timer.abort();
  await force;
  // What the leader left behind in its group ends with it.
  signalGroup(identity.pid, 'SIGKILL');
  return exit;
}

/** Sends a signal to the group that `pid` leads. False if there is no such group any more. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}

/** The identity of a living process; undefined if there is none or it is a zombie. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  try {
    // The command in field 2 may hold spaces and brackets: fields are counted after its last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { pid, startTime: fields[19] ?? '' };
  } catch {
    return process.platform !== 'linux' && signalable(pid) ? { pid, startTime: '' } : undefined;
  }
}

function signalable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether the very process that was recorded still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTime === identity.startTime;
}

/**
 * Ends the group of a process that an earlier life recorded. Does nothing if that process is gone or its pid belongs to another one
 * now. Resolves to whether there was something to end; when it resolves, the recorded process is gone.
 */
export async function endRecorded(identity: ProcessIdentity, graceMs = 5000): Promise<boolean> {
  if (!isAlive(identity)) return false;
  signalGroup(identity.pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (isAlive(identity) && performance.now() < deadline) await delay(20);
  while (isAlive(identity)) {
    signalGroup(identity.pid, 'SIGKILL');
    await delay(20);
  }
  return true;
}

function installExitHandler(): void {
  if (exitHandlerInstalled) return;
  exitHandlerInstalled = true;
  process.on('exit', () => {
    for (const child of living) if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  });
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return identityOf(process.pid) ?? { pid: process.pid, startTime: '' };
}
