import { COMMENT_MARKER, short } from '../core/report-text.ts';
import type { ChangePushed } from '../core/repository-event.ts';
import { changeId } from './change-at.ts';
import { repositoryOf, type Services } from './services.ts';

/** Keeps a stranger's head from running, and says what a maintainer can do. May be repeated. */
export async function holdChange(services: Services, event: ChangePushed, why: string): Promise<void> {
  const { repository, change: name, head, base, author } = event;
  const id = changeId({ repository, name });
  const problem = `It waits for a maintainer as ${why}. Read ${short(head)} and say \`/preview ${short(head)}\` to run it.`;
  await services.store.changes.put({
    ...{ id, repository, name, state: 'open' as const, head, base, merge: undefined, problem, author, held: true },
  });
  const { forge } = repositoryOf(services, repository);
  const status = { commit: head, context: 'mainstay', state: 'pending' as const, link: services.link(`changes/${id}`) };
  await forge.setStatus({ ...status, text: `waits for a maintainer as ${why}` });
  await forge.putComment({ change: name, commit: head, text: `${COMMENT_MARKER}\n**Not previewed yet.** ${problem}` });
  services.tell(`change ${name} at ${short(head)} waits for a maintainer as ${why}`);
}
