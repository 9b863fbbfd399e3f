import type { GraphResponse } from '../api/responses.ts';
import type { Change } from '../core/change.ts';
import { nameOf } from '../core/planned-step.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Run } from '../core/run.ts';
import type { RunResource } from '../core/run-event.ts';
import { seenRollout } from '../core/seen-rollout.ts';
import { missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import { environmentResponse, seesEnvironment } from './environments.ts';
import { mayDecide } from './guard.ts';
import type { HttpOptions } from './http-options.ts';
import {
  changeDetailResponse,
  changeResponse,
  rolloutResponse,
  runDetailResponse,
  runResponse,
} from './responses-of.ts';
import { type Sight, sightOf } from './sight.ts';
import { whoAsks } from './sign-in.ts';
import { streamRun } from './stream-run.ts';

/** More previews than a change can have. */
const ALL_RUNS = 1000;

type Reading = 'runs' | 'run' | 'runGraph' | 'runEvents' | 'changes' | 'change' | 'rollouts' | 'rollout';

export function runHandlers(options: HttpOptions): Part<Reading> {
  const { store } = options;
  return {
    ...workHandlers(options),
    runs: async ({ query: { state, ...filter }, sight: { seen } }) => {
      const { items, next } = await store.runs.page({ ...filter, states: state && [state], seen });
      return { items: items.map(runResponse), next };
    },
    run: async ({ params, sight }) => {
      const run = await runAt(options, params.run);
      return runDetailResponse(run, { steps: await store.runs.steps(run.id), may: sight.powersAt(run) });
    },
    runGraph: async ({ params }) => {
      const run = await runAt(options, params.run);
      return graphResponse(run.id, await store.runs.graph(run.id));
    },
    runEvents: async ({ params, query, context, sight }) => {
      const run = await runAt(options, params.run);
      const header = context.req.header('last-event-id') ?? '';
      const after = /^\d{1,9}$/.test(header) ? Number(header) : (query.after ?? 0);
      const follow = query.follow === 'true';
      // A role that is taken away, or a session that ends, ends what is being read.
      const isStillSeen = async () => (await sightOf(options, await whoAsks(options, context))).may('read', run);
      const { ending } = options;
      return streamRun(context, { runs: store.runs, run, after, follow, ending, veil: sight.veil, isStillSeen });
    },
  };
}

export async function runAt({ store }: HttpOptions, id: string): Promise<Run> {
  const run = await store.runs.get(id);
  if (!run) throw missing('run', id);
  return run;
}

export function graphResponse(run: string, resources: readonly RunResource[]): GraphResponse {
  return { run, resources: resources.map((resource) => ({ ...resource, name: nameOf(resource.urn) })) };
}

function workHandlers(options: HttpOptions): Part<'changes' | 'change' | 'rollouts' | 'rollout'> {
  const { store } = options;
  return {
    changes: async ({ query, sight }) => {
      const { items, next } = await store.changes.page({ ...query, seen: sight.seen });
      const { seen } = sight;
      const runs = await Promise.all(
        items.map(({ id }) => store.runs.page({ change: id, kind: 'preview', limit: ALL_RUNS, seen })),
      );
      return {
        items: items.map((change, index) => changeResponse(seenChange(change, sight), runs[index]!.items)),
        next,
      };
    },
    change: ({ params, sight }) => changeDetail(options, params.change, sight),
    rollouts: async ({ query, sight }) => {
      const { items, next } = await store.rollouts.page({ ...query, seen: sight.seen });
      return { items: items.flatMap((rollout) => rolloutFor(rollout, sight) ?? []).map(rolloutResponse), next };
    },
    rollout: async ({ params, sight }) => {
      const whole = await store.rollouts.get(params.rollout);
      const rollout = whole && rolloutFor(whole, sight);
      if (!rollout) throw missing('rollout', params.rollout);
      const mirror = options.repositories.find(({ id }) => id === rollout.repository)?.mirror;
      const [runs, approvals, described] = await Promise.all([
        store.runs.page({ rollout: rollout.id, limit: ALL_RUNS, seen: sight.seen }),
        store.approvals.list(rollout.id),
        // A commit that is not in the mirror any more has no subject to show.
        mirror?.describe(rollout.commit).catch(() => undefined),
      ]);
      const environments = rollout.stages.map(({ environment }) => environment);
      return {
        ...rolloutResponse(rollout),
        subject: described?.subject,
        author: described?.author,
        runs: runs.items.map(runResponse),
        approvals: approvals
          .filter(({ environment }) => !sight.seen || environments.includes(environment))
          .map(({ environment, by, digest, at, void: isVoid }) => ({
            ...{ environment, by, digest, void: isVoid },
            at: at.toISOString(),
          })),
        may: DECIDING.filter((power) => mayDecide(sight, { power, rollout: whole })),
      };
    },
  };
}

const DECIDING = ['operate', 'approve', 'own'] as const;

/** A rollout as somebody may see it; undefined where none of it is theirs to see. */
export function rolloutFor(rollout: Rollout, sight: Pick<Sight, 'seen' | 'may'>): Rollout | undefined {
  const { repository } = rollout;
  if (!sight.seen || sight.may('read', { repository })) return rollout;
  return seenRollout(rollout, (stack) => sight.may('read', { repository, stack }));
}

/** What keeps a whole change from being previewed names files of any stack. */
function seenChange(change: Change, sight: Sight): Change {
  const { repository, problem } = change;
  if (problem === undefined || sight.may('read', { repository })) return change;
  return { ...change, problem: 'It cannot be previewed; why is shown to who sees the whole repository.' };
}

async function changeDetail(options: HttpOptions, id: string, sight: Sight) {
  const { store } = options;
  const change = await store.changes.get(id);
  if (!change) throw missing('change', id);
  const runs = (await store.runs.list({ change: id, kind: 'preview', limit: ALL_RUNS })).filter(
    (run) => run.commit === change.merge && sight.may('read', run),
  );
  const environments = (await store.environments.list({ change: id }))
    .filter((each) => seesEnvironment(sight, each))
    .map((each) => environmentResponse(each, sight));
  const steps = new Map(await Promise.all(runs.map(async (run) => [run.id, await store.runs.steps(run.id)] as const)));
  const rollouts = (await store.rollouts.list(change.repository, 200)).filter(({ changes }) => changes.includes(id));
  const url = options.url();
  return changeDetailResponse(seenChange(change, sight), {
    ...{ runs, steps, environments },
    rollouts: rollouts.filter((rollout) => rolloutFor(rollout, sight)).map((rollout) => rollout.id),
    link: url && `${url}/changes/${id}`,
    mayOf: sight.powersAt,
  });
}
