import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { userError } from '../../foundation/errors.ts';
import { type ManagedProcess, startProcess } from '../../foundation/processes.ts';
import { watchMemory } from '../../foundation/watch-memory.ts';
import { outputLines } from './output-lines.ts';
import { programEnvironment } from './program-environment.ts';
import { parseRuntimeOptions } from './runtime-options.ts';

export interface TypeCheckRequest {
  readonly programDirectory: string;
  /** `runtime.options` of Pulumi.yaml. */
  readonly runtimeOptions: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** In bytes: what the compiler may hold and write. Default: no limits. */
  readonly limits?: { readonly memory: number; readonly output: number };
}

/** One mistake that the compiler found. Lines and columns count from 1; 0 where it is about no place. */
export interface TypeProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
}

/**
 * Checks the types of a program with its own compiler (else ours) and tsconfig, in a process of its own, and remembers what did not change for
 * the next time. It is a step by itself, once for a commit: running a program never waits for it. Resolves to every problem; undefined
 * without a tsconfig, as there is nothing that says what to check. Rejects with a user error where the compiler cannot run, or goes beyond a limit.
 */
export async function typeCheckProgram(request: TypeCheckRequest): Promise<readonly TypeProblem[] | undefined> {
  const { programDirectory, signal, limits } = request;
  const { typescript, tsconfig } = parseRuntimeOptions(request.runtimeOptions);
  const project = resolve(programDirectory, tsconfig ?? 'tsconfig.json');
  if (!typescript || (tsconfig === undefined && !existsSync(project))) return undefined;
  const cache = cacheDirectory('type-checks');
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const buildInfo = join(cache, `${createHash('sha256').update(project).digest('hex')}.tsbuildinfo`);
  const options = ['--noEmit', '--incremental', '--tsBuildInfoFile', buildInfo, '--pretty', 'false'];
  const lines: string[] = [];
  const managed = await startProcess(process.execPath, [compilerOf(programDirectory), '-p', project, ...options], {
    cwd: programDirectory,
    env: programEnvironment(process.env, {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => void managed.end({ graceMs: 500 });
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const exceeded = await readWithin(managed, limits, (line) => lines.push(line));
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (exceeded !== undefined)
    throw userError(
      `Cannot check the program's types as the compiler ${exceeded}. Check less by its tsconfig, or raise the limit.`,
    );
  const { code } = await managed.exited;
  const problems = parseProblems(lines, programDirectory);
  if (code !== 0 && problems.length === 0)
    throw userError(
      `Cannot check the program's types as the compiler failed: ${project}. It wrote:\n${lines.join('\n')}`,
    );
  return problems;
}

/** Reads all that a process writes, to its end. Ends it where it goes beyond a limit, and returns which. */
async function readWithin(
  managed: ManagedProcess,
  limits: TypeCheckRequest['limits'],
  onLine: (line: string) => void,
): Promise<string | undefined> {
  let exceeded: string | undefined;
  let written = 0;
  const end = (why: string) => {
    exceeded ??= why;
    void managed.end({ graceMs: 500 });
  };
  const onExceeded = () => end('holds more memory than it may');
  const unwatch = limits && watchMemory(managed.identity.pid, { limit: limits.memory, onExceeded });
  const output = outputLines(onLine);
  for (const stream of [managed.child.stdout!, managed.child.stderr!])
    stream.on('data', (chunk: Buffer) => {
      written += chunk.length;
      if (limits && written > limits.output) end('writes more than it may');
      else output.write(chunk);
    });
  await new Promise((done) => managed.child.once('close', done));
  unwatch?.();
  output.end();
  return exceeded;
}

function compilerOf(programDirectory: string): string {
  for (const from of [join(programDirectory, 'index.js'), import.meta.url]) {
    try {
      return createRequire(from).resolve('typescript/lib/tsc.js');
    } catch {
      // The program brings no compiler.
    }
  }
  throw userError('Cannot check types as there is no typescript package. Run npm install.');
}

/** `file(line,column): error TS1234: message`, or without a place; further lines of a message are indented. */
function parseProblems(lines: readonly string[], directory: string): TypeProblem[] {
  const problems: TypeProblem[] = [];
  for (const text of lines) {
    const match = /^(?:(.+?)\((\d+),(\d+)\): )?error (TS\d+): (.*)$/.exec(text);
    const last = problems.at(-1);
    if (match) {
      const [, file = '', line = '0', column = '0', code = '', message = ''] = match;
      const path = file === '' || isAbsolute(file) ? file : join(directory, file);
      problems.push({ file: path, line: Number(line), column: Number(column), code, message });
    } else if (last && text.startsWith(' '))
      problems[problems.length - 1] = { ...last, message: `${last.message}\n${text}` };
  }
  return problems;
}
