import { realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import type { ManagedProcess } from '../../foundation/processes.ts';
import { loadTimeEnvironment } from '../language/program-environment.ts';
import { type ProgramCommand, startProgramProcess } from '../language/program-process.ts';
import { WarmPrograms, type WarmProgramsOptions } from '../language/warm-programs.ts';

/** A policy pack of the runtime nodejs that is to run. */
export interface PackRun {
  /** `cmd/run-policy-pack` of the pack's own SDK. */
  readonly runner: string;
  readonly directory: string;
  readonly arguments: readonly string[];
  /** Complete. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts policy packs in processes that have loaded the SDK, the policy SDK and the compiler before: half a second less for each pack. */
export interface PackProcesses {
  start(run: PackRun): Promise<ManagedProcess>;
  close(): Promise<void>;
}

/**
 * Each process runs one pack once, as packs may keep state, and waits without knowing which: no settings and no code of a pack are in it before.
 * Its successor starts when it has ended.
 */
export function createPackProcesses(options: WarmProgramsOptions = {}): PackProcesses {
  const programs = new WarmPrograms(options);
  return {
    async start(run) {
      const command = commandOf(run);
      const kind = JSON.stringify([
        command.preload,
        command.environment,
        [run.runner, ...command.preload.packages].map(stampOf),
      ]);
      const program = (await programs.take(kind)) ?? (await startProgramProcess(command));
      void program.exited.then(() => programs.restock(kind, command));
      const { environment, directory, arguments: args } = run;
      return program.handOver({ environment, directory, arguments: args, served: [] });
    },
    close: () => programs.close(),
  };
}

/** Whose pack it is comes with the pack. */
const identity = /^PULUMI_NODEJS_(ORGANIZATION|PROJECT|STACK|DRY_RUN|TYPESCRIPT)$/;

function commandOf({ runner, environment }: PackRun): ProgramCommand {
  const sdk = realpathSync(join(dirname(runner), '..', '..'));
  const require = createRequire(runner);
  const packages = ['@pulumi/policy', 'typescript', 'ts-node'].flatMap((name) => {
    try {
      return [require.resolve(name)];
    } catch {
      // The runner looks elsewhere for it, or does without.
      return [];
    }
  });
  return {
    nodeArguments: [],
    directory: sdk,
    environment: Object.fromEntries(
      Object.entries(loadTimeEnvironment(environment)).filter(([name]) => !identity.test(name)),
    ),
    preload: { sdk, runPath: runner, packages, rehearse: false },
    compileCache: cacheDirectory('compiled'),
  };
}

function stampOf(file: string): string {
  const { mtimeMs, ino } = statSync(file);
  return `${ino}:${mtimeMs}`;
}
