import type { DeploymentKind, ImportRequest } from '../deploy/deployment-options.ts';
import type { UpdateSource } from './update-metadata.ts';

/** What the flags of an operation ask for. */
export interface OperationOptions {
  readonly kind: DeploymentKind;
  readonly parallel: number | undefined;
  readonly targets: readonly string[];
  readonly targetDependents: boolean;
  readonly excludes: readonly string[];
  readonly excludeDependents: boolean;
  readonly excludeProtected: boolean;
  readonly replaces: readonly string[];
  /** Undefined: as the project says. */
  readonly refresh: boolean | undefined;
  readonly continueOnError: boolean;
  readonly runProgram: boolean;
  readonly clearPendingCreates: boolean;
  /** Policy pack folders, and one configuration file for each or none. */
  readonly policyPacks: readonly string[];
  readonly policyPackConfigs: readonly string[];
  /** File of `up --plan`. */
  readonly planFile: string | undefined;
  /** File of `preview --save-plan`. */
  readonly savePlanFile: string | undefined;
  /** Address of an inline program's server (`--client`). */
  readonly client: string | undefined;
  /** What executable plugins get on their command line. */
  readonly pluginArguments: readonly string[];
  readonly imports: readonly ImportRequest[];
  readonly source: UpdateSource;
}
