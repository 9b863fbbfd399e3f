import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../foundation/log.ts';
import { type Database, openDatabase } from '../database.ts';
import { startEmbeddedPostgres } from '../embedded-postgres.ts';
import { migrate } from '../migrations.ts';

/** A PostgreSQL of a test's own. */
export interface TestDatabase {
  readonly database: Database;
  /** Where PostgreSQL has its files, and what it is reached by. */
  readonly folder: string;
  readonly url: string;
  /** Ends it, with all that it holds. */
  close(): Promise<void>;
}

/** Starts it, with our tables in it as `prepare` makes them. Default: as they are by now. */
export async function openTestDatabase(
  prepare: (database: Database) => Promise<unknown> = ({ pool }) => migrate(pool),
): Promise<TestDatabase> {
  const own = mkdtempSync(join(tmpdir(), 'mainstay-database-'));
  // Else the user of PostgreSQL cannot enter.
  chmodSync(own, 0o755);
  const folder = join(own, 'postgres');
  const postgres = await startEmbeddedPostgres({ folder, log: silentLog });
  const database = openDatabase(postgres.url, silentLog);
  const close = async () => {
    await database.close();
    await postgres.end();
    rmSync(own, { recursive: true, force: true });
  };
  try {
    await prepare(database);
  } catch (error) {
    await close();
    throw error;
  }
  return { database, folder, url: postgres.url, close };
}
