import type { Provider } from '../../protocol/provider.ts';
import type { Goal } from './goal.ts';
import type { ResourceState } from './resource-state.ts';

/** One registration while it is decided about. */
export interface Registration {
  readonly goal: Goal;
  readonly urn: string;
  /** The resource as the state has it, or as a refresh or import has just read it. */
  readonly old: ResourceState | undefined;
  /** What it is to become. The decision fills in the checked inputs. */
  readonly fresh: ResourceState;
  /** Something was reported that makes it fail in the end. */
  readonly invalid: boolean;
}

/** With what Check needs and says. */
export interface CheckedRegistration extends Registration {
  readonly provider: Provider | undefined;
  readonly randomSeed: Uint8Array;
  readonly autonaming: Autonaming | undefined;
  /** From the goal, unless automatic naming says otherwise. */
  readonly deleteBeforeReplace: boolean | undefined;
  /** It was deleted earlier in this run as it depends on a delete-before-replace. */
  readonly recreating: boolean;
  /** `old` was imported a moment ago. */
  readonly imported: boolean;
}

export interface Autonaming {
  readonly proposedName: string;
  readonly mode: 'propose' | 'enforce' | 'disable';
  readonly warnIfUnsupported: boolean;
}
