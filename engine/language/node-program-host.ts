import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { isMainstayError } from '../../foundation/errors.ts';
import type { ProcessExit } from '../../foundation/processes.ts';
import { pruneDirectory } from './disk-cache.ts';
import { endedEarlyExitCode, type ProgramAssignment } from './program-assignment.ts';
import { loadTimeEnvironment, programEnvironment } from './program-environment.ts';
import type { ProgramHost, ProgramKind, ProgramOutcome, ProgramRun } from './program-host.ts';
import { LimitedRun } from './program-limits.ts';
import {
  type ProgramCommand,
  type ProgramOutput,
  type ProgramProcess,
  startProgramProcess,
} from './program-process.ts';
import { findPulumiSdk, type PulumiSdk } from './pulumi-sdk.ts';
import { type NodeRuntimeOptions, parseRuntimeOptions } from './runtime-options.ts';
import { WarmPrograms, type WarmProgramsOptions } from './warm-programs.ts';

export interface NodeProgramHostOptions {
  /** Keep processes with loaded SDKs for the next runs. Default: one process for each run, started for it. */
  readonly warm?: boolean | WarmProgramsOptions;
}

/**
 * Runs programs of the `nodejs` runtime, each in a process of its own through the SDK's cmd/run. A program that cannot be started (no SDK,
 * wrong options) has failed.
 */
export function createNodeProgramHost({ warm = false }: NodeProgramHostOptions = {}): ProgramHost {
  const living = new Set<ProgramProcess>();
  // Without `warm` it holds only what `prepare` started.
  const programs = new WarmPrograms(typeof warm === 'boolean' ? {} : warm);
  pruneDirectory(transpileCache(), 30);
  const runProgram = async (run: ProgramRun): Promise<ProgramOutcome> => {
    const options = parseRuntimeOptions(run.runtimeOptions);
    const command = commandOf(run, options, findPulumiSdk(run.programDirectory));
    const waiting = command.kind === undefined ? undefined : await programs.take(command.kind);
    const started = waiting ?? (await startProgramProcess(command.cold));
    living.add(started);
    try {
      return await runIn(started, run, options);
    } finally {
      living.delete(started);
      if (command.kind !== undefined && warm !== false) programs.restock(command.kind, command.warm);
    }
  };
  return {
    prepare(run) {
      try {
        const command = commandOf(run, parseRuntimeOptions(run.runtimeOptions), findPulumiSdk(run.programDirectory));
        if (command.kind !== undefined) programs.restock(command.kind, warm === false ? command.cold : command.warm);
      } catch {
        // The run itself says what is wrong.
      }
    },
    run: (run) => runProgram(run).catch(cannotStart),
    async close() {
      await Promise.all([programs.close(), ...[...living].map((started) => started.end())]);
    },
  };
}

/** The user's mistake is the program's end; a bug of ours stays one. */
function cannotStart(error: unknown): ProgramOutcome {
  if (isMainstayError(error)) return { kind: 'failed', message: error.message };
  throw error;
}

const transpileCache = () => cacheDirectory('transpiled');

interface Commands {
  /** What a process for this run loads by itself. */
  readonly cold: ProgramCommand;
  /** What one loads that waits for the next such run. */
  readonly warm: ProgramCommand;
  /** Runs of one kind can have each other's processes. Undefined: this run needs one of its own. */
  readonly kind: string | undefined;
}

function commandOf(run: ProgramKind, { nodeArguments }: NodeRuntimeOptions, sdk: PulumiSdk): Commands {
  const loadTime = loadTimeEnvironment(programEnvironment(process.env, run.environment));
  const cold: ProgramCommand = {
    nodeArguments,
    directory: run.programDirectory,
    environment: { ...programEnvironment(process.env, {}), ...loadTime },
    preload: { sdk: sdk.directory, runPath: sdk.runPath, packages: [], rehearse: false },
    compileCache: cacheDirectory('compiled'),
  };
  // The directory of one run may be gone before the next one; other arguments may load what belongs to this run alone.
  const warm = {
    ...cold,
    directory: sdk.directory,
    preload: { ...cold.preload, packages: sdk.packages, rehearse: true },
  };
  const shareable = nodeArguments.every((argument) => /^--(max|stack|initial|min|semi)[a-z-]*=?\d*$/.test(argument));
  const kind = JSON.stringify([sdk.directory, sdk.stamp, sdk.packages, nodeArguments, loadTime]);
  return { cold, warm, kind: shareable ? kind : undefined };
}

async function runIn(started: ProgramProcess, run: ProgramRun, options: NodeRuntimeOptions): Promise<ProgramOutcome> {
  const stop = () => void started.end();
  run.signal.addEventListener('abort', stop, { once: true });
  const limited = new LimitedRun(run, started);
  try {
    if (run.signal.aborted) stop();
    const output = outputOf(limited);
    started.assign(assignmentOf(run, options), { ...output, service: run.service });
    const exit = await started.finished();
    if (limited.exceeded !== undefined) return { kind: 'failed', message: limited.exceeded };
    // What was cancelled has said why itself.
    return run.signal.aborted ? { kind: 'bail' } : outcomeOf(exit, output.outOfMemory());
  } finally {
    limited.close();
    run.signal.removeEventListener('abort', stop);
  }
}

function outputOf({ onStdout, onStderr }: ProgramOutput) {
  let outOfMemory = false;
  return {
    onStdout,
    onStderr(line: string) {
      outOfMemory ||= /FATAL ERROR: .*(heap out of memory|Allocation failed)/.test(line);
      onStderr(line);
    },
    outOfMemory: () => outOfMemory,
  };
}

function assignmentOf(run: ProgramRun, { typescript, tsconfig }: NodeRuntimeOptions): ProgramAssignment {
  const environment = programEnvironment(process.env, run.environment);
  const named = tsconfig ?? environment.PULUMI_NODEJS_TSCONFIG_PATH;
  return {
    environment: {
      ...environment,
      ...configEnvironment(run),
      // TypeScript is ours to load: ts-node of the SDK stays away.
      PULUMI_NODEJS_TYPESCRIPT: 'false',
      ...(named === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: named }),
    },
    directory: run.programDirectory,
    arguments: runArguments(run),
    served: run.service === undefined ? [] : [run.monitorAddress, run.engineAddress],
    typescript: {
      enabled: typescript,
      tsconfig: absoluteIn(run.programDirectory, named ?? 'tsconfig.json'),
      cacheDirectory: transpileCache(),
      fallbackCompiler: createRequire(import.meta.url).resolve('typescript/lib/typescript.js'),
    },
  };
}

function absoluteIn(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

/** Facts 2.1: the SDK wants the keys of the settings in their old form. */
function configEnvironment({ config, configSecretKeys }: ProgramRun): Record<string, string> {
  const settings = Object.entries(config).map(([key, value]) => {
    const colon = key.indexOf(':');
    return [`${key.slice(0, colon)}:config:${key.slice(colon + 1)}`, value] as const;
  });
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(settings)),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(configSecretKeys),
  };
}

function runArguments(run: ProgramRun): string[] {
  const { monitorAddress, engineAddress, organization, project, rootDirectory, stack, programDirectory } = run;
  return [
    ...['--monitor', monitorAddress, '--engine', engineAddress],
    ...['--sync', '', '--organization', organization, '--project', project, '--root-directory', rootDirectory],
    ...['--stack', stack, '--pwd', programDirectory],
    ...(run.dryRun ? ['--dry-run'] : []),
    ...['--parallel', String(run.parallel), run.entryPoint],
  ];
}

/** The exit code that says: the user has been told (cmd/run/index.js). */
const bailExitCode = 32;

function outcomeOf({ code, signal }: ProcessExit, outOfMemory: boolean): ProgramOutcome {
  if (code === 0) return { kind: 'done' };
  if (code === bailExitCode) return { kind: 'bail' };
  if (code === endedEarlyExitCode) return { kind: 'failed', message: endedEarly };
  const hint = outOfMemory ? ` ${moreMemory}` : '';
  const how =
    code === undefined
      ? `Program was ended by the signal ${signal}`
      : `Program exited with non-zero exit code: ${code}`;
  return { kind: 'failed', message: `${how}${hint === '' ? '' : `.${hint}`}` };
}

const endedEarly =
  'Cannot take the program as finished as it ended itself (process.exit) before it was done: resources that it did not get to would ' +
  'be deleted. Remove the call of process.exit.';

const moreMemory =
  'It ran out of memory. Give it more with runtime.options.nodeargs: "--max-old-space-size=4096" in Pulumi.yaml, or NODE_OPTIONS.';
