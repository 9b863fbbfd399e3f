import type { PromotionResponse } from '../api/responses.ts';
import { actorOf } from '../core/account.ts';
import type { Promotion } from '../core/keeping-store.ts';
import { missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import type { HttpOptions } from './http-options.ts';

/** What keeps stacks true by request: looks for drift, unlocking, rollbacks, promotions, images. */
export function keepingHandlers(
  options: HttpOptions,
): Part<'look' | 'unlock' | 'rollBack' | 'promotions' | 'images' | 'promote'> {
  const { store } = options;
  return {
    look: async ({ params, body, principal }) => {
      await refuseUnknown(options, params);
      const asked = { ...actorOf(principal), correct: body.correct };
      const text = `look for drift${body.correct ? ', and put back what differs' : ''}`;
      await store.audit.add({
        ...{ kind: 'look', repository: params.repository, subject: params.stack, text },
        ...actorOf(principal),
      });
      await options.look(`look-${crypto.randomUUID()}`, { ...params, asked });
      return {};
    },
    unlock: async ({ params, principal }) => {
      await refuseUnknown(options, params);
      return { done: await options.unlock({ ...params, ...actorOf(principal) }) };
    },
    rollBack: async ({ params, body, principal }) => {
      await refuseUnknown(options, params);
      return options.rollBack({ ...params, ...body, ...actorOf(principal) });
    },
    promotions: async ({ query }) => ({
      items: (await store.promotions.list(query.repository, query.state)).map(promotionResponse),
    }),
    images: async ({ query }) => ({
      items: (await store.images.list(query.repository)).map(({ lookedAt, ...look }) => ({
        ...look,
        lookedAt: lookedAt.toISOString(),
      })),
    }),
    promote: async ({ params: { repository }, body, principal }) => {
      if (!options.repositories.some(({ id }) => id === repository)) throw missing('repository', repository);
      const id = await options.promote({ ...body, repository, ...actorOf(principal) });
      const promotion = await store.promotions.get(id);
      if (!promotion) throw new Error(`the promotion ${id} was asked for and is not there`);
      return promotionResponse(promotion);
    },
  };
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
