import { spawn } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Environment } from '../../../foundation/environment.ts';
import { userError } from '../../../foundation/errors.ts';

export type ToolName = 'helm' | 'kustomize';

const INSTALL_HINTS: Readonly<Record<ToolName, string>> = {
  helm: 'Install Helm 3.18 or newer (helm.sh), or run `npm run servers -- build helm`.',
  kustomize: 'Install Kustomize 5 or newer (kustomize.io), or run `npm run servers -- build kustomize`.',
};

/** The executable: from PATH, else the one that `npm run servers` has compiled. Throws a user error that says how to get it. */
export function findTool(name: ToolName, environment: Environment): string {
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  const found = [...onPath, ...compiledTools(name, environment)].find(isExecutable);
  if (found) return found;
  throw userError(`Cannot find the executable ${name} as it is not on PATH. ${INSTALL_HINTS[name]}`);
}

function compiledTools(name: ToolName, environment: Environment): readonly string[] {
  const cache = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache');
  const folder = environment.MAINSTAY_SERVERS_CACHE || join(cache, 'mainstay-servers');
  try {
    const folders = readdirSync(folder)
      .filter((entry) => entry.startsWith(`${name}-v`))
      .sort()
      .reverse();
    return folders.map((entry) => join(folder, entry, name));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How a tool is run. */
export interface ToolRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly workingDirectory: string;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface ToolResult {
  readonly code: number;
  readonly output: string;
  /** What it wrote to standard error. */
  readonly messages: string;
}

/** Runs a tool to its end. Rejects only where it cannot be started or is cancelled. Arguments are never part of an error: they may be secret. */
export function runTool(run: ToolRun): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(run.command, [...run.args], {
      cwd: run.workingDirectory,
      env: { ...run.environment },
      signal: run.signal,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    const messages: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => messages.push(chunk));
    child.once('error', (error) =>
      reject(run.signal?.aborted ? run.signal.reason : userError(`Cannot run ${run.command}: ${error.message}.`)),
    );
    child.once('close', (code) =>
      resolve({
        code: code ?? 1,
        output: Buffer.concat(output).toString(),
        messages: Buffer.concat(messages).toString(),
      }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(run.input ?? '');
  });
}

/** The last telling lines of what a tool said, without its own prefixes. */
export function explainFailure(result: ToolResult): string {
  const lines = result.messages.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => line !== '' && !/^(level=|time=|walk\.go|Use --debug)/.test(line));
  return (
    telling
      .slice(-5)
      .join(' ')
      .replace(/^(Error|ERROR): /, '') || `it ended with exit code ${result.code}`
  );
}
