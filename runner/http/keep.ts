import type { PromotionResponse } from '../api/responses.ts';
import type { Principal } from '../core/account.ts';
import type { Promotion } from '../core/keeping-store.ts';
import { missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import type { HttpOptions } from './http-options.ts';

/** What keeps stacks true by request: looks for drift, unlocking, rollbacks, promotions. */
export function keepingHandlers(options: HttpOptions): Part<'look' | 'unlock' | 'rollBack' | 'promotions' | 'promote'> {
  const { store } = options;
  return {
    look: async ({ params, body, principal }) => {
      await refuseUnknown(options, params);
      const asked = { by: nameOf(principal), correct: body.correct };
      await options.look(`look-${crypto.randomUUID()}`, { ...params, asked });
      return {};
    },
    unlock: async ({ params, principal }) => {
      await refuseUnknown(options, params);
      return { done: await options.unlock({ ...params, by: nameOf(principal) }) };
    },
    rollBack: async ({ params, body, principal }) => {
      await refuseUnknown(options, params);
      return options.rollBack({ ...params, ...body, by: nameOf(principal) });
    },
    promotions: async ({ query }) => ({
      items: (await store.promotions.list(query.repository, query.state)).map(promotionResponse),
    }),
    promote: async ({ params: { repository }, body, principal }) => {
      if (!options.repositories.some(({ id }) => id === repository)) throw missing('repository', repository);
      const id = await options.promote({ ...body, repository, by: nameOf(principal) });
      const promotion = await store.promotions.get(id);
      if (!promotion) throw new Error(`the promotion ${id} was asked for and is not there`);
      return promotionResponse(promotion);
    },
  };
}

function nameOf({ name }: Principal): string {
  return name;
}

async function refuseUnknown(
  { repositories, store }: HttpOptions,
  { repository, stack }: { readonly repository: string; readonly stack: string },
): Promise<void> {
  if (!repositories.some(({ id }) => id === repository)) throw missing('repository', repository);
  if (!(await store.stacks.list(repository)).some(({ id }) => id === stack)) throw missing('stack', stack);
}

function promotionResponse({ at, ...promotion }: Promotion): PromotionResponse {
  const { id, repository, name, from, to, state, values, commit, change, summary, by } = promotion;
  return { ...{ id, repository, name, from, to, state, values, commit, change, summary, by }, at: at.toISOString() };
}
