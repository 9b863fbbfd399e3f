import type { EnvironmentResponse } from '../api/responses.ts';
import { actorOf, type Principal } from '../core/account.ts';
import { templatesOf } from '../core/environment-templates.ts';
import type { PreviewEnvironment } from '../core/preview-environment.ts';
import { readSettings } from '../core/settings.ts';
import { findStacks } from '../core/stack.ts';
import { missing } from './api-error.ts';
import type { Part } from './bind-routes.ts';
import { lacking } from './guard.ts';
import type { HttpOptions } from './http-options.ts';
import type { Sight } from './sight.ts';

/** What is known of preview environments, and asking for them. */
export function environmentHandlers(options: HttpOptions): Part<'environments' | 'askForEnvironment'> {
  return {
    environments: async ({ query, sight }) => {
      const all = await options.store.environments.list(query);
      return {
        items: all.filter((each) => seesEnvironment(sight, each)).map((each) => environmentResponse(each, sight)),
      };
    },
    askForEnvironment: async ({ params, body, principal, sight }) => {
      await askFor(options, { change: params.change, request: body, principal, sight });
      return {};
    },
  };
}

/** Who may see a stack may see its copies. */
export function seesEnvironment(
  sight: Pick<Sight, 'may'>,
  { repository, template }: Pick<PreviewEnvironment, 'repository' | 'template'>,
): boolean {
  return sight.may('read', { repository, stack: template });
}

/** Also what trying one of its runs again is. Who may operate every stack that a copy is made of may ask. */
export async function askFor(
  options: HttpOptions,
  {
    change: id,
    request,
    principal,
    sight,
  }: {
    readonly change: string;
    readonly request: { readonly asked: 'up' | 'down'; readonly commit?: string | undefined };
    readonly principal: Principal;
    readonly sight: Sight;
  },
): Promise<void> {
  const { store, askForEnvironment } = options;
  const change = await store.changes.get(id);
  if (!change) throw missing('change', id);
  const { repository } = change;
  for (const stack of await templatesAt(options, repository))
    if (!sight.may('operate', { repository, stack }))
      throw lacking(principal, { power: 'operate', of: sight.may('read', { repository, stack }) ? stack : repository });
  const actor = actorOf(principal);
  await askForEnvironment(change, { ...request, ...actor });
  const text = `preview environments ${request.asked}`;
  await store.audit.add({ kind: 'environment', repository, subject: id, ...actor, text });
}

async function templatesAt({ store, repositories }: HttpOptions, repository: string): Promise<readonly string[]> {
  const served = repositories.find(({ id }) => id === repository);
  const head = served && (await store.events.heads(repository)).get(served.base)?.commit;
  if (!served || !head) return [];
  const tree = await served.mirror.tree(head);
  return templatesOf(await readSettings(tree), await findStacks(tree)).map(({ stack }) => stack);
}

export function environmentResponse(
  environment: PreviewEnvironment,
  { powersAt }: Pick<Sight, 'powersAt'>,
): EnvironmentResponse {
  const { repository, stack, template, change, state, summary, commit, run, outputs, sandbox } = environment;
  return {
    ...{ repository, stack, template, change, state, summary, commit, run, outputs, sandbox },
    expiresAt: environment.expiresAt?.toISOString(),
    againAt: environment.againAt?.toISOString(),
    may: powersAt({ repository, stack: template }),
    updatedAt: environment.updatedAt.toISOString(),
  };
}
