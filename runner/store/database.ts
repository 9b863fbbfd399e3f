import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { isMainstayError, MainstayError, messageOf, systemCode } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** Statements over one pool of connections. */
export interface Statements {
  /** The rows of one statement. Rejects with a transient error while the database cannot be reached. */
  rows<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** How many rows a statement changed. */
  change(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** Our tables, by plain SQL. */
export interface Database extends Statements {
  readonly pool: pg.Pool;
  /**
   * For what is written within steps of workflows: nothing waits for the disk at each statement. The log of PostgreSQL is one, so the step's own record,
   * which does wait, takes with it all that was written before; and where PostgreSQL is killed before that, the step is done again. Never for
   * what must be there when its statement has come back: deliveries, processes, decisions
   * (https://www.postgresql.org/docs/18/wal-async-commit.html).
   */
  readonly withinSteps: Statements;
  /**
   * The same for whoever has nobody waiting: a statement that cannot reach the database is sent again until it can, or until `ending`. Statements of ours
   * may be repeated where an answer was lost on its way; but what an engine says in a run may be there twice then.
   */
  patient(ending: AbortSignal): Database;
  close(): Promise<void>;
}

const CONNECTIONS = 4;
const CONNECTIONS_WITHIN_STEPS = 6;

/** What `patient` waits between two tries. */
const AGAIN_MS = 100;

export function openDatabase(url: string, log: Log): Database {
  // While we close them ourselves, a database that ends meanwhile says so on what is half closed.
  let closing = false;
  const open = (max: number, options: string) => {
    const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: 5000, options });
    // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
    pool.on('error', (error) => {
      if (!closing) log.warn({ error: messageOf(error) }, 'a database connection was lost');
    });
    return pool;
  };
  const pool = open(CONNECTIONS, SCHEMA);
  const relaxed = open(CONNECTIONS_WITHIN_STEPS, `${SCHEMA} -c synchronous_commit=off`);
  const own: Database = {
    pool,
    ...statementsOver(pool),
    withinSteps: statementsOver(relaxed),
    patient: (ending) => {
      const isOver = () => closing || ending.aborted;
      return { ...own, ...patiently(own, isOver), withinSteps: patiently(own.withinSteps, isOver) };
    },
    close: async () => {
      closing = true;
      await Promise.all([pool.end(), relaxed.end()]);
    },
  };
  return own;
}

function patiently({ rows, change }: Statements, isOver: () => boolean): Statements {
  const again = async <T>(statement: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await statement();
      } catch (error) {
        if (isOver() || !isMainstayError(error, 'transient')) throw error;
        await delay(AGAIN_MS);
      }
    }
  };
  return {
    rows: (sql, values) => again(() => rows(sql, values)),
    change: (sql, values) => again(() => change(sql, values)),
  };
}

const SCHEMA = '-c search_path=mainstay';

function statementsOver(pool: pg.Pool): Statements {
  const query = async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) => {
    try {
      return await pool.query<Row>(sql, [...values]);
    } catch (error) {
      throw databaseError(error);
    }
  };
  return {
    rows: async <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) =>
      (await query<Row>(sql, values)).rows,
    change: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
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
