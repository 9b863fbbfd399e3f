import { isMainstayError, userError } from '../../foundation/errors.ts';
import type { PromotionResponse } from '../api/responses.ts';
import { actorOf } from '../core/account.ts';
import type { Promotion } from '../core/keeping-store.ts';
import type { KnownStack } from '../core/known-stack.ts';
import { missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import { lacking } from './guard.ts';
import type { HttpOptions } from './http-options.ts';
import type { Sight } from './sight.ts';

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
    promotions: async ({ query, sight }) => {
      const all = await store.promotions.list(query.repository, query.state);
      if (!sight.seen) return { items: all.map(promotionResponse) };
      const known = await store.stacks.list(query.repository);
      const isSeen = ({ repository, from, to }: Promotion) =>
        [from, to].every((name) => maySee(sight, { repository, stacks: stacksNamed(known, { repository, name }) }));
      return { items: all.filter(isSeen).map(promotionResponse) };
    },
    images: async ({ query, sight }) => ({
      items: (await store.images.list(query.repository))
        // The rule that names its stack is of the repository as a whole.
        .filter(({ repository }) => sight.may('read', { repository }))
        .map(({ lookedAt, ...look }) => ({ ...look, lookedAt: lookedAt.toISOString() })),
    }),
    promote: async ({ params: { repository }, body, principal, sight }) => {
      if (!options.repositories.some(({ id }) => id === repository)) throw missing('repository', repository);
      const known = await store.stacks.list(repository);
      const stacksAt = (name: string) => stacksNamed(known, { repository, name });
      if (!maySee(sight, { repository, stacks: stacksAt(body.to) })) throw missing('stack', body.to);
      // What is no stack may be a tag of an image.
      if (!stacksAt(body.from).every((stack) => sight.may('read', { repository, stack }))) throw noSuchWay(body);
      // One that nobody knows is refused by the rule.
      const allowed = stacksAt(body.to).every((stack) => sight.may('approve', { repository, stack }));
      if (!allowed) throw lacking(principal, { power: 'approve', of: body.to });
      const id = await promoteFor(options, { request: { ...body, repository, ...actorOf(principal) }, sight });
      const promotion = await store.promotions.get(id);
      if (!promotion) throw new Error(`the promotion ${id} was asked for and is not there`);
      return promotionResponse(promotion);
    },
  };
}

/** A rule names stacks by id or by name, which several may have. */
function stacksNamed(
  known: readonly KnownStack[],
  { repository, name }: { readonly repository: string; readonly name: string },
): readonly string[] {
  const named = known.filter((stack) => stack.repository === repository && (stack.id === name || stack.name === name));
  return named.map(({ id }) => id);
}

/** What names no stack that is known is for whoever sees the whole repository. */
function maySee(
  sight: Sight,
  { repository, stacks }: { readonly repository: string; readonly stacks: readonly string[] },
): boolean {
  if (stacks.length === 0) return sight.may('read', { repository });
  return stacks.every((stack) => sight.may('read', { repository, stack }));
}

/** Why a rule does not allow it names every stack of its way. */
async function promoteFor(
  { promote }: HttpOptions,
  { request, sight }: { readonly request: Parameters<HttpOptions['promote']>[0]; readonly sight: Sight },
): Promise<string> {
  try {
    return await promote(request);
  } catch (error) {
    if (!isMainstayError(error, 'user') || sight.may('read', { repository: request.repository })) throw error;
    throw noSuchWay(request);
  }
}

function noSuchWay({ name, from, to }: Readonly<Record<'name' | 'from' | 'to', string>>): Error {
  return userError(
    `Cannot promote as mainstay.yaml has no such way: ${name} from ${from} to ${to}. Ask somebody who sees the whole repository.`,
  );
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
