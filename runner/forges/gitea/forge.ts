import { z } from 'zod';
import { type Clock, systemClock } from '../../../foundation/clock.ts';
import { isMainstayError } from '../../../foundation/errors.ts';
import type { Forge } from '../../core/forge.ts';
import { createForge } from '../create-forge.ts';
import { login, mergeStyleOf, pull } from '../hub-shapes.ts';
import { onceAsked } from '../once-asked.ts';
import { createGiteaCalls } from './calls.ts';
import { GiteaApi } from './gitea-api.ts';

/** Where a repository is, for every forge with an API. */
export interface ForgePlace {
  /** Address of the forge: `https://git.example.org`. */
  readonly url: string;
  /** `owner/name`. */
  readonly repository: string;
  /** The branch that changes go into. */
  readonly base: string;
  readonly token: string;
  readonly clock?: Clock;
  readonly answerWithinMs?: number;
}

/** Gitea and Forgejo, over their API (https://docs.gitea.com/api). */
export function createGiteaForge(options: ForgePlace): Forge {
  const { base, token, repository, url } = options;
  const api = new GiteaApi({ ...options, name: 'Gitea', url: `${url}/api/v1` }, token);
  const place = `/repos/${repository}`;
  const clock = options.clock ?? systemClock;
  return createForge({
    ...createGiteaCalls({ api, place, base }),
    name: 'Gitea',
    cloneUrl: `${url}/${repository}.git`,
    self: onceAsked(async () => (await api.get('/user', login)).login),
    merge: async (change, head) => {
      const { allow_merge_commits: merge, ...allowed } = await api.get(place, mergeRules);
      const Do = mergeStyleOf({ merge, squash: allowed.allow_squash_merge, rebase: allowed.allow_rebase });
      await whenChecked(clock, () => api.do('POST', `${place}/pulls/${change}/merge`, { Do, head_commit_id: head }));
    },
    // It knows the commit that a merge, a squash or a rebase ended in.
    mergedBy: async (commit) => {
      const found = await api.find(`${place}/commits/${commit}/pull`, pull);
      return found && found.base.ref === base ? [String(found.number)] : [];
    },
  });
}

const mergeRules = z.object({
  allow_merge_commits: z.boolean().nullish(),
  allow_squash_merge: z.boolean().nullish(),
  allow_rebase: z.boolean().nullish(),
});

/** Gitea finds out aside whether a pull request can be merged, and refuses with `try again later` until it knows. */
async function whenChecked(clock: Clock, merge: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await merge();
    } catch (error) {
      if (tries === 10 || !(isMainstayError(error, 'conflict') && /try again later/i.test(error.message))) throw error;
      await clock.sleep(300);
    }
  }
}
