import type { EngineEvent } from '../deploy/events.ts';

/** Shows one operation while it runs. */
export interface Display {
  show(event: EngineEvent): void;
  /** After the last event: prints what is left. */
  finish(): void;
}

/** What every display of an operation is told. */
export interface DisplayOptions {
  readonly preview: boolean;
  /** `Previewing update`, `Updating`, ... with the stack in brackets behind it. */
  readonly title: string;
  readonly stack: string;
  readonly debug: boolean;
  readonly showSames: boolean;
  readonly showReads: boolean;
  readonly showReplacementSteps: boolean;
  readonly showSecrets: boolean;
  readonly showConfig: boolean;
  readonly showFullOutput: boolean;
  readonly suppressOutputs: boolean;
  readonly suppressProgress: boolean;
  readonly showUrns: boolean;
  /** Each remediation with what it changed. */
  readonly showPolicyRemediations: boolean;
}
