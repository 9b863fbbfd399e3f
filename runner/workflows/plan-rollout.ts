import { isMainstayError } from '../../foundation/errors.ts';
import { type AffectedStack, findAffected } from '../core/affected-stacks.ts';
import { withApprovalsOf } from '../core/approvals-in-effect.ts';
import type { KnownStack } from '../core/known-stack.ts';
import { stacksToProve } from '../core/proof.ts';
import type { Reason } from '../core/reason.ts';
import type { Rollout } from '../core/rollout.ts';
import { readSettings, type Settings } from '../core/settings.ts';
import type { SourceTree } from '../core/source-tree.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { managedStacks, orderStages, type Stage } from '../core/stack-order.ts';
import { upstreamsOf } from './known-upstreams.ts';
import { mergedChanges } from './merged-changes.ts';
import { runId } from './preview-change.ts';
import { recoverApplied } from './recover-applied.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import { newerRollout } from './rollout-wait.ts';
import { type Repository, repositoryOf, type Services } from './services.ts';

/** Earlier rollouts that are looked through: for settings that can be read, and for what a new one overtakes. */
const LOOKED_BACK = 200;

export interface RolloutPlan {
  readonly stages: readonly Stage[];
  /** Run ids by stack id. */
  readonly runs: Readonly<Record<string, string>>;
  /** Rollouts that wait for something and whose rest this one carries. */
  readonly overtaken: readonly string[];
  /** The newer commit, where one was there first: nothing is planned then. */
  readonly overtakenBy?: string;
  /** Runs of theirs that wait for a person. */
  readonly overtakenRuns: readonly { readonly id: string; readonly attempt: number }[];
}

/**
 * Decides what a commit of the base branch updates: each stack is compared with the commit that it is at, so whatever an earlier rollout left
 * undone is in this one. Stacks that nothing touches are at this commit with that. May be repeated.
 */
export async function planRollout(services: Services, at: RolloutAt): Promise<RolloutPlan> {
  const { store } = services;
  const repository = repositoryOf(services, at.repository);
  const id = rolloutId(at);
  // A plan that cannot be made is a rollout all the same: people have to see why nothing moves.
  await store.rollouts.add({ id, ...at, stages: [], changes: [] });
  const decided = await decideStacks(services, at);
  if (decided.overtakenBy !== undefined) return overtakenAtOnce(services, at, decided.overtakenBy);
  const { settings, options, stacks, known, affected } = decided;
  const verifies = stacksToProve(stacks, { settings, known, affected: new Set(affected.keys()) });
  const concerned = [...affected.values()].map(({ stack }) => stack);
  const ordered = orderStages(concerned, { ...options, all: stacks, verifies });
  const stages = withApprovalsOf(await settingsBefore(services, at), ordered, concerned);
  const changes = await markMerged(services, repository, at);
  await store.rollouts.set(id, { stages, changes });
  const runs: Record<string, string> = {};
  for (const { stack, reasons } of affected.values()) {
    const run = runId('u', `${id}/${stack.id}`);
    const place = { repository: at.repository, stack: stack.id, commit: at.commit };
    await store.runs.add({ id: run, ...place, kind: 'update', change: undefined, rollout: id, reasons });
    runs[stack.id] = run;
  }
  // Asked after this rollout is there: whoever begins to wait from now on sees it and is overtaken by himself.
  const earlier = await earlierRollouts(services, id, at.repository);
  const waiting = await store.runs.page({
    repository: at.repository,
    kind: 'update',
    states: ['waiting'],
    limit: 1000,
  });
  const overtaken = earlier.filter(({ state }) => state === 'waiting').map((rollout) => rollout.id);
  const overtakenRuns = waiting.items
    .filter(({ rollout }) => earlier.some((each) => each.id === rollout))
    .map(({ id: run, attempt }) => ({ id: run, attempt }));
  return { stages, runs, overtaken, overtakenRuns };
}

/** One that comes late, after a restart or by another worker, must not set back what a newer one has done. */
async function overtakenAtOnce(services: Services, at: RolloutAt, overtakenBy: string): Promise<RolloutPlan> {
  const changes = await markMerged(services, repositoryOf(services, at.repository), at);
  await services.store.rollouts.set(rolloutId(at), { changes });
  return { stages: [], runs: {}, overtaken: [], overtakenRuns: [], overtakenBy };
}

interface Decided {
  readonly overtakenBy?: undefined;
  readonly settings: Settings;
  readonly options: PlanOptions;
  readonly stacks: readonly Stack[];
  readonly known: readonly KnownStack[];
  readonly affected: ReadonlyMap<string, AffectedStack>;
}

interface PlanOptions {
  readonly settings: Settings;
  readonly upstreams: ReadonlyMap<string, readonly string[]>;
}

/** Which stacks the commit affects; the others are at it with that. Where an update begins or ends in between, it is looked at again. */
async function decideStacks(services: Services, at: RolloutAt): Promise<Decided | { readonly overtakenBy: string }> {
  const { store } = services;
  const repository = repositoryOf(services, at.repository);
  const { position = 0 } = at;
  const tree = await repository.mirror.tree(at.commit);
  for (;;) {
    const overtakenBy = await newerRollout(services, at);
    if (overtakenBy !== undefined) return { overtakenBy };
    const settings = await readSettings(tree);
    const options = { settings, upstreams: upstreamsOf(await store.stacks.list(at.repository)) };
    const stacks = managedStacks(settings, await findStacks(tree));
    await store.stacks.ensure(at.repository, inOrder(stacks, orderStages(stacks, options)), position);
    await recoverApplied(services, at, stacks);
    const known = await store.stacks.list(at.repository);
    const places = [
      ...known.map((each) => ({ stack: each.id, commit: each.appliedCommit })),
      ...(await store.runs.unfinished(at.repository, rolloutId(at))),
    ];
    const affected = await affectedSince(repository, { tree, places, options });
    const managed = new Set(stacks.map(({ id }) => id));
    const untouched = known.filter(({ id }) => managed.has(id) && !affected.has(id));
    if (await store.stacks.settle(at.repository, untouched, { commit: at.commit, position }))
      return { settings, options, stacks, known, affected };
  }
}

/**
 * The settings of the commits before this one whose rest it may carry, back to one that came through, as far as they can be read: what grants power is
 * what they say. So whoever loosens a rule does not go by it, nor does the commit that overtakes that one while it waits.
 */
async function settingsBefore(services: Services, at: RolloutAt): Promise<readonly Settings[]> {
  const { mirror } = repositoryOf(services, at.repository);
  const found: Settings[] = [];
  for (const { commit, state } of await earlierRollouts(services, rolloutId(at), at.repository)) {
    if (commit === at.commit) continue;
    try {
      found.push(await readSettings(await mirror.tree(commit)));
    } catch (error) {
      if (!isMainstayError(error)) throw error;
      continue;
    }
    if (state === 'succeeded') break;
  }
  return found;
}

/** The rollouts before this one, newest first. */
async function earlierRollouts({ store }: Services, id: string, repository: string): Promise<readonly Rollout[]> {
  const all = await store.rollouts.list(repository, LOOKED_BACK);
  const own = all.findIndex((rollout) => rollout.id === id);
  return own < 0 ? [] : all.slice(own + 1);
}

function inOrder(
  stacks: readonly Stack[],
  order: readonly Stage[],
): readonly Pick<KnownStack, 'id' | 'name' | 'environment' | 'position'>[] {
  const names = new Map(stacks.map(({ id, name }) => [id, name]));
  const places = order.flatMap(({ environment, groups }) => groups.flat().map((id) => ({ id, environment })));
  return places.map(({ id, environment }, position) => ({ id, environment, position, name: names.get(id)! }));
}

/**
 * The affected stacks, each compared with the commit that it is at and with those of which it may have a part: what failed half-way or is still under way
 * is put right by the next commit, even one that takes it back. Stacks that were never updated are affected as new.
 */
async function affectedSince(
  { mirror }: Repository,
  {
    tree,
    places,
    options,
  }: {
    readonly tree: SourceTree;
    readonly places: readonly { readonly stack: string; readonly commit: string | undefined }[];
    readonly options: PlanOptions;
  },
): Promise<ReadonlyMap<string, AffectedStack>> {
  const byCommit = Map.groupBy(places, ({ commit }) => commit);
  const found = new Map<string, AffectedStack>();
  const add = ({ stack, reasons }: AffectedStack) => {
    const others: readonly Reason[] = found.get(stack.id)?.reasons ?? [];
    found.set(stack.id, {
      stack,
      reasons: [...others, ...reasons.filter(({ text }) => !others.some((other) => other.text === text))],
    });
  };
  for (const [commit, stacks] of byCommit) {
    if (commit === undefined) continue;
    const { affected } = await findAffected(await mirror.tree(commit), tree, options);
    const here = new Set(stacks.map(({ stack }) => stack));
    for (const each of affected) if (here.has(each.stack.id)) add(each);
  }
  const atNone = new Set(places.filter(({ commit }) => commit === undefined).map(({ stack }) => stack));
  for (const stack of managedStacks(options.settings, await findStacks(tree)))
    if (atNone.has(stack.id)) add({ stack, reasons: [{ kind: 'new', text: `${stack.file} was never applied` }] });
  return found;
}

/** What this commit brings since the rollout before it. Put down before they count as merged: a plan that is made again has to find them. */
async function markMerged(services: Services, repository: Repository, at: RolloutAt): Promise<readonly string[]> {
  const { store } = services;
  const id = rolloutId(at);
  const [before] = await earlierRollouts(services, id, at.repository);
  const known = (await store.rollouts.get(id))?.changes ?? [];
  const found = await mergedChanges(services, repository, { from: before?.commit, to: at.commit });
  const changes = [...new Set([...known, ...found])];
  await store.rollouts.set(id, { changes });
  for (const change of found) await store.changes.set(change, { state: 'merged' });
  return changes;
}
