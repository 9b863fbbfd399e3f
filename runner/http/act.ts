import type { DecisionRequest } from '../api/responses.ts';
import { actorOf, type Principal } from '../core/account.ts';
import type { Decision } from '../core/rollout.ts';
import { ENDED_STATES, type Run } from '../core/run.ts';
import { ApiError, missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import { askFor } from './environments.ts';
import { lacking, mayDecide } from './guard.ts';
import type { HttpOptions } from './http-options.ts';
import { runAt } from './read-runs.ts';
import type { Sight } from './sight.ts';

/** What changes something about runs and rollouts. */
export function actionHandlers(options: HttpOptions): Part<'decideRun' | 'cancelRun' | 'retryRun' | 'decideRollout'> {
  return {
    decideRun: async ({ params, body, principal }) => {
      const run = await runAt(options, params.run);
      if (run.state !== 'waiting')
        throw new ApiError(
          409,
          `Cannot decide about the run as it does not wait: ${run.id} is ${run.state}. Look at \`mainstay runs\`.`,
        );
      await options.decideRun(run, decisionOf(body, principal));
      return {};
    },
    cancelRun: async ({ params, principal }) => {
      const run = await runAt(options, params.run);
      if (ENDED_STATES.includes(run.state))
        throw new ApiError(
          409,
          `Cannot cancel the run as it has ended: ${run.id} is ${run.state}. Nothing is to be done.`,
        );
      await options.cancelRun(run, actorOf(principal));
      return {};
    },
    retryRun: async ({ params, principal, sight }) => {
      await retry(options, { run: await runAt(options, params.run), principal, sight });
      return {};
    },
    decideRollout: async ({ params, body, principal }) => {
      const rollout = await options.store.rollouts.get(params.rollout);
      if (!rollout) throw missing('rollout', params.rollout);
      if (rollout.state !== 'waiting')
        throw new ApiError(
          409,
          `Cannot decide about the rollout as it does not wait: ${rollout.id} is ${rollout.state}. Look at \`mainstay status\`.`,
        );
      await options.decideRollout(rollout.id, decisionOf(body, principal));
      return {};
    },
  };
}

/** Whoever holds the token of the data folder may say for whom they decide; anybody else decides as themselves. */
function decisionOf({ kind, by, reason, digest }: DecisionRequest, principal: Principal): Decision {
  const actor = actorOf(principal);
  return { kind, reason, digest, ...actor, by: principal.by === 'local' ? (by ?? actor.by) : actor.by };
}

/** An update goes on with the rollout that stopped at it; a preview is just made again. */
async function retry(
  options: HttpOptions,
  { run, principal, sight }: { readonly run: Run; readonly principal: Principal; readonly sight: Sight },
): Promise<void> {
  if (run.state !== 'failed' && run.state !== 'cancelled')
    throw new ApiError(
      409,
      `Cannot do the run again as it did not fail: ${run.id} is ${run.state}. Push a commit to run it anew.`,
    );
  if (run.kind === 'environment' || run.kind === 'removal') {
    const asked = run.kind === 'environment' ? 'up' : 'down';
    return askFor(options, { change: run.change ?? '', request: { asked }, principal, sight });
  }
  if (run.kind === 'preview') return options.retryPreview(run, actorOf(principal));
  const rollout = run.rollout === undefined ? undefined : await options.store.rollouts.get(run.rollout);
  if (rollout?.state !== 'waiting')
    throw new ApiError(
      409,
      `Cannot do the run again as its rollout does not wait: ${rollout ? `${rollout.id} is ${rollout.state}` : 'it has none'}. Push a commit to run it anew.`,
    );
  if (!mayDecide(sight, { power: 'operate', rollout }))
    throw lacking(principal, { power: 'operate', of: rollout.waits?.environment || rollout.repository });
  await options.decideRollout(rollout.id, { kind: 'retry', ...actorOf(principal), reason: undefined });
}
