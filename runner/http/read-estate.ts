import { isMainstayError } from '../../foundation/errors.ts';
import type { RepositoryStatus, RunResponse, SettingsResponse, StackStatus } from '../api/responses.ts';
import { actorOf } from '../core/account.ts';
import { addUpdates } from '../core/compare-updates.ts';
import type { DriftRecord } from '../core/keeping-store.ts';
import { alignmentOf, type KnownStack } from '../core/known-stack.ts';
import { nameOf } from '../core/planned-step.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Run, RunHead } from '../core/run.ts';
import { parseSettings, readSettings, SETTINGS_FILES } from '../core/settings.ts';
import { settingsInEffect } from '../core/settings-in-effect.ts';
import { standingOf } from '../core/standing.ts';
import { ApiError, missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import { environmentResponse, seesEnvironment } from './environments.ts';
import type { HttpOptions, ServedRepository } from './http-options.ts';
import { graphResponse, rolloutFor } from './read-runs.ts';
import { driftResponse, rolloutResponse } from './responses-of.ts';
import type { Sight } from './sight.ts';

/** How many updates lie at most between two that are compared. */
const MOST_COMPARED = 500;

/** Among so many is what stacks wait for. */
const LATEST_ROLLOUTS = 5;

type Reading = 'status' | 'stacks' | 'stack' | 'stackGraph' | 'compare' | 'drift' | 'audit' | 'settings' | 'sync';

export function estateHandlers(options: HttpOptions): Part<Reading> {
  const { store } = options;
  const stackAt = async (
    { repository, stack }: { readonly repository: string; readonly stack: string },
    sight: Sight,
  ) => {
    const found = (await repositoryStatus(options, { served: repositoryAt(options, repository), sight }))?.stacks;
    const status = found?.find(({ id }) => id === stack);
    if (!status) throw missing('stack', stack);
    return status;
  };
  return {
    status: async ({ sight }) => {
      const repositories = await statuses(options, sight);
      return { repositories, aligned: repositories.every(isRepositoryAligned) };
    },
    stacks: async ({ query, sight }) => {
      const all = (await statuses(options, sight)).flatMap(({ stacks }) => stacks);
      const kept = all.filter(
        (stack) =>
          (query.repository === undefined || stack.repository === query.repository) &&
          (query.environment === undefined || stack.environment === query.environment) &&
          (query.alignment === undefined || stack.alignment === query.alignment) &&
          (query.search === undefined || stack.id.toLowerCase().includes(query.search.toLowerCase())),
      );
      return pageOf(kept, query);
    },
    stack: ({ params, sight }) => stackAt(params, sight),
    stackGraph: async ({ params, sight }) => {
      const { lastRun } = await stackAt(params, sight);
      if (lastRun === undefined) return { run: '', resources: [] };
      return graphResponse(lastRun, await store.runs.graph(lastRun));
    },
    compare: ({ params, query }) => compare(options, { ...params, ...query }),
    drift: async ({ query, sight }) => {
      const records = (await store.drift.list(query.repository)).filter((record) => sight.may('read', record));
      const latest = await Promise.all(options.repositories.map(({ id }) => store.runs.latest(id)));
      const played = new Set(
        latest.flat().flatMap(({ repository, stack, sandbox }) => (sandbox ? `${repository}:${stack}` : [])),
      );
      const wanted = records.filter(({ state }) => state === (query.state ?? state));
      return {
        items: wanted.map((record) => driftResponse(record, played.has(`${record.repository}:${record.stack}`))),
      };
    },
    audit: async ({ query, sight: { seen } }) => ({
      items: (await store.audit.list({ ...query, seen })).map(
        ({ number, at, kind, repository, subject, by, via, text, hash }) => ({
          ...{ number, kind, repository, subject, by, via, text, hash },
          at: at.toISOString(),
        }),
      ),
    }),
    settings: ({ params, sight }) => settingsOf(options, { served: repositoryAt(options, params.repository), sight }),
    sync: async ({ principal, sight }) => {
      const ids = options.repositories.map(({ id }) => id).filter((id) => sight.maySomewhere('operate', id));
      for (const id of ids)
        await store.audit.add({
          ...{ kind: 'sync', repository: id, subject: id, text: 'look at the repository now' },
          ...actorOf(principal),
        });
      options.sync(ids);
      return {};
    },
  };
}

/** Of a repository that cannot be read nobody knows; one that nobody has read yet, or whose plan could not be made, has no stacks that could be behind. */
function isRepositoryAligned({ base, rollout, stacks, problem }: RepositoryStatus): boolean {
  if (problem !== undefined || base === undefined || rollout === undefined) return false;
  return stacks.every(({ aligned }) => aligned) && (stacks.length > 0 || rollout.state !== 'failed');
}

/** What is drifted is not aligned; what nobody looked at is, as far as anybody knows. */
function isAligned({ alignment, drift, health }: Pick<StackStatus, 'alignment' | 'drift' | 'health'>): boolean {
  return alignment === 'aligned' && drift !== 'drifted' && drift !== 'flapping' && health !== 'bad';
}

function repositoryAt({ repositories }: HttpOptions, id: string): ServedRepository {
  const repository = repositories.find((candidate) => candidate.id === id);
  if (!repository) throw missing('repository', id);
  return repository;
}

/** A list that is in memory anyway, cut. `after` is an item's place in it. */
function pageOf<T extends { readonly id: string; readonly repository: string }>(
  all: readonly T[],
  { limit, after }: { readonly limit: number; readonly after?: string },
): { readonly items: readonly T[]; readonly next?: string } {
  const keyOf = (item: T) => `${item.repository}:${item.id}`;
  const start = after === undefined ? 0 : all.findIndex((item) => keyOf(item) === after) + 1;
  if (after !== undefined && start === 0)
    throw new ApiError(400, `Cannot list what comes after as there is no such entry: ${after}. Use \`next\`.`);
  const items = all.slice(start, start + limit);
  return { items, next: start + limit < all.length ? keyOf(items.at(-1)!) : undefined };
}

/** Of every repository that whoever asks may see something of. */
export async function statuses(options: HttpOptions, sight: StatusSight = ALL): Promise<readonly RepositoryStatus[]> {
  const all = await Promise.all(options.repositories.map((served) => repositoryStatus(options, { served, sight })));
  return all.filter((status) => status !== undefined);
}

type StatusSight = Pick<Sight, 'seen' | 'may' | 'powersAt'>;

/** For figures, which nobody's name is on. */
const ALL: StatusSight = { seen: undefined, may: () => true, powersAt: () => [] };

async function repositoryStatus(
  { store, problemOf }: HttpOptions,
  { served: { id, base }, sight }: { readonly served: ServedRepository; readonly sight: StatusSight },
): Promise<RepositoryStatus | undefined> {
  const [heads, all, updates, found, drift, environments] = await Promise.all([
    store.events.heads(id),
    store.stacks.list(id),
    store.runs.latest(id),
    store.rollouts.list(id, LATEST_ROLLOUTS),
    store.drift.list(id),
    store.environments.list({ repository: id }),
  ]);
  const stacks = all.filter((stack) => sight.may('read', { repository: id, stack: stack.id }));
  if (stacks.length === 0 && !sight.may('read', { repository: id })) return undefined;
  const rollouts = found.flatMap((rollout) => rolloutFor(rollout, sight) ?? []);
  const head = heads.get(base)?.commit;
  const byStack = new Map(updates.map((run) => [run.stack, run]));
  // A plan that could not be made ends nothing of what goes on.
  const rollout = rollouts.find(({ state }) => state === 'waiting' || state === 'running') ?? rollouts[0];
  const driftOf = new Map(drift.map((record) => [record.stack, record]));
  const ordered = stacks.toSorted((a, b) => a.position - b.position || a.id.localeCompare(b.id));
  return {
    id,
    branch: base,
    base: head,
    problem: problemOf?.(id),
    environments: [...new Set(ordered.map(({ environment }) => environment))],
    stacks: ordered.map((stack) => ({
      ...stackStatus(stack, head, { last: byStack.get(stack.id), drift: driftOf.get(stack.id), rollout }),
      may: sight.powersAt({ repository: id, stack: stack.id }),
    })),
    rollout: rollouts[0] && rolloutResponse(rollouts[0]),
    previewEnvironments: environments
      .filter((environment) => environment.state !== 'removed' && seesEnvironment(sight, environment))
      .map((environment) => environmentResponse(environment, sight)),
  };
}

function stackStatus(
  stack: KnownStack,
  base: string | undefined,
  {
    last,
    drift,
    rollout,
  }: {
    readonly last: RunHead | undefined;
    readonly drift: DriftRecord | undefined;
    readonly rollout: Rollout | undefined;
  },
): Omit<StackStatus, 'may'> {
  const alignment = alignmentOf(stack, base, last?.state === 'failed' ? 'failed' : 'other');
  const standing = { ...standingOf(stack, { rollout, last }), drift: drift?.state ?? 'unknown' };
  return {
    id: stack.id,
    repository: stack.repository,
    environment: stack.environment,
    aligned: isAligned({ alignment, ...standing }),
    alignment,
    appliedCommit: stack.appliedCommit,
    appliedAt: stack.appliedAt?.toISOString(),
    summary: last ? `${last.state}${last.summary ? `: ${last.summary}` : ''}` : 'no update yet',
    ...standing,
    driftSummary: drift?.summary,
    lastRun: last?.id,
    lastState: last?.state as RunResponse['state'] | undefined,
    sandbox: last?.sandbox ?? false,
  };
}

async function compare(
  { store }: HttpOptions,
  { repository, stack, from, to }: Readonly<Record<'repository' | 'stack' | 'from' | 'to', string>>,
) {
  const updates = await store.runs.list({
    repository,
    stack,
    kind: 'update',
    states: ['succeeded'],
    limit: MOST_COMPARED,
  });
  const oldest = updates.toReversed();
  const place = (id: string) => {
    const index = oldest.findIndex((run) => run.id === id);
    if (index < 0) throw missing(`successful update of ${stack}`, id);
    return index;
  };
  const [first, last] = [place(from), place(to)].sort((a, b) => a - b) as [number, number];
  const between: readonly Run[] = oldest.slice(first + 1, last + 1);
  return {
    stack,
    from: oldest[first]!.commit,
    to: oldest[last]!.commit,
    runs: between.map(({ id }) => id),
    resources: addUpdates(between.map(({ outcome }) => outcome?.steps ?? [])).map((difference) => ({
      ...difference,
      name: nameOf(difference.urn),
    })),
  };
}

async function settingsOf(
  options: HttpOptions,
  { served: { id, base, mirror }, sight }: { readonly served: ServedRepository; readonly sight: Sight },
): Promise<SettingsResponse> {
  const commit = (await options.store.events.heads(id)).get(base)?.commit;
  // The runner's own name every repository.
  const common = { repository: id, commit, runner: sight.seen ? [] : options.runnerSettings };
  if (!commit) return { ...common, settings: [] };
  const tree = await mirror.tree(commit);
  const path = SETTINGS_FILES.find((candidate) => tree.files.has(candidate));
  const file = path === undefined ? undefined : { path, text: await tree.read(path) };
  try {
    const settings = await readSettings(tree);
    return { ...common, file: path, settings: settingsInEffect(settings, file) };
  } catch (error) {
    if (!isMainstayError(error, 'user')) throw error;
    return { ...common, file: path, problem: error.message, settings: settingsInEffect(parseSettings('', '')) };
  }
}
