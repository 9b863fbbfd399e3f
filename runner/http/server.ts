import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { systemCode, userError } from '../../foundation/errors.ts';
import { openApiDocument } from '../api/openapi.ts';
import { accountHandlers } from './account-routes.ts';
import { actionHandlers } from './act.ts';
import { ApiError, errorAnswer } from './api-error.ts';
import { bindRoutes } from './bind-routes.ts';
import { serveConsole } from './console-page.ts';
import { environmentHandlers } from './environments.ts';
import { lacking } from './guard.ts';
import type { HttpOptions } from './http-options.ts';
import { keepingHandlers } from './keep.ts';
import { createMetrics } from './metrics.ts';
import { estateHandlers } from './read-estate.ts';
import { runHandlers } from './read-runs.ts';
import { whoAsks } from './sign-in.ts';
import { serveSignOn } from './single-sign-on.ts';
import { tokenHandlers } from './token-routes.ts';
import { serveWebhooks } from './webhooks.ts';

const LONGEST_BODY = 64 * 1024;

/** Host names that are us. Another one means that a page of somebody else has its name point here (DNS rebinding). */
const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export function createApp(options: HttpOptions): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
    }),
  );
  app.use(async (context, next) => {
    const host = context.req.header('host') ?? '';
    // A probe asks by whatever address it knows, and learns nothing.
    const { path } = context.req;
    // A forge knows us by the name that its settings say, and shows its secret.
    const probed = path === '/healthz' || path === '/readyz' || path.startsWith('/webhooks/');
    if (probed || OWN_HOST.test(host) || host === hostOf(options.url())) return next();
    throw new ApiError(421, `Cannot answer as the host name is not one of this runner: ${host}. Ask for 127.0.0.1.`);
  });
  // Before the limit of our own API: deliveries are larger, and have a limit of their own.
  if (options.webhooks) serveWebhooks(app, options.webhooks);
  app.use(
    bodyLimit({
      maxSize: LONGEST_BODY,
      onError: () => {
        throw new ApiError(413, `Cannot take the body as it is too long: over ${LONGEST_BODY} bytes. Send less.`);
      },
    }),
  );
  app.onError((error, context) => errorAnswer(options.log, error, context));
  app.notFound((context) => {
    throw new ApiError(404, `Cannot find anything there: ${context.req.path}. See /api/openapi.json.`);
  });
  addApi(app, options);
  if (options.identityProvider) serveSignOn(app, { ...options, identityProvider: options.identityProvider });
  if (options.console) serveConsole(app, options.console);
  return app;
}

function hostOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).host;
}

function addApi(app: Hono, options: HttpOptions): void {
  const document = openApiDocument(options.version);
  app.get('/healthz', (context) => context.json({ ok: true }));
  app.get('/readyz', async (context) => {
    await options.accounts.firstOwner();
    return context.json({ ok: true });
  });
  app.get('/api/openapi.json', (context) => context.json(document));
  const metrics = createMetrics(options);
  app.get('/metrics', async (context) => {
    const principal = await whoAsks(options, context);
    // Figures of the estate are of stacks that nobody can be left out of.
    if (!principal.access.may('read')) throw lacking(principal, { power: 'read', of: 'everything' });
    return context.body(await metrics.text(), 200, { 'content-type': metrics.contentType });
  });
  app.use('/api/*', async (context, next) => {
    // What is asked for may be secret to others, and changes by the second.
    context.header('cache-control', 'no-store');
    await next();
  });
  // The estate of a thousand stacks is asked for every few seconds, and is mostly the same.
  for (const path of ['/api/status', '/api/stacks'])
    app.use(path, compress({ contentTypeFilter: /^application\/json/ }));
  app.use('/api/status', etag());
  bindRoutes(app, options, {
    ...estateHandlers(options),
    ...runHandlers(options),
    ...actionHandlers(options),
    ...keepingHandlers(options),
    ...environmentHandlers(options),
    ...accountHandlers(options),
    ...tokenHandlers(options),
  });
  app.all('/api/*', (context) => context.notFound());
}

/** Listens at `host`, which is 127.0.0.1 where it is left out. Port 0 takes any. Throws a user error where the port is taken. */
export async function listen(
  app: Hono,
  { port, host = '127.0.0.1' }: { readonly port: number; readonly host?: string },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server: ServerType = await new Promise((resolve, reject) => {
    const starting: ServerType = serve({ fetch: app.fetch, hostname: host, port }, () => resolve(starting));
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
