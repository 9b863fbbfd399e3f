import type { FrameService } from '../../protocol/frame-channel.ts';
import type { ProgramLimits } from './program-limits.ts';

/** Everything that a program run needs to know. */
export interface ProgramRun {
  /** Where Pulumi.yaml is. */
  readonly rootDirectory: string;
  /** Working directory of the program: root plus `main` where that is a folder. */
  readonly programDirectory: string;
  /** What to run, relative to the program directory: `.` or a file. */
  readonly entryPoint: string;
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** Decrypted, keys `namespace:name`. */
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
  readonly dryRun: boolean;
  readonly parallel: number;
  readonly monitorAddress: string;
  readonly engineAddress: string;
  /** The services of both addresses, for a program in a process of ours: its calls need no connection. Absent: it connects. */
  readonly service?: FrameService;
  /** Further environment of the program, over the allow-listed one. */
  readonly environment: Readonly<Record<string, string>>;
  /** `runtime.options` of Pulumi.yaml. */
  readonly runtimeOptions: Readonly<Record<string, unknown>>;
  /** What it may use. Default: all. An inline program, which runs in a process of its caller's, has none. */
  readonly limits?: ProgramLimits;
  readonly onStdout: (line: string) => void;
  readonly onStderr: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * How a program ended. `bail`: it failed and has said why itself (exit code 32 of cmd/run), print nothing more. `failed` carries
 * what to print.
 */
export type ProgramOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'bail' }
  | { readonly kind: 'failed'; readonly message: string };

/** What decides which process a program can have. */
export type ProgramKind = Pick<ProgramRun, 'programDirectory' | 'runtimeOptions' | 'environment'>;

/** Runs programs. One adapter starts Node processes (kept warm), one calls the Automation API's inline server. */
export interface ProgramHost {
  /** Starts what a run of this kind will want, if it has nothing waiting. The run may never come; `close` ends it then. Never throws. */
  prepare?(run: ProgramKind): void;
  run(run: ProgramRun): Promise<ProgramOutcome>;
  close(): Promise<void>;
}
