import type { Head, OpenChange, Proposals } from '../core/forge.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import type { KnownHead, RunStore } from '../core/run-store.ts';
import type { Notice } from '../core/webhook.ts';
import { judgeStranger } from './judge-stranger.ts';
import { readComments } from './read-comments.ts';
import type { Repository } from './services.ts';

/** Branches that are ours: no change is made of them. */
const OWN_BRANCH = /^mainstay\//;

/** What is remembered under no branch's name: which branch was the base. */
const BASE = '';

/** A branch's event together with the head that is remembered once it is taken. */
export interface HeadEvent {
  readonly event: RepositoryEvent;
  readonly branch: string;
  readonly head: { readonly commit: string | undefined; readonly version: number };
}

/** The head of something that is looked at: a branch, or a pull request under `#<number>`. */
export type LookedAt = Head & {
  /** The change's name where it is not the branch's. */
  readonly change?: string;
};

/**
 * Compares the heads of a repository with those handled last: the base branch first, then changes. An event's id counts the heads of its branch, so
 * that pushing back and forth makes a new one each time, and looking twice does not. Those of the base branch count on over all there are: where
 * another branch becomes the base, its heads are newer than those of the one before.
 */
export function eventsBetween(
  repository: { readonly id: string; readonly base: string },
  known: ReadonlyMap<string, KnownHead>,
  heads: readonly LookedAt[],
): readonly HeadEvent[] {
  const base = heads.find(({ branch }) => branch === repository.base)?.commit;
  // Without a base branch there is nothing that changes could go into, yet.
  if (base === undefined) return [];
  const isOtherBase = known.has(BASE) && known.get(BASE)!.commit !== repository.base;
  const moved = heads.filter(
    ({ branch, commit }) =>
      (known.get(branch)?.commit !== commit && !OWN_BRANCH.test(branch)) || (branch === repository.base && isOtherBase),
  );
  const gone = [...known].filter(
    ([branch, { commit }]) => branch !== BASE && commit !== '' && !heads.some((head) => head.branch === branch),
  );
  const newest = Math.max(0, ...[...known].map(([branch, { version }]) => (branch === BASE ? 0 : version)));
  const events = [
    ...moved.filter(({ branch }) => branch === repository.base),
    ...moved.filter(({ branch }) => branch !== repository.base),
  ].map((head): HeadEvent => {
    const version = (head.branch === repository.base ? newest : (known.get(head.branch)?.version ?? 0)) + 1;
    const origin = { id: `${repository.id}/${head.branch}#${version}:${head.commit}`, repository: repository.id };
    const event: RepositoryEvent =
      head.branch === repository.base
        ? { ...origin, kind: 'base-moved', head: head.commit }
        : { ...origin, kind: 'change-pushed', change: head.change ?? head.branch, head: head.commit, base };
    return { event, branch: head.branch, head: { commit: head.commit, version } };
  });
  const removals = gone.map(([branch, { version }]): HeadEvent => {
    const id = `${repository.id}/${branch}#${version + 1}:gone`;
    const change = branch.replace(/^#/, '');
    return {
      event: { id, repository: repository.id, kind: 'change-removed', change },
      branch,
      head: { commit: undefined, version: version + 1 },
    };
  });
  return [...events, ...removals];
}

/**
 * Looks at a repository and hands on what is new. An event is stored and its workflow started before its head counts as handled: whatever is
 * interrupted is found again, and the same id is handled once. Resolves to what there is.
 */
export async function sweep(
  repository: Repository,
  { store, receive }: { readonly store: RunStore; readonly receive: (event: RepositoryEvent) => Promise<void> },
): Promise<readonly LookedAt[]> {
  const { forge, mirror } = repository;
  // All at once: a head that the fetch came too early for is fetched on its own.
  const fetched = mirror.fetch();
  fetched.catch(() => {});
  const [changes, known] = await Promise.all([forge.proposals?.list(), store.events.heads(repository.id)]);
  const judged = changes && judgeAll(forge.proposals!, newAmong(changes, known));
  const heads = await fetched;
  const looked = changes ? [...baseOf(repository, heads), ...changes.map(lookedAt)] : heads;
  for (const { event: seen, branch, head } of eventsBetween(repository, known, looked)) {
    const event = judged ? await completed(repository, seen, { changes: changes!, judged }) : seen;
    await store.events.add(event);
    await receive(event);
    await store.events.setHead(repository.id, branch, head);
  }
  if (known.get(BASE)?.commit !== repository.base && looked.some(({ branch }) => branch === repository.base)) {
    const role = { commit: repository.base, version: (known.get(BASE)?.version ?? 0) + 1 };
    await store.events.setHead(repository.id, BASE, role);
  }
  await readComments(repository, { store, receive });
  return looked;
}

/** Whether what a delivery tells is in what a sweep has looked at. */
export function isAmong(looked: readonly LookedAt[], notice: Notice): boolean {
  if (notice.kind === 'change')
    return looked.some(({ change, commit }) => change === notice.change && commit === notice.head);
  if (notice.kind !== 'pushed') return false;
  return looked.some(({ branch, commit }) => branch === notice.branch && commit === notice.head);
}

type Judge = (change: OpenChange) => Promise<string | undefined>;

/** Asked of a forge at once, where many changes are new. */
const JUDGED_EARLY = 4;

/** Strangers are judged while git fetches. */
function judgeAll(proposals: Proposals, changes: readonly OpenChange[]): Judge {
  const early = new Map(changes.slice(0, JUDGED_EARLY).map((change) => [change, judgeStranger(proposals, change)]));
  for (const judged of early.values()) judged.catch(() => {});
  return (change) => early.get(change) ?? judgeStranger(proposals, change);
}

function newAmong(changes: readonly OpenChange[], known: ReadonlyMap<string, KnownHead>): readonly OpenChange[] {
  return changes.filter((change) => known.get(lookedAt(change).branch)?.commit !== change.head);
}

function baseOf({ base }: Repository, heads: readonly Head[]): readonly Head[] {
  return heads.filter(({ branch }) => branch === base);
}

/** No branch can have this name next to the base branch: `#` numbers are the forge's. */
function lookedAt({ name, head }: OpenChange): LookedAt {
  return { branch: `#${name}`, change: name, commit: head };
}

/** What only the forge knows of an event: who proposed the change, whether it may run, and how it ended. The head is here then. */
async function completed(
  repository: Repository,
  event: RepositoryEvent,
  { changes, judged }: { readonly changes: readonly OpenChange[]; readonly judged: Judge },
): Promise<RepositoryEvent> {
  const proposals = repository.forge.proposals!;
  if (event.kind === 'change-removed') {
    const end = await proposals.endOf(event.change);
    return { ...event, end: end === 'merged' ? 'merged' : 'closed' };
  }
  if (event.kind !== 'change-pushed') return event;
  const change = changes.find(({ name }) => name === event.change)!;
  await repository.mirror.fetchChange({ ref: change.ref, commit: change.head });
  const held = await judged(change);
  return { ...event, author: change.author, ...(held === undefined ? {} : { held }) };
}
