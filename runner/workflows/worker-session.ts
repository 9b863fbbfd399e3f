import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { messageOf, userError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';

/** Our parts of the database's advisory locks: one lock per living worker, and one per repository that is being looked at. */
export const WORKER_LOCKS = 7206;
const SWEEP_LOCKS = 7207;

/** A worker of the same name that ended a moment ago may still hold its lock. */
const LOCK_WITHIN_MS = 10_000;

/** A database that restarts is back within this time, and nothing is lost by it. After that the worker ends, as others may take its runs over. */
const BACK_WITHIN_MS = 10_000;

/**
 * For how long a worker has to be gone before its runs are taken over: longer than it goes on by itself without its session, so that a worker which
 * cannot reach the database has stopped before another one begins.
 */
export const GONE_AFTER_MS = 18_000;

const ASK_EVERY_MS = 100;

/** A session that does not answer for so long counts as lost. */
const ANSWER_WITHIN_MS = 5000;

/** A machine that vanishes says no goodbye: without this, PostgreSQL would keep its locks for hours. */
const SERVER_KEEPALIVE = '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3';

/** The session that shows that a worker lives: PostgreSQL itself lets go of its locks when it ends. */
export interface WorkerSession {
  /**
   * Takes the lock of another worker, which so is gone, and does `work`. False where that worker lives. The takeover is on record: should the other one
   * come back, it ends.
   */
  takeOver(worker: string, work: () => Promise<void>): Promise<boolean>;
  /** Workers that have runs to go on with, and no session. */
  gone(): Promise<readonly string[]>;
  /** Does `work` while no other worker does any of the same name. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export interface WorkerSessionOptions {
  readonly databaseUrl: string;
  /** Unique among living workers, the same after a restart. */
  readonly name: string;
  readonly log: Log;
  /** The session is lost for good, or was lost long enough for another worker to take the runs over. */
  readonly onLost: (error: Error) => void;
}

/** Throws a user error where a worker of this name lives. */
export async function openWorkerSession(options: WorkerSessionOptions): Promise<WorkerSession> {
  const session = new DatabaseSession(options);
  await session.open();
  return session;
}

/**
 * open → lost (the database restarts, or cannot be reached) → open, where it comes back in time and nobody has taken over
 * lost → ended, else; open → ended, by request
 */
class DatabaseSession implements WorkerSession {
  readonly #options: WorkerSessionOptions;
  #client: pg.Client | undefined;
  /** One question at a time: what is asked meanwhile waits. */
  #asked: Promise<unknown> = Promise.resolve();
  #ended = false;
  #comingBack = false;
  /** When the lock was first held, and when PostgreSQL was started, by its own clock. */
  #since = '';
  #started = '';

  constructor(options: WorkerSessionOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { name } = this.#options;
    await this.#connect();
    const deadline = performance.now() + LOCK_WITHIN_MS;
    while (!(await this.#tryLock(WORKER_LOCKS, name))) {
      if (performance.now() < deadline) {
        await delay(ASK_EVERY_MS);
        continue;
      }
      await this.end();
      throw userError(
        `Cannot start the worker as one of the same name is running: ${name}. End that one, or set MAINSTAY_WORKER to another name.`,
      );
    }
    const [row] = await this.#rows<{ now: string; started: string }>(
      'select clock_timestamp()::text as now, pg_postmaster_start_time()::text as started',
      [],
    );
    this.#since = row!.now;
    this.#started = row!.started;
  }

  async takeOver(worker: string, work: () => Promise<void>): Promise<boolean> {
    if (!(await this.#tryLock(WORKER_LOCKS, worker))) return false;
    try {
      await this.#rows(
        `with old as (delete from mainstay.takeover where at < now() - interval '30 days')
         insert into mainstay.takeover (worker, taken_by) values ($1, $2)`,
        [worker, this.#options.name],
      );
      await work();
      return true;
    } finally {
      await this.#unlock(WORKER_LOCKS, worker);
    }
  }

  async gone(): Promise<readonly string[]> {
    const rows = await this.#rows<{ executor_id: string }>(
      `select distinct executor_id from dbos.workflow_status
       where status = 'PENDING' and executor_id is not null and executor_id <> $1 and not mainstay.worker_lives(executor_id)`,
      [this.#options.name],
    );
    return rows.map(({ executor_id }) => executor_id);
  }

  async alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    while (!(await this.#tryLock(SWEEP_LOCKS, name))) await delay(ASK_EVERY_MS);
    try {
      return await work();
    } finally {
      await this.#unlock(SWEEP_LOCKS, name);
    }
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.databaseUrl,
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      options: SERVER_KEEPALIVE,
    });
    client.on('error', () => {});
    await client.connect();
    this.#client = client;
    client.once('end', () => void this.#lost(client));
  }

  async #lost(client: pg.Client): Promise<void> {
    if (this.#ended || this.#comingBack || client !== this.#client) return;
    const { log, name, onLost } = this.#options;
    log.warn({ worker: name }, 'the database is away; everything goes on when it is back');
    this.#comingBack = true;
    const lost = await this.#comeBack();
    this.#comingBack = false;
    if (this.#ended) return;
    if (lost === undefined) return log.warn({ worker: name }, 'the database is back');
    this.#ended = true;
    onLost(new Error(lost));
  }

  /** Connects again and takes the lock again. Says why where it did not succeed. */
  async #comeBack(): Promise<string | undefined> {
    const deadline = performance.now() + BACK_WITHIN_MS;
    let why = '';
    while (performance.now() < deadline && !this.#ended) {
      try {
        await this.#connect();
        while (!(await this.#tryLock(WORKER_LOCKS, this.#options.name)) && performance.now() < deadline)
          await delay(ASK_EVERY_MS);
        return await this.#takenOver();
      } catch (error) {
        why = messageOf(error);
        await delay(ASK_EVERY_MS);
      }
    }
    return `the connection that shows that this worker lives was lost: ${why}`;
  }

  async #takenOver(): Promise<string | undefined> {
    const rows = await this.#rows<{ taken_by: string }>(
      'select taken_by from mainstay.takeover where worker = $1 and at > $2::timestamptz',
      [this.#options.name, this.#since],
    );
    const held = await this.#tryLock(WORKER_LOCKS, this.#options.name);
    if (rows.length > 0 || !held)
      return `another worker has taken its runs over: ${rows[0]?.taken_by ?? 'one of the same name'}`;
    return this.#forgotten();
  }

  /**
   * A database that was killed, or another one in its place, may have lost what was written last without waiting for the disk (database.ts): steps that
   * are under way have to be done again. It says so by where its recovery ended, which an orderly start does without.
   */
  async #forgotten(): Promise<string | undefined> {
    const [row] = await this.#rows<{ started: string; recovered: boolean }>(
      'select pg_postmaster_start_time()::text as started, pg_last_wal_replay_lsn() is not null as recovered',
      [],
    );
    const killed = row!.started !== this.#started && row!.recovered;
    this.#started = row!.started;
    return killed ? 'the database was killed, and may have lost what was written last' : undefined;
  }

  async #tryLock(space: number, name: string): Promise<boolean> {
    const sql = 'select pg_try_advisory_lock($1, hashtext($2)) as held';
    const [row] = await this.#rows<{ held: boolean }>(sql, [space, name]);
    return row!.held;
  }

  /** A lock that went with its session needs no unlocking. */
  async #unlock(space: number, name: string): Promise<void> {
    await this.#rows('select pg_advisory_unlock($1, hashtext($2))', [space, name]).catch(() => {});
  }

  async #rows<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const asked = this.#asked.then(() => this.#ask<Row>(sql, values));
    this.#asked = asked.catch(() => {});
    return asked;
  }

  async #ask<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const client = this.#client!;
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } catch (error) {
      // Whoever does not answer is not there: ending the connection is what starts the search for another one.
      if (/timeout/i.test(messageOf(error))) void client.end().catch(() => {});
      throw error;
    }
  }
}
