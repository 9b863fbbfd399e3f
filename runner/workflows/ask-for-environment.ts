import { userError } from '../../foundation/errors.ts';
import type { Actor } from '../core/account.ts';
import type { Change } from '../core/change.ts';
import { short } from '../core/report-text.ts';
import { settingsOfBase } from './drift-facts.ts';
import type { Services } from './services.ts';

/** What somebody asks for. `commit` names the head that he has read, as a stranger's change needs. */
export interface EnvironmentRequest {
  readonly asked: 'up' | 'down';
  readonly commit?: string | undefined;
}

/**
 * Puts down that somebody wants the preview environments of a change made, made again or kept longer, or destroyed: they are looked after by that. A stranger's
 * head is run only where it is named, as for previews. Throws a user error where it cannot be.
 */
export async function askForEnvironment(
  { store, clock, ...services }: Services,
  change: Change,
  { asked, commit, by }: EnvironmentRequest & Pick<Actor, 'by'>,
): Promise<void> {
  const { id, repository, name, head, state } = change;
  const settings = await settingsOfBase({ store, clock, ...services }, repository);
  const wish = { change: id, repository, by, asked, askedAt: new Date(clock.now()) };
  if (asked === 'down') return store.environments.ask({ ...wish, head: '' });
  if (!settings || settings.previewEnvironments.length === 0)
    throw userError(
      'Cannot make a preview environment as mainstay.yaml on the base branch has no `previewEnvironments`. See docs/how-to/preview-environments.md.',
    );
  if (state !== 'open') throw userError(`Cannot make a preview environment of the change as it is ${state}: ${name}.`);
  if (change.problem !== undefined && !change.held)
    throw userError(`Cannot make a preview environment of the change as it cannot be previewed: ${change.problem}`);
  const isNamed = commit !== undefined && /^[0-9a-f]{7,40}$/i.test(commit) && head.startsWith(commit.toLowerCase());
  if (commit !== undefined && !isNamed)
    throw userError(
      `Cannot make a preview environment at ${commit} as the change's head is ${short(head)}. Read that one, and name it.`,
    );
  const named = (await store.environments.wishes(repository)).find((each) => each.change === id)?.head;
  if (!change.allowed && named !== head && !isNamed)
    throw userError(
      `Cannot make a preview environment of a stranger's change without its commit. Read it and say \`/environment ${short(head)}\`.`,
    );
  await store.environments.ask({ ...wish, head });
}

/** A stranger's change is allowed where everybody sees it. */
export function heldError({ name, head }: Pick<Change, 'name' | 'head'>): Error {
  return userError(
    `Cannot make a preview environment of the change as it waits for a maintainer: ${name}. Read ${short(head)} and say \`/environment ${short(head)}\` on it.`,
  );
}
