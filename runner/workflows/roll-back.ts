import { userError } from '../../foundation/errors.ts';
import type { Actor } from '../core/account.ts';
import { findAffected } from '../core/affected-stacks.ts';
import type { HistoryEntry } from '../core/mirror.ts';
import { short } from '../core/report-text.ts';
import { readSettings } from '../core/settings.ts';
import { findStacks } from '../core/stack.ts';
import { upstreamsOf } from './known-upstreams.ts';
import { type OfferedRevert, openRevert } from './open-revert.ts';
import { repositoryOf, type Services } from './services.ts';

/** How far back is looked: a stack that lies further behind is another thing than a rollback. */
const MOST_COMMITS = 200;

export interface RollbackRequest extends Actor {
  readonly repository: string;
  /** Name or id of the stack. */
  readonly stack: string;
  /** The commit that it is to be as at again: a hash, at least four of its letters. */
  readonly to: string;
  readonly reason: string;
}

/**
 * Opens the change that takes a stack back to a commit: `git revert` of the commits since then that affect it, and of no others. It is previewed as
 * any change, and what it takes back is rolled out nowhere any more until it is merged or closed. Rejects with a user error that says why not.
 */
export async function rollBack(services: Services, request: RollbackRequest): Promise<OfferedRevert> {
  const { repository, by, via, reason } = request;
  const { mirror, base } = repositoryOf(services, repository);
  const head = (await mirror.fetch()).find(({ branch }) => branch === base)!.commit;
  const to = await mirror.resolve(request.to);
  if (to === undefined)
    throw userError(`Cannot roll back as there is no such commit: ${request.to}. Look at \`git log ${base}\`.`);
  if (!(await mirror.contains(head, to)))
    throw userError(
      `Cannot roll back as the commit is not in ${base}: ${short(to)}. Choose one of \`git log ${base}\`.`,
    );
  const stack = await idOf(services, request, head);
  const commits = await affecting(services, { repository, stack, from: to, head });
  if (commits.length === 0)
    throw userError(
      `Cannot roll back as nothing since ${short(to)} affects the stack: ${stack}. It is as it was then.`,
    );
  return openRevert(services, { repository, commits, by, via, reason: reason || `${stack} goes back to ${short(to)}` });
}

async function idOf(services: Services, { repository, stack }: RollbackRequest, head: string): Promise<string> {
  const stacks = await findStacks(await repositoryOf(services, repository).mirror.tree(head));
  const found = stacks.filter(({ id, name }) => id === stack || name === stack);
  if (found.length === 1) return found[0]!.id;
  const known = stacks.map(({ id }) => id).join(', ');
  if (found.length === 0) throw userError(`Cannot roll back as there is no such stack: ${stack}. There is: ${known}.`);
  throw userError(
    `Cannot roll back as several stacks have the name: ${stack}. Choose one of ${found.map(({ id }) => id).join(', ')}.`,
  );
}

/** The commits that affect a stack, newest first. */
async function affecting(
  services: Services,
  {
    repository,
    stack,
    from,
    head,
  }: { readonly repository: string; readonly stack: string; readonly from: string; readonly head: string },
): Promise<readonly HistoryEntry[]> {
  const { mirror } = repositoryOf(services, repository);
  const history = await mirror.history({ from, to: head, all: false });
  if (history.length > MOST_COMMITS)
    throw userError(
      `Cannot roll back as ${history.length} commits lie between, more than ${MOST_COMMITS}. Choose a later commit, or correct it forward.`,
    );
  const settings = await readSettings(await mirror.tree(head));
  const upstreams = upstreamsOf(await services.store.stacks.list(repository));
  const found: HistoryEntry[] = [];
  for (const entry of history) {
    if (entry.parent === undefined) continue;
    const [before, after] = [await mirror.tree(entry.parent), await mirror.tree(entry.commit)];
    const { affected } = await findAffected(before, after, { settings, upstreams });
    if (affected.some((each) => each.stack.id === stack)) found.push(entry);
  }
  return found;
}
