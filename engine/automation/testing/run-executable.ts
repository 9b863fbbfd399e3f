import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DemoProject } from './demo-project.ts';

/** `engine/bin/pulumi`. */
export const executable = fileURLToPath(new URL('../../bin/pulumi', import.meta.url));

/** How a command ended. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs, in a process group of its own. */
export interface Running {
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  readonly result: Promise<Result>;
}

export function start(
  project: DemoProject,
  args: readonly string[],
  options: {
    readonly command?: string;
    readonly environment?: Record<string, string>;
    /** Default: nothing. */
    readonly input?: string | undefined;
  } = {},
): Running {
  const child = spawn(options.command ?? executable, args, {
    cwd: project.directory,
    env: { PATH: process.env.PATH, HOME: dirname(project.directory), ...project.environment, ...options.environment },
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  child.stdin.end(options.input ?? '');
  return {
    pid: child.pid!,
    stdout: () => stdout,
    stderr: () => stderr,
    result: new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr }))),
  };
}

export const run = (project: DemoProject, ...args: string[]) => start(project, args).result;
