import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { silentLog } from '../foundation/log.ts';
import type { AccountStore, GivenGrant } from '../runner/core/account.ts';
import type { IdentityProvider } from '../runner/core/identity-provider.ts';
import type { RunStore } from '../runner/core/run-store.ts';
import { treeOf } from '../runner/core/tree-of-files.ts';
import type { ConsolePage } from '../runner/http/console-page.ts';
import { createApp, listen } from '../runner/http/server.ts';
import { openDatabase } from '../runner/store/database.ts';
import { startEmbeddedPostgres } from '../runner/store/embedded-postgres.ts';
import { migrate } from '../runner/store/migrations.ts';
import { createPostgresAccountStore } from '../runner/store/postgres-account-store.ts';
import { createPostgresRunStore } from '../runner/store/postgres-run-store.ts';

/** The real HTTP server on a real database, without a worker: what it is told to do is written down instead. */
export interface ApiServer {
  readonly app: Hono;
  readonly url: string;
  readonly token: string;
  readonly store: RunStore;
  readonly accounts: AccountStore;
  /** What was asked of the worker, in order. */
  readonly told: readonly unknown[];
  /** How many statements the database was asked so far. */
  statements(): number;
  /** Closes the port, with every connection; `listenAgain` opens the same one. */
  goAway(): Promise<void>;
  listenAgain(): Promise<void>;
  close(): Promise<void>;
}

export const SETTINGS_TEXT = 'environments:\n  - name: dev\n    stacks: [dev]\n';

export async function startApiServer(
  options: {
    readonly console?: ConsolePage;
    readonly given?: readonly GivenGrant[];
    readonly identityProvider?: IdentityProvider;
    readonly repositories?: readonly string[];
  } = {},
): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-api-'));
  // PostgreSQL runs as another user where we are root.
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), log: silentLog });
  const database = openDatabase(postgres.url, silentLog);
  await migrate(database.pool);
  let statements = 0;
  const counting: typeof database = {
    ...database,
    rows: (sql, values) => {
      statements += 1;
      return database.rows(sql, values);
    },
  };
  const store = createPostgresRunStore(counting);
  const accounts = createPostgresAccountStore(database);
  const told: unknown[] = [];
  const tell = async (...what: readonly unknown[]) => void told.push(what);
  const ending = new AbortController();
  const files = {
    'mainstay.yaml': SETTINGS_TEXT,
    'Pulumi.yaml': 'name: shop\nruntime: nodejs\n',
    'Pulumi.dev.yaml': '',
  };
  const mirror = {
    tree: async () => treeOf(files),
    describe: async () => ({ subject: 'More replicas', author: 'Ada', at: new Date(0) }),
  };
  const token = 'the-token-of-the-data-folder';
  let url = 'http://127.0.0.1';
  const app = createApp({
    ...{ store, accounts, token, log: silentLog, version: '0', ending: ending.signal, console: options.console },
    repositories: (options.repositories ?? ['estate']).map((id) => ({ id, base: 'main', mirror })),
    url: () => url,
    runnerSettings: [{ path: 'MAINSTAY_PORT', value: 1, source: 'default' }],
    decideRun: (run, decision) => tell('decideRun', run.id, decision),
    decideRollout: (id, decision) => tell('decideRollout', id, decision),
    cancelRun: (run, by) => tell('cancelRun', run.id, by),
    retryPreview: (run, by) => tell('retryPreview', run.id, by),
    unlock: async (at) => {
      await tell('unlock', at);
      return 'nothing was left';
    },
    look: async (_id, at) => {
      await tell('look', at);
      return true;
    },
    promote: async (request) => {
      await store.promotions.add({ id: 'promotion-1', ...request });
      return 'promotion-1';
    },
    rollBack: async (request) => {
      await tell('rollBack', request);
      return { change: 'revert-1', commit: 'e'.repeat(40), branch: 'revert-1' };
    },
    askForEnvironment: (change, request) => tell('askForEnvironment', change.id, request),
    sync: (ids) => void tell('sync', ids),
    given: options.given ?? [],
    identityProvider: options.identityProvider,
  });
  let server = await listen(app, { port: 0 });
  const { port } = server;
  url = `http://127.0.0.1:${port}`;
  return {
    ...{ app, url, token, store, accounts, told },
    statements: () => statements,
    goAway: () => server.close(),
    listenAgain: async () => {
      server = await listen(app, { port });
    },
    async close() {
      ending.abort();
      await server.close();
      await database.close();
      await postgres.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
