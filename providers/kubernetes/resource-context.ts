import type { Clock } from '../../foundation/clock.ts';
import type { ProviderLogMessage } from '../../protocol/provider-module.ts';
import type { Cluster } from './cluster.ts';

/** What a call about one resource works with. */
export interface ResourceContext {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Relative paths are meant from here. */
  readonly rootDirectory: string;
  /** Shows what is going on; '' clears it. Not kept. */
  readonly report: (status: string) => void;
  readonly log: (severity: ProviderLogMessage['severity'], message: string) => void;
  /** Aborted when the call or the whole provider is cancelled. */
  readonly signalOf: (own: AbortSignal | undefined) => AbortSignal;
}
