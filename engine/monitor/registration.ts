import type { Dependencies } from './goal-of-request.ts';
import type { RegisterRequest, WireCallback } from './monitor-messages.ts';

/** A registration after its transforms, and what is left to know of it. */
export interface Registration {
  readonly request: RegisterRequest;
  readonly dependencies: Dependencies;
  /** The resource's own transforms: its children have them too. */
  readonly transforms: readonly WireCallback[];
}
