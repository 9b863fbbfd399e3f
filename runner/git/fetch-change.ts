import { MainstayError } from '../../foundation/errors.ts';
import type { Git } from './git-command.ts';

/** Fetches a change's head into a ref of ours, as `Mirror.fetchChange` says. */
export async function fetchChange(
  git: Git,
  { ref, commit }: { readonly ref: string; readonly commit: string },
): Promise<void> {
  const own = `refs/mainstay/${ref.replace(/^refs\//, '')}`;
  await git.run('fetch', '--quiet', '--no-tags', 'origin', `+${ref}:${own}`);
  const fetched = (await git.run('rev-parse', own)).trim();
  if (fetched !== commit)
    throw new MainstayError(
      'conflict',
      `Cannot fetch ${ref} as it has moved: ${commit} is ${fetched} now. It is looked at again.`,
    );
}
