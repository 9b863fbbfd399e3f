import { timingSafeEqual } from 'node:crypto';
import { type ServerType, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { z } from 'zod';
import { isMainstayError, systemCode, userError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { ErrorResponse } from '../api/responses.ts';
import type { Decision } from '../core/rollout.ts';
import type { RunStore } from '../core/run-store.ts';
import { changePage, errorPage, estatePage, runPage, STYLE } from './page.ts';
import { changeResponse, repositoryStatus, rolloutResponse, runDetailResponse, runResponse } from './responses-of.ts';

/** What the server shows and who takes what it is told. */
export interface HttpOptions {
  readonly store: RunStore;
  readonly repositories: readonly { readonly id: string; readonly base: string }[];
  /** Whoever changes anything has to bring it: `Authorization: Bearer <token>`. */
  readonly token: string;
  readonly log: Log;
  link(path: string): string | undefined;
  decideRun(run: { readonly id: string; readonly attempt: number }, decision: Decision): Promise<void>;
  decideRollout(id: string, decision: Decision): Promise<void>;
  sync(): void;
}

const LONGEST_BODY = 64 * 1024;

/** Host names that are us. Another one means that a page of somebody else has its name point here (DNS rebinding). */
const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export function createApp(options: HttpOptions): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    }),
  );
  app.use(async (context, next) => {
    if (OWN_HOST.test(context.req.header('host') ?? '')) return next();
    return context.json(
      { error: 'Cannot answer as the host name is not this machine. Ask for 127.0.0.1.' } satisfies ErrorResponse,
      421,
    );
  });
  app.use(
    bodyLimit({ maxSize: LONGEST_BODY, onError: (context) => context.json({ error: 'The body is too long.' }, 413) }),
  );
  app.onError((error, context) => answerError(options.log, error, context));
  app.notFound((context) => notFound(context, `There is nothing at ${context.req.path}.`));
  addReading(app, options);
  addActions(app, options);
  addPages(app, options);
  return app;
}

function answerError(log: Log, error: Error, context: Context): Response {
  if (isMainstayError(error))
    return context.json({ error: error.message } satisfies ErrorResponse, error.kind === 'transient' ? 503 : 400);
  const id = crypto.randomUUID();
  log.error({ id, err: error }, 'a request failed by a bug of ours');
  return context.json({ error: `This is a bug of Mainstay: ${id}. Its log says more.` } satisfies ErrorResponse, 500);
}

function notFound(context: Context, message: string): Response | Promise<Response> {
  if (context.req.path.startsWith('/api/')) return context.json({ error: message } satisfies ErrorResponse, 404);
  return context.html(errorPage(message), 404);
}

const filterSchema = z.object({
  stack: z.string().optional(),
  kind: z.enum(['preview', 'update']).optional(),
  rollout: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

function addReading(app: Hono, options: HttpOptions): void {
  const { store } = options;
  app.get('/healthz', (context) => context.json({ ok: true }));
  app.get('/api/status', async (context) => {
    const repositories = await statuses(options);
    const aligned = repositories.every(({ stacks }) => stacks.every(({ alignment }) => alignment === 'aligned'));
    return context.json({ repositories, aligned });
  });
  app.get('/api/runs', async (context) => {
    const filter = filterSchema.safeParse(context.req.query());
    if (!filter.success)
      throw userError(`Cannot list runs as the filter is wrong: ${z.prettifyError(filter.error)}. Correct it.`);
    return context.json((await store.runs.list(filter.data)).map(runResponse));
  });
  app.get('/api/runs/:id', async (context) => {
    const run = await store.runs.get(context.req.param('id'));
    return run
      ? context.json(runDetailResponse(run, await store.runs.steps(run.id)))
      : notFound(context, 'There is no such run.');
  });
  app.get('/api/rollouts', async (context) =>
    context.json((await store.rollouts.list(undefined)).map(rolloutResponse)),
  );
  app.get('/api/changes', async (context) => context.json(await changesOf(options)));
  app.get('/api/changes/:id{.+}', async (context) => {
    const change = await changeOf(options, context.req.param('id'));
    return change ? context.json(change) : notFound(context, 'There is no such change.');
  });
}

async function statuses({ store, repositories }: HttpOptions) {
  return Promise.all(
    repositories.map(async ({ id, base }) => {
      const [heads, stacks, updates, rollouts] = await Promise.all([
        store.events.heads(id),
        store.stacks.list(id),
        store.runs.list({ repository: id, kind: 'update', limit: 1000 }),
        store.rollouts.list(id, 1),
      ]);
      return repositoryStatus(id, { base: heads.get(base)?.commit, stacks, updates, rollout: rollouts[0] });
    }),
  );
}

async function changesOf(options: HttpOptions) {
  const changes = (await options.store.changes.list(undefined)).slice(0, 50);
  return Promise.all(
    changes.map(async (change) =>
      changeResponse(
        change,
        await options.store.runs.list({ change: change.id, limit: 1000 }),
        options.link(`changes/${change.id}`),
      ),
    ),
  );
}

async function changeOf(options: HttpOptions, id: string) {
  const change = await options.store.changes.get(id);
  if (!change) return undefined;
  return changeResponse(
    change,
    await options.store.runs.list({ change: id, limit: 1000 }),
    options.link(`changes/${id}`),
  );
}

const decisionSchema = z.strictObject({
  kind: z.enum(['approve', 'reject', 'retry', 'give-up']),
  by: z.string().min(1).max(200),
  reason: z.string().max(2000).optional(),
});

function addActions(app: Hono, options: HttpOptions): void {
  app.use('/api/*', async (context, next) => {
    if (context.req.method === 'GET' || hasToken(context, options.token)) return next();
    return context.json(
      { error: 'Cannot do that without the token. Call the mainstay command, or send Authorization: Bearer.' },
      401,
    );
  });
  app.post('/api/sync', (context) => {
    options.sync();
    return context.json({}, 202);
  });
  app.post('/api/runs/:id/decision', async (context) => {
    const decision = await decisionIn(context);
    const run = await options.store.runs.get(context.req.param('id')!);
    if (!run) return notFound(context, 'There is no such run.');
    if (run.state !== 'waiting')
      throw userError(
        `Cannot decide about the run as it does not wait: ${run.id} is ${run.state}. Look at \`mainstay runs\`.`,
      );
    await options.decideRun(run, decision);
    return context.json({}, 202);
  });
  app.post('/api/rollouts/:id/decision', async (context) => {
    const decision = await decisionIn(context);
    const rollout = await options.store.rollouts.get(context.req.param('id')!);
    if (!rollout) return notFound(context, 'There is no such rollout.');
    if (rollout.state !== 'waiting')
      throw userError(
        `Cannot decide about the rollout as it does not wait: ${rollout.id} is ${rollout.state}. Look at \`mainstay status\`.`,
      );
    await options.decideRollout(rollout.id, decision);
    return context.json({}, 202);
  });
}

async function decisionIn(context: Context): Promise<Decision> {
  const body: unknown = await context.req.json().catch(() => undefined);
  const parsed = decisionSchema.safeParse(body);
  if (!parsed.success)
    throw userError(
      `Cannot take the decision as it is none: ${z.prettifyError(parsed.error)}. Send {"kind": "approve", "by": "…"}.`,
    );
  return { reason: undefined, ...parsed.data };
}

function hasToken(context: Context, token: string): boolean {
  const [given, wanted] = [Buffer.from(context.req.header('authorization') ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function addPages(app: Hono, options: HttpOptions): void {
  const { store } = options;
  app.get('/style.css', (context) => context.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/', async (context) => {
    const [repositories, runs, changes, rollouts] = await Promise.all([
      statuses(options),
      store.runs.list({ limit: 30 }),
      changesOf(options),
      store.rollouts.list(undefined, 10),
    ]);
    return context.html(
      estatePage(repositories, { runs: runs.map(runResponse), changes, rollouts: rollouts.map(rolloutResponse) }),
    );
  });
  app.get('/runs/:id', async (context) => {
    const run = await store.runs.get(context.req.param('id'));
    return run
      ? context.html(runPage(runDetailResponse(run, await store.runs.steps(run.id))))
      : notFound(context, 'There is no such run.');
  });
  app.get('/changes/:id{.+}', async (context) => {
    const change = await changeOf(options, context.req.param('id'));
    return change ? context.html(changePage(change)) : notFound(context, 'There is no such change.');
  });
}

/** Listens on 127.0.0.1. Port 0 takes any. Throws a user error where the port is taken. */
export async function listen(app: Hono, port: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server: ServerType = await new Promise((resolve, reject) => {
    const starting: ServerType = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, () => resolve(starting));
    starting.once('error', (error) =>
      reject(
        systemCode(error) === 'EADDRINUSE'
          ? userError(`Cannot listen as the port is taken: ${port}. Set MAINSTAY_PORT to another one, or to 0 for any.`)
          : error,
      ),
    );
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return {
    port: address.port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
