import type { Head } from '../core/forge.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import type { KnownHead, RunStore } from '../core/run-store.ts';
import type { Repository } from './services.ts';

/** Branches that are ours: no change is made of them. */
const OWN_BRANCH = /^mainstay\//;

/** A branch's event together with the head that is remembered once it is taken. */
export interface HeadEvent {
  readonly event: RepositoryEvent;
  readonly branch: string;
  readonly head: { readonly commit: string | undefined; readonly version: number };
}

/**
 * Compares the heads of a repository with those handled last: the base branch first, then changes. An event's id counts the heads of its branch, so
 * that pushing back and forth makes a new one each time, and looking twice does not.
 */
export function eventsBetween(
  repository: { readonly id: string; readonly base: string },
  known: ReadonlyMap<string, KnownHead>,
  heads: readonly Head[],
): readonly HeadEvent[] {
  const base = heads.find(({ branch }) => branch === repository.base)?.commit;
  // Without a base branch there is nothing that changes could go into, yet.
  if (base === undefined) return [];
  const moved = heads.filter(({ branch, commit }) => known.get(branch)?.commit !== commit && !OWN_BRANCH.test(branch));
  const gone = [...known].filter(
    ([branch, { commit }]) => commit !== '' && !heads.some((head) => head.branch === branch),
  );
  const events = [
    ...moved.filter(({ branch }) => branch === repository.base),
    ...moved.filter(({ branch }) => branch !== repository.base),
  ].map((head): HeadEvent => {
    const version = (known.get(head.branch)?.version ?? 0) + 1;
    const origin = { id: `${repository.id}/${head.branch}#${version}:${head.commit}`, repository: repository.id };
    const event: RepositoryEvent =
      head.branch === repository.base
        ? { ...origin, kind: 'base-moved', head: head.commit }
        : { ...origin, kind: 'change-pushed', change: head.branch, head: head.commit, base };
    return { event, branch: head.branch, head: { commit: head.commit, version } };
  });
  const removals = gone.map(([branch, { version }]): HeadEvent => {
    const id = `${repository.id}/${branch}#${version + 1}:gone`;
    return {
      event: { id, repository: repository.id, kind: 'change-removed', change: branch },
      branch,
      head: { commit: undefined, version: version + 1 },
    };
  });
  return [...events, ...removals];
}

/**
 * Looks at a repository and hands on what is new. An event is stored and its workflow started before its head counts as handled: whatever is
 * interrupted is found again, and the same id is handled once.
 */
export async function sweep(
  repository: Repository,
  { store, receive }: { readonly store: RunStore; readonly receive: (event: RepositoryEvent) => Promise<void> },
): Promise<number> {
  const heads = await repository.mirror.fetch();
  const events = eventsBetween(repository, await store.events.heads(repository.id), heads);
  for (const { event, branch, head } of events) {
    await store.events.add(event);
    await receive(event);
    await store.events.setHead(repository.id, branch, head);
  }
  return events.length;
}
