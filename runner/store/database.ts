import pg from 'pg';
import { isMainstayError, MainstayError, messageOf, systemCode } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** Our tables, by plain SQL. */
export interface Database {
  readonly pool: pg.Pool;
  /** The rows of one statement. Rejects with a transient error while the database cannot be reached. */
  rows<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** How many rows a statement changed. */
  change(sql: string, values?: readonly unknown[]): Promise<number>;
  close(): Promise<void>;
}

const CONNECTIONS = 8;

export function openDatabase(url: string, log: Log): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: 5000,
    options: '-c search_path=mainstay',
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  // While we close them ourselves, a database that ends meanwhile says so on what is half closed.
  let closing = false;
  pool.on('error', (error) => {
    if (!closing) log.warn({ err: error }, 'a database connection was lost');
  });
  const query = async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) => {
    try {
      return await pool.query<Row>(sql, [...values]);
    } catch (error) {
      throw databaseError(error);
    }
  };
  return {
    pool,
    rows: async <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) =>
      (await query<Row>(sql, values)).rows,
    change: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
    close: () => {
      closing = true;
      return pool.end();
    },
  };
}

/** Codes of PostgreSQL for *not now*: connection trouble (08), resources (53), shutting down (57P). */
const UNAVAILABLE = /^(08|53|57P)/;

/** Translates an error of the driver. What is not about reaching the database is our bug and stays as it is. */
export function databaseError(error: unknown): unknown {
  if (isMainstayError(error)) return error;
  const code = systemCode(error) ?? '';
  const lost = UNAVAILABLE.test(code) || /^E(CONN|PIPE|HOST|NOTFOUND|TIMEDOUT|AI_AGAIN)/.test(code);
  if (
    !lost &&
    !/Connection terminated|timeout exceeded when trying to connect|connection timeout/i.test(messageOf(error))
  )
    return error;
  return new MainstayError(
    'transient',
    `Cannot reach the database as it says: ${messageOf(error) || code}. See that PostgreSQL runs; Mainstay goes on when it is back.`,
    {
      cause: error,
    },
  );
}
