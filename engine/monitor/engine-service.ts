import { engineMethods, logSeverities } from '../../protocol/engine-messages.ts';
import { message, text } from '../../protocol/wire-message.ts';
import type { EventSink } from '../deploy/events.ts';
import { versionProblem } from '../version-range.ts';

/** `pulumirpc.Engine` as programs use it (proto/pulumi/engine.proto). */
export const engineServiceMethods = {
  ...engineMethods,
  requirePulumiVersion: {
    path: '/pulumirpc.Engine/RequirePulumiVersion',
    request: message({ range: text(1) }),
    response: message({}),
  },
} as const;

/** The engine's side of a program's log and of its root resource. */
export class EngineService {
  readonly #events: EventSink;
  #rootResource = '';

  constructor(events: EventSink) {
    this.#events = events;
  }

  log(request: {
    readonly severity: number;
    readonly message: string;
    readonly urn: string;
    readonly streamId: number;
    readonly ephemeral: boolean;
  }): object {
    const severity = logSeverities[request.severity] ?? 'info';
    const { message: text, urn, streamId, ephemeral } = request;
    this.#events({
      kind: 'diagnostic',
      diagnostic: { severity, message: text, urn, streamId, ephemeral, logged: true },
    });
    return {};
  }

  getRootResource(): { readonly urn: string } {
    return { urn: this.#rootResource };
  }

  setRootResource({ urn }: { readonly urn: string }): object {
    if (this.#rootResource !== '' && this.#rootResource !== urn)
      throw new Error(`the root resource is already set to ${this.#rootResource}`);
    this.#rootResource = urn;
    return {};
  }

  /** Throws where the program asks for another version of Pulumi than this engine is. */
  requirePulumiVersion({ range }: { readonly range: string }): object {
    const problem = versionProblem(range);
    if (problem !== undefined) throw new Error(problem);
    return {};
  }
}
