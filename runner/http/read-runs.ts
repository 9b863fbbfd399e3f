import type { GraphResponse } from '../api/responses.ts';
import { nameOf } from '../core/planned-step.ts';
import type { Run } from '../core/run.ts';
import type { RunResource } from '../core/run-event.ts';
import { missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import type { HttpOptions } from './http-options.ts';
import {
  changeDetailResponse,
  changeResponse,
  rolloutResponse,
  runDetailResponse,
  runResponse,
} from './responses-of.ts';
import { streamRun } from './stream-run.ts';

/** More previews than a change can have. */
const ALL_RUNS = 1000;

type Reading = 'runs' | 'run' | 'runGraph' | 'runEvents' | 'changes' | 'change' | 'rollouts' | 'rollout';

export function runHandlers(options: HttpOptions): Part<Reading> {
  const { store } = options;
  return {
    ...workHandlers(options),
    runs: async ({ query: { state, ...filter } }) => {
      const { items, next } = await store.runs.page({ ...filter, states: state && [state] });
      return { items: items.map(runResponse), next };
    },
    run: async ({ params }) => {
      const run = await runAt(options, params.run);
      return runDetailResponse(run, await store.runs.steps(run.id));
    },
    runGraph: async ({ params }) => {
      const run = await runAt(options, params.run);
      return graphResponse(run.id, await store.runs.graph(run.id));
    },
    runEvents: async ({ params, query, context }) => {
      const run = await runAt(options, params.run);
      const header = context.req.header('last-event-id') ?? '';
      const after = /^\d{1,9}$/.test(header) ? Number(header) : (query.after ?? 0);
      const follow = query.follow === 'true';
      return streamRun(context, { runs: store.runs, run, after, follow, ending: options.ending });
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
    changes: async ({ query }) => {
      const { items, next } = await store.changes.page(query);
      const runs = await Promise.all(items.map(({ id }) => store.runs.page({ change: id, limit: ALL_RUNS })));
      return { items: items.map((change, index) => changeResponse(change, runs[index]!.items)), next };
    },
    change: ({ params }) => changeDetail(options, params.change),
    rollouts: async ({ query }) => {
      const { items, next } = await store.rollouts.page(query);
      return { items: items.map(rolloutResponse), next };
    },
    rollout: async ({ params }) => {
      const rollout = await store.rollouts.get(params.rollout);
      if (!rollout) throw missing('rollout', params.rollout);
      const mirror = options.repositories.find(({ id }) => id === rollout.repository)?.mirror;
      const [runs, approvals, described] = await Promise.all([
        store.runs.page({ rollout: rollout.id, limit: ALL_RUNS }),
        store.approvals.list(rollout.id),
        // A commit that is not in the mirror any more has no subject to show.
        mirror?.describe(rollout.commit).catch(() => undefined),
      ]);
      return {
        ...rolloutResponse(rollout),
        subject: described?.subject,
        author: described?.author,
        runs: runs.items.map(runResponse),
        approvals: approvals.map(({ environment, by, digest, at, void: isVoid }) => ({
          ...{ environment, by, digest, void: isVoid },
          at: at.toISOString(),
        })),
      };
    },
  };
}

async function changeDetail(options: HttpOptions, id: string) {
  const { store } = options;
  const change = await store.changes.get(id);
  if (!change) throw missing('change', id);
  const runs = (await store.runs.list({ change: id, limit: ALL_RUNS })).filter(({ commit }) => commit === change.merge);
  const steps = new Map(await Promise.all(runs.map(async (run) => [run.id, await store.runs.steps(run.id)] as const)));
  const rollouts = await store.rollouts.list(change.repository, 200);
  const url = options.url();
  return changeDetailResponse(change, {
    ...{ runs, steps },
    rollouts: rollouts.filter(({ changes }) => changes.includes(id)).map((rollout) => rollout.id),
    link: url && `${url}/changes/${id}`,
  });
}
