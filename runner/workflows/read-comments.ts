import { commandIn } from '../core/commands.ts';
import { commentEventId } from '../core/comment-event.ts';
import type { CommentMade, RepositoryEvent } from '../core/repository-event.ts';
import type { RunStore } from '../core/run-store.ts';
import type { Repository } from './services.ts';

/** Read again each time: forges number comments before they show them, and their clocks are not ours. */
const OVERLAP_MS = 10 * 60_000;

/**
 * Hands on the commands of comments that no delivery told of: those that were written while we were away, or whose delivery was lost. The id of a
 * comment is the event's, so what a delivery brings too is done once. What was written before the first look at a repository is none of ours.
 */
export async function readComments(
  { id: repository, forge }: Repository,
  { store, receive }: { readonly store: RunStore; readonly receive: (event: RepositoryEvent) => Promise<void> },
): Promise<number> {
  if (!forge.proposals) return 0;
  const begun = new Date();
  const read = await store.events.commentsRead(repository);
  let count = 0;
  if (read !== undefined) {
    const comments = await forge.proposals.commentsSince(new Date(read.getTime() - OVERLAP_MS));
    for (const { change, id, author, text, at } of comments) {
      if (!commandIn(text)) continue;
      const event: CommentMade = {
        ...{ id: commentEventId({ repository, change, comment: id }), repository, kind: 'comment-made' },
        ...{ change, comment: id, author, text, at: at.toISOString() },
      };
      if (await store.events.add(event)) count += 1;
      // Also where it was there: whoever stored it may have ended before it was handed on.
      await receive(event);
    }
  }
  await store.events.setCommentsRead(repository, begun);
  return count;
}
