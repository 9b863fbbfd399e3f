import type { Run, RunKind, RunState } from '../core/run.ts';
import type { RunFilter, RunStore } from '../core/run-store.ts';
import type { Statements } from './database.ts';
import { createEventTable } from './event-table.ts';
import { readPage } from './page.ts';
import { HEAD_COLUMNS, type HeadRow, headOf, type RunRow, runOf, type StepRow, stepOf } from './rows.ts';
import { updateStatement } from './update-statement.ts';

const DEFAULT_LIMIT = 50;

export function createRunTable(database: Statements): RunStore['runs'] {
  const events = createEventTable(database);
  return {
    ...events,
    ...createHeads(database),
    add: async ({ id, repository, stack, kind, change, rollout, commit, reasons }) => {
      await database.change(
        `insert into run (id, repository, stack, kind, change, rollout, commit, reasons)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
        [id, repository, stack, kind, change ?? null, rollout ?? null, commit, JSON.stringify(reasons)],
      );
    },
    get: async (id) => {
      const [row] = await database.rows<RunRow>('select * from run where id = $1', [id]);
      return row && runOf(row);
    },
    list: (filter) => listRuns(database, filter),
    set: async (id, patch) => {
      await database.change(...updateStatement('run', id, patch));
      if (patch.state)
        await events.addEvents(id, [{ kind: 'state', state: patch.state, summary: patch.summary ?? '' }]);
    },
    totals: async () => {
      const rows = await database.rows<{ kind: RunKind; state: RunState; count: number; seconds: number }>(
        `select kind, state, count(*)::int as count,
                coalesce(sum(extract(epoch from ended_at - started_at)), 0)::float8 as seconds
         from run group by kind, state`,
      );
      return rows;
    },
    steps: async (run) => {
      const rows = await database.rows<StepRow>('select * from run_step where run = $1 order by number', [run]);
      return rows.map(stepOf);
    },
    beginStep: async (run, name) => {
      await database.change(
        `insert into run_step (run, number, name, state)
         select $1, coalesce(max(number), 0) + 1, $2, 'running' from run_step where run = $1
         on conflict (run, name) do update set state = 'running', detail = '', started_at = now(), ended_at = null`,
        [run, name],
      );
      await events.addEvents(run, [{ kind: 'step', name, state: 'running', detail: '' }]);
    },
    endStep: async (run, name, { state, detail }) => {
      await database.change(
        'update run_step set state = $3, detail = $4, ended_at = now() where run = $1 and name = $2',
        [run, name, state, detail],
      );
      await events.addEvents(run, [{ kind: 'step', name, state, detail }]);
    },
  };
}

function createHeads(database: Statements): Pick<RunStore['runs'], 'page' | 'latest' | 'unfinished'> {
  return {
    page: async ({ repository, stack, change, rollout, kind, states, limit, after, seen }) => {
      const where = { repository, stack, change, rollout, kind, state: states?.[0] };
      const options = { table: 'run', columns: HEAD_COLUMNS, time: 'created_at', where, limit, after, seen } as const;
      const { items, next } = await readPage<HeadRow>(database, options);
      return { items: items.map(headOf), next };
    },
    latest: async (repository) => {
      const rows = await database.rows<HeadRow>(
        `select ${HEAD_COLUMNS} from stack cross join lateral (
           select * from run where run.repository = stack.repository and run.stack = stack.id and run.kind = 'update'
           order by run.created_at desc, run.id desc limit 1
         ) as run where stack.repository = $1`,
        [repository],
      );
      return rows.map(headOf);
    },
    unfinished: (repository, except) =>
      database.rows<Pick<Run, 'stack' | 'commit'>>(
        `select distinct run.stack, run.commit from stack join run on run.repository = stack.repository and run.stack = stack.id
         where stack.repository = $1 and run.kind = 'update' and run.state <> 'succeeded' and run.rollout is distinct from $2
           and (run.started_at is not null or run.attempt > 1)
           and run.created_at > coalesce((
             select max(good.created_at) from run as good where good.repository = stack.repository and good.stack = stack.id
               and good.kind = 'update' and good.state = 'succeeded'), '-infinity')`,
        [repository, except],
      ),
  };
}

async function listRuns(database: Statements, filter: RunFilter): ReturnType<RunStore['runs']['list']> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  for (const name of ['repository', 'stack', 'change', 'rollout', 'kind'] as const) {
    if (filter[name] === undefined) continue;
    values.push(filter[name]);
    conditions.push(`${name} = $${values.length}`);
  }
  if (filter.states) {
    values.push(filter.states);
    conditions.push(`state = any($${values.length})`);
  }
  values.push(filter.limit ?? DEFAULT_LIMIT);
  const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
  const sql = `select * from run ${where} order by created_at desc, id desc limit $${values.length}`;
  return (await database.rows<RunRow>(sql, values)).map(runOf);
}
