import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { silentLog } from '../../foundation/log.ts';
import { type ManagedProcess, startProcess } from '../../foundation/processes.ts';
import { freePort, startEmbeddedPostgres } from '../../runner/store/embedded-postgres.ts';
import { findPostgresBinaries, postgresUser } from '../../runner/store/postgres-binaries.ts';

const READY_WITHIN_MS = 120_000;

/** A PostgreSQL that is nobody's own: runners are told its address, and it may go away and come back there. */
export interface ExternalPostgres {
  readonly url: string;
  /** Ends it: `SIGINT` as a restart does, `SIGKILL` as a crash. */
  stop(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
  /** Starts it again at the same address, and waits until it answers. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startExternalPostgres(): Promise<ExternalPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-postgres-'));
  // It runs as another user where we are root.
  chmodSync(folder, 0o755);
  const first = await startEmbeddedPostgres({ folder, log: silentLog });
  await first.end();
  const user = postgresUser();
  const { postgres, environment } = await findPostgresBinaries({ user, shelter: dirname(folder) });
  const port = await freePort();
  const address = new URL(first.url);
  address.port = String(port);
  const url = address.href;
  let server: ManagedProcess | undefined;
  const own: ExternalPostgres = {
    url,
    async start() {
      const settings = [
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'unix_socket_directories=',
        '-c',
        'shared_buffers=32MB',
      ];
      server = await startProcess(postgres, ['-D', join(folder, 'data'), '-p', String(port), ...settings], {
        ...{
          cwd: folder,
          env: { PATH: process.env.PATH, LANG: 'C', TZ: 'UTC', ...environment },
          stdio: 'ignore',
          ...user,
        },
      });
      await untilReady(url);
    },
    async stop(signal) {
      await server?.end({ signal, graceMs: 60_000 });
      server = undefined;
    },
    async close() {
      await own.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await own.start();
  return own;
}

async function untilReady(url: string): Promise<void> {
  for (const deadline = performance.now() + READY_WITHIN_MS; ; await delay(30)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    } finally {
      await client.end().catch(() => {});
    }
  }
}
