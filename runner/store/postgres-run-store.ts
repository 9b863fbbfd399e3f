import { hostname } from 'node:os';
import type { KnownHead, RunStore } from '../core/run-store.ts';
import type { Database, Statements } from './database.ts';
import { createKeepingTables } from './keeping-tables.ts';
import { readPage } from './page.ts';
import { createReportTable } from './report-table.ts';
import {
  type ChangeRow,
  changeOf,
  type ProcessRow,
  type RolloutRow,
  rolloutOf,
  type StackRow,
  stackOf,
} from './rows.ts';
import { createRunTable } from './run-table.ts';
import { updateStatement } from './update-statement.ts';

/** The runner's memory in PostgreSQL. The schema has to be migrated. `worker` is whose processes are recorded. */
export function createPostgresRunStore(database: Database, worker: string = hostname()): RunStore {
  return {
    events: eventsOf(database),
    changes: changesOf(database.withinSteps),
    runs: createRunTable(database.withinSteps),
    rollouts: rolloutsOf(database.withinSteps),
    stacks: stacksOf(database),
    processes: processesOf(database, worker),
    reports: createReportTable(database),
    ...createKeepingTables(database),
  };
}

function eventsOf(database: Database): RunStore['events'] {
  return {
    add: async (event) => {
      const sql = 'insert into delivery (id, repository, event) values ($1, $2, $3) on conflict do nothing';
      return (await database.change(sql, [event.id, event.repository, event])) === 1;
    },
    heads: async (repository) => {
      const rows = await database.rows<{ branch: string; commit: string | null; version: number }>(
        'select branch, commit, version from head where repository = $1',
        [repository],
      );
      return new Map(
        rows.map(({ branch, commit, version }): [string, KnownHead] => [branch, { commit: commit ?? '', version }]),
      );
    },
    setHead: async (repository, branch, { commit, version }) => {
      await database.change(
        `insert into head (repository, branch, commit, version) values ($1, $2, $3, $4)
         on conflict (repository, branch) do update set commit = excluded.commit, version = excluded.version
         where head.version < excluded.version`,
        [repository, branch, commit ?? null, version],
      );
    },
    wasBase: async (repository, { head, before }) => {
      const [row] = await database.rows<{ was: boolean }>(
        `select exists(select from delivery where repository = $1 and event ->> 'head' = $2 and event ->> 'kind' = 'base-moved'
           and substring(id from '#([0-9]+):')::bigint < $3) as was`,
        [repository, head, before],
      );
      return row!.was;
    },
    commentsRead: async (repository) => {
      const sql = 'select at from comments_read where repository = $1';
      return (await database.rows<{ at: Date }>(sql, [repository]))[0]?.at;
    },
    setCommentsRead: async (repository, at) => {
      const sql = `insert into comments_read (repository, at) values ($1, $2)
        on conflict (repository) do update set at = greatest(comments_read.at, excluded.at)`;
      await database.change(sql, [repository, at]);
    },
  };
}

function changesOf(database: Statements): RunStore['changes'] {
  return {
    get: async (id) => {
      const [row] = await database.rows<ChangeRow>('select * from change where id = $1', [id]);
      return row && changeOf(row);
    },
    list: async (repository, state) => {
      const rows = await database.rows<ChangeRow>(
        `select * from change where ($1::text is null or repository = $1) and ($2::text is null or state = $2)
         order by updated_at desc limit $3`,
        // What is open is all looked at: one that is left out would never be known as merged.
        [repository ?? null, state ?? null, state === 'open' ? 10_000 : 200],
      );
      return rows.map(changeOf);
    },
    page: async ({ repository, state, limit, after, seen }) => {
      const options = {
        table: 'change',
        columns: '*',
        time: 'updated_at',
        where: { repository, state },
        ...{ limit, after, seen },
      } as const;
      const { items, next } = await readPage<ChangeRow>(database, options);
      return { items: items.map(changeOf), next };
    },
    put: async ({ id, repository, name, state, head, base, merge, problem, author, held, allowed }, at) => {
      const written = await database.change(
        `insert into change (id, repository, name, state, head, base, merge, problem, author, held, allowed, pushed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, now())
         on conflict (id) do update set state = excluded.state, head = excluded.head, base = excluded.base,
           merge = excluded.merge, problem = excluded.problem, author = coalesce(excluded.author, change.author),
           held = excluded.held, updated_at = now(),
           allowed = case when $11::text is null then excluded.allowed else change.allowed end,
           pushed_at = case when change.head = excluded.head then change.pushed_at else excluded.pushed_at end,
           types = case when change.merge = excluded.merge then change.types end
         where $11::text is null or (change.head = $11 and change.state = 'open')`,
        [
          id,
          repository,
          name,
          state,
          head,
          base ?? null,
          merge ?? null,
          problem ?? null,
          author ?? null,
          held ?? false,
          at?.head ?? null,
          allowed ?? false,
        ],
      );
      return written === 1;
    },
    set: async (id, patch) => {
      await database.change(...updateStatement('change', id, patch, ['updated_at = now()']));
    },
  };
}

function rolloutsOf(database: Statements): RunStore['rollouts'] {
  return {
    add: async ({ id, repository, commit, position = 0, stages, changes }) => {
      await database.change(
        'insert into rollout (id, repository, commit, position, stages, changes) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
        [id, repository, commit, position, JSON.stringify(stages), JSON.stringify(changes)],
      );
    },
    get: async (id) => {
      const [row] = await database.rows<RolloutRow>('select * from rollout where id = $1', [id]);
      return row && rolloutOf(row);
    },
    list: async (repository, limit = 20) => {
      const rows = await database.rows<RolloutRow>(
        repository === undefined
          ? 'select * from rollout order by created_at desc limit $1'
          : 'select * from rollout where repository = $2 order by position desc, created_at desc limit $1',
        repository === undefined ? [limit] : [limit, repository],
      );
      return rows.map(rolloutOf);
    },
    page: async ({ repository, limit, after, seen }) => {
      const options = {
        table: 'rollout',
        columns: '*',
        time: 'created_at',
        where: { repository },
        ...{ limit, after, seen },
      } as const;
      const { items, next } = await readPage<RolloutRow>(database, options);
      return { items: items.map(rolloutOf), next };
    },
    set: async (id, patch) => {
      await database.change(...updateStatement('rollout', id, patch));
    },
  };
}

function stacksOf(database: Database): RunStore['stacks'] {
  return {
    list: async (repository) => {
      const rows = await database.rows<StackRow>(
        'select * from stack where ($1::text is null or repository = $1) order by repository, position, id',
        [repository ?? null],
      );
      return rows.map(stackOf);
    },
    ensure: async (repository, stacks, by = 0) => {
      await database.change(
        `with given as (select * from jsonb_to_recordset($2::jsonb) as s(id text, name text, environment text, position integer)),
         gone as (delete from stack where repository = $1 and listed <= $3 and id not in (select id from given))
         insert into stack (repository, id, name, environment, position, listed)
         select $1, id, name, environment, position, $3 from given
         where not exists (select from rollout where rollout.repository = $1 and rollout.position > $3 and state <> 'failed')
         on conflict (repository, id) do update
         set name = excluded.name, environment = excluded.environment, position = excluded.position, listed = excluded.listed
         where stack.listed <= excluded.listed`,
        [repository, JSON.stringify(stacks), by],
      );
    },
    ...decisionsOn(database),
    setUnproven: async (repository, stacks, unproven) => {
      await database.change('update stack set unproven = $3 where repository = $1 and id = any($2)', [
        repository,
        stacks,
        unproven === undefined ? null : JSON.stringify(unproven),
      ]);
    },
    setReferences: async (repository, stack, references) => {
      await database.change('update stack set upstreams = $3 where repository = $1 and id = $2', [
        repository,
        stack,
        JSON.stringify(references),
      ]);
    },
  };
}

/**
 * Which commit a stack is at. What each statement asks is in the row that it writes, so two at once are as one after the other: PostgreSQL asks
 * again of the row that the first has left (https://www.postgresql.org/docs/18/transaction-iso.html#XACT-READ-COMMITTED).
 */
function decisionsOn(database: Statements): Pick<RunStore['stacks'], 'begin' | 'setApplied' | 'settle'> {
  return {
    begin: async ({ repository, stack, rollout }) => {
      const begun = await database.change(
        `update stack set revision = nextval('stack_revision')
         where repository = $1 and id = $2 and decided <= coalesce((select rollout.position from rollout where rollout.id = $3), decided)`,
        [repository, stack, rollout ?? null],
      );
      return begun === 1;
    },
    setApplied: async (repository, stack, { commit, rollout, revision }) => {
      const said = await database.change(
        `update stack set applied_commit = $3, applied_at = now(), revision = nextval('stack_revision'),
           decided = greatest(decided, (select rollout.position from rollout where rollout.id = $4))
         where repository = $1 and id = $2 and ($5::bigint is null or revision = $5)`,
        [repository, stack, commit, rollout ?? null, revision ?? null],
      );
      return said === 1;
    },
    settle: async (repository, stacks, { commit, position }) => {
      const given = JSON.stringify(stacks.map(({ id, revision }) => ({ id, revision })));
      const [row] = await database.rows<{ left: number }>(
        `with given as (select * from jsonb_to_recordset($2::jsonb) as s(id text, revision bigint)),
         said as (
           update stack set applied_commit = $3, applied_at = now(), decided = $4, revision = nextval('stack_revision') from given
           where stack.repository = $1 and stack.id = given.id and stack.revision = given.revision and stack.decided <= $4
           returning stack.id),
         later as (select stack.id from stack where stack.repository = $1 and stack.decided > $4)
         select count(*)::int as left from given where id not in (select id from said) and id not in (select id from later)`,
        [repository, given, commit, position],
      );
      return row!.left === 0;
    },
  };
}

function processesOf(database: Database, worker: string): RunStore['processes'] {
  return {
    add: async ({ repository, stack, host }, { pid, startTime }) => {
      await database.change(
        'insert into process (repository, stack, host, pid, start_time, worker) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
        [repository, stack, host, pid, startTime, worker],
      );
    },
    remove: async ({ repository, stack, host }, { pid, startTime }) => {
      await database.change(
        'delete from process where repository = $1 and stack = $2 and host = $3 and pid = $4 and start_time = $5',
        [repository, stack, host, pid, startTime],
      );
    },
    list: async ({ repository, stack }) => {
      const rows = await database.rows<ProcessRow>(
        `select pid, start_time, host, coalesce(worker <> $3 and mainstay.worker_lives(worker), false) as lives
         from process where repository = $1 and stack = $2`,
        [repository, stack, worker],
      );
      return rows.map(({ pid, start_time, host, lives }) => ({ pid, startTime: start_time, host, workerLives: lives }));
    },
  };
}
