/**
 * Exit codes of the official CLI (pkg/cmd/pulumi/cmd/exit_codes.go). The Automation API looks only at zero or not; scripts and the
 * runner look at the number.
 */
export const exitCodes = {
  ok: 0,
  failed: 1,
  configuration: 2,
  authentication: 3,
  resource: 4,
  policy: 5,
  stackNotFound: 6,
  expectedNoChanges: 7,
  cancelled: 8,
  timeout: 9,
  internal: 255,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A failure with an exit code of its own. An empty message says that everything was said already. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}
