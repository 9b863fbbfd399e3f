import { z } from 'zod';
import { type Clock, systemClock } from '../../../foundation/clock.ts';
import { isMainstayError } from '../../../foundation/errors.ts';
import type { Forge } from '../../core/forge.ts';
import { createForge } from '../create-forge.ts';
import { ForgeApi } from '../forge-api.ts';
import { createHubCalls } from '../hub-calls.ts';
import { onceAsked } from '../once-asked.ts';

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
export function createGiteaForge(place: ForgePlace): Forge {
  const api = new ForgeApi({
    ...place,
    name: 'Gitea',
    url: `${place.url}/api/v1`,
    headers: async () => ({ authorization: `token ${place.token}` }),
  });
  const repository = `/repos/${place.repository}`;
  const clock = place.clock ?? systemClock;
  const calls = createHubCalls({
    ...{ api, repository, base: place.base, name: 'Gitea', pages: 'limit=50' },
    cloneUrl: `${place.url}/${place.repository}.git`,
    self: onceAsked(async () => (await api.get('/user', z.object({ login: z.string() }))).login),
    merge: (change, head) =>
      whenChecked(clock, () =>
        api.do('POST', `${repository}/pulls/${change}/merge`, { Do: 'merge', head_commit_id: head }),
      ),
  });
  return createForge(calls);
}

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
