import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { AnswerOf, InputOf, Route } from '../api/route.ts';
import { ROUTES, type RouteName } from '../api/routes.ts';
import type { Principal } from '../core/account.ts';
import { ApiError } from './api-error.ts';
import { guard } from './guard.ts';
import type { HttpOptions } from './http-options.ts';
import { type Sight, sightOf } from './sight.ts';
import { whoAsks } from './sign-in.ts';

/** A request that is validated and whose asker may ask it; `principal` and `sight` are undefined only where the route needs nobody. */
export type Asked<R extends Route> = InputOf<R> & {
  readonly principal: Principal;
  readonly sight: Sight;
  readonly context: Context;
};

export type Handlers = {
  readonly [N in RouteName]: (asked: Asked<(typeof ROUTES)[N]>) => Promise<AnswerOf<(typeof ROUTES)[N]> | Response>;
};

/** One room's part of the handlers. */
export type Part<N extends RouteName> = Pick<Handlers, N>;

/** Puts every route of the API on `app`: who asks, whether the request is right, whether they may, and then the handler. */
export function bindRoutes(app: Hono, options: HttpOptions, handlers: Handlers): void {
  const methods = new Map<string, string[]>();
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    const path = honoPath(route.path);
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
    const handle = handlers[name] as (asked: unknown) => Promise<unknown>;
    app.on(route.method.toUpperCase(), path, async (context) => {
      if (route.needs === 'nobody') {
        const answer = await handle({ ...(await inputOf(route, context)), context });
        return answer instanceof Response ? answer : context.json(answer as object, route.status ?? 200);
      }
      const principal = await whoAsks(options, context);
      const sight = await sightOf(options, principal);
      return answerOf({ route, needs: route.needs, principal, sight, context, handle, store: options.store });
    });
  }
  for (const [path, allowed] of methods)
    app.all(path, (context) => {
      context.header('allow', [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : [])].join(', '));
      throw new ApiError(
        405,
        `Cannot do that as the method is not one of this address: ${context.req.method}. Use ${allowed.join(' or ')}.`,
      );
    });
}

async function answerOf({
  route,
  context,
  handle,
  ...asked
}: Pick<Parameters<typeof guard>[0], 'needs' | 'principal' | 'sight' | 'store'> & {
  readonly route: Route;
  readonly context: Context;
  readonly handle: (asked: unknown) => Promise<unknown>;
}): Promise<Response> {
  const { principal, sight } = asked;
  const input = await inputOf(route, context);
  try {
    await guard({ ...asked, params: input.params as Readonly<Record<string, string>>, body: input.body });
    const answer = await handle({ ...input, principal, sight, context });
    if (answer instanceof Response) return answer;
    const status = route.status ?? 200;
    if (!sight.seen) return context.json(answer as object, status);
    // What a part of the estate is shown to is looked over once more: ids may be in any text.
    const text = JSON.stringify(answer, (_, value: unknown) => (typeof value === 'string' ? sight.veil(value) : value));
    return context.body(text, status, { 'content-type': 'application/json' });
  } catch (error) {
    throw sight.veiled(error);
  }
}

/** `/api/runs/{run}` to `/api/runs/:run`. Slashes inside a parameter come as %2F, so one never spans two parts. */
function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

async function inputOf(route: Route, context: Context): Promise<InputOf<Route>> {
  return {
    params: parsed(route.params, { value: context.req.param(), what: 'address' }),
    query: parsed(route.query, { value: context.req.query(), what: 'query' }),
    body: route.body && parsed(route.body, { value: await jsonIn(context), what: 'body' }),
  };
}

async function jsonIn(context: Context): Promise<unknown> {
  const type = context.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new ApiError(
      400,
      `Cannot read the body as it is not JSON: ${type || 'no content-type'}. Send application/json.`,
    );
  const text = await context.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, 'Cannot read the body as it is not JSON. Send one JSON value.');
  }
}

function parsed(schema: z.ZodType, { value, what }: { readonly value: unknown; readonly what: string }): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = z.prettifyError(result.error).replace(/\s*\n\s*/g, ' ');
  throw new ApiError(400, `Cannot take the request as its ${what} is wrong: ${mistakes}. See /api/openapi.json.`);
}
