/** What a program process loads before it knows what it will run. Its only argument, as JSON. */
export interface ProgramPreload {
  /** Directory of `@pulumi/pulumi`. */
  readonly sdk: string;
  readonly runPath: string;
  /** Further modules to load. */
  readonly packages: readonly string[];
  /** There is time: do ahead whatever the program will need first. */
  readonly rehearse: boolean;
}

/** The first call on the channel of a program process, file descriptor 3: a `ProgramAssignment` as JSON. Its end without one means: nothing to run. */
export const assignPath = '/mainstay.Program/Assign';

/** What a program process runs. */
export interface ProgramAssignment {
  /** The whole environment of the program. */
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Arguments of cmd/run. */
  readonly arguments: readonly string[];
  /** Absent: what runs sees to its TypeScript itself. */
  readonly typescript?: TypeScriptSettings;
  /** Addresses of the engine whose services the channel serves, too: clients of the SDK for one of these use the channel. */
  readonly served: readonly string[];
}

export interface TypeScriptSettings {
  readonly enabled: boolean;
  /** Absolute. Undefined: the compiler's defaults. */
  readonly tsconfig: string | undefined;
  /** Where transpiled files are kept. */
  readonly cacheDirectory: string;
  /** Used where the program has no TypeScript of its own: the file of a `typescript` package. */
  readonly fallbackCompiler: string;
}

/** Exit code of a program process that ended itself with success before its work was done. Ours, not the SDK's. */
export const endedEarlyExitCode = 121;
