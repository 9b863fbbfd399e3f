import type { Log } from '../../foundation/log.ts';
import type {
  EnvironmentRequest,
  OfferedRevertResponse,
  PromotionRequest,
  RollbackRequest,
  SettingResponse,
} from '../api/responses.ts';
import type { AccountStore, Actor, GivenGrant } from '../core/account.ts';
import type { Change } from '../core/change.ts';
import type { IdentityProvider } from '../core/identity-provider.ts';
import type { Mirror } from '../core/mirror.ts';
import type { Decision } from '../core/rollout.ts';
import type { Run } from '../core/run.ts';
import type { RunStore } from '../core/run-store.ts';
import type { ConsolePage } from './console-page.ts';
import type { WebhookOptions } from './webhooks.ts';

export interface ServedRepository {
  readonly id: string;
  readonly base: string;
  readonly mirror: Pick<Mirror, 'tree' | 'describe'>;
}

/** What the server shows and who takes what it is told. */
export interface HttpOptions {
  readonly store: RunStore;
  readonly accounts: AccountStore;
  readonly repositories: readonly ServedRepository[];
  /** What the runner's file gives to whom. */
  readonly given: readonly GivenGrant[];
  /** Where people sign in; undefined: by our own links alone. */
  readonly identityProvider: IdentityProvider | undefined;
  /** The token of the data folder: whoever can read that may do everything. */
  readonly token: string;
  /** The address that browsers have us at, without a slash at the end; undefined before we listen. */
  readonly url: () => string | undefined;
  readonly version: string;
  readonly log: Log;
  /** Aborted when the runner ends: streams end then. */
  readonly ending: AbortSignal;
  /** The runner's own settings, secrets hidden. */
  readonly runnerSettings: readonly SettingResponse[];
  /** undefined: there is only the API. */
  readonly console: ConsolePage | undefined;
  decideRun(run: { readonly id: string; readonly attempt: number }, decision: Decision): Promise<void>;
  decideRollout(id: string, decision: Decision): Promise<void>;
  /** Ends a run that has not ended; its state is `cancelled` then. */
  cancelRun(run: Run, actor: Actor): Promise<void>;
  /** Previews again what failed or was cancelled. */
  retryPreview(run: Run, actor: Actor): Promise<void>;
  /** Clears what interrupted updates of a stack left; says what was done. Rejects with a conflict while the stack is being updated. */
  unlock(at: Actor & { readonly repository: string; readonly stack: string }): Promise<string>;
  /** Looks for drift in a stack; the same id is one look. */
  look(
    id: string,
    at: {
      readonly repository: string;
      readonly stack: string;
      readonly asked: Actor & { readonly correct: boolean };
    },
  ): Promise<boolean>;
  /** Queues a promotion; its id. */
  promote(request: PromotionRequest & Actor & { readonly repository: string }): Promise<string>;
  /** Opens the change that takes a stack back. */
  rollBack(
    request: RollbackRequest & Actor & { readonly repository: string; readonly stack: string },
  ): Promise<OfferedRevertResponse>;
  /** Looks at these repositories now. */
  sync(repositories: readonly string[]): void;
  /** Asks for the preview environments of a change, or for their end. */
  askForEnvironment(change: Change, request: EnvironmentRequest & Actor): Promise<void>;
  /** Why a repository cannot be looked at now. */
  problemOf?(repository: string): string | undefined;
  /** Where forges deliver to; left out where no repository has a secret for it. */
  readonly webhooks?: WebhookOptions;
}
