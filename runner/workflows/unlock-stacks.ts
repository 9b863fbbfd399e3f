import { userError } from '../../foundation/errors.ts';
import type { Change } from '../core/change.ts';
import type { CommentMade } from '../core/repository-event.ts';
import type { StackAt } from './drift-facts.ts';
import type { Services } from './services.ts';
import { busyWith, type Unlock, unlockInTurn } from './unlock-stack.ts';

/** A stack of a change; `busy` is the update that is at it. */
export interface StackToUnlock extends StackAt {
  readonly busy: string | undefined;
}

/** The stacks that a change affects. Throws a user error where there is none. */
export async function stacksToUnlock(services: Services, change: Change): Promise<readonly StackToUnlock[]> {
  const { repository } = change;
  const previews = await services.store.runs.list({ change: change.id, kind: 'preview', limit: 1000 });
  const stacks = [...new Set(previews.map(({ stack }) => stack))].sort();
  if (stacks.length === 0) throw userError('Cannot unlock anything as the change affects no stack. See `/help`.');
  return Promise.all(
    stacks.map(async (stack) => ({ repository, stack, busy: (await busyWith(services, { repository, stack }))?.id })),
  );
}

/**
 * Clears what interrupted updates of stacks left, each in its turn: their processes and our own locks, never somebody else's. A stack that is being
 * updated is left alone. Part of a comment's workflow. Returns what was done, a line per stack.
 */
export async function unlockStacks(
  stacks: readonly StackToUnlock[],
  { event, unlock }: { readonly event: CommentMade; readonly unlock: Unlock },
): Promise<string> {
  const lines: string[] = [];
  for (const { repository, stack, busy } of stacks) {
    if (busy !== undefined) {
      lines.push(`- ${stack} is being updated (${busy}), and holds its own lock`);
      continue;
    }
    const id = `unlock:${event.id}:${stack}`;
    const done = await unlockInTurn({ id, repository, stack, by: event.author, via: 'comment' }, unlock);
    lines.push(`- ${stack}: ${done.ok ? done.value : done.error.message}`);
  }
  return lines.join('\n');
}
