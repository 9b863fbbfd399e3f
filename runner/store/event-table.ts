import {
  MOST_EVENTS,
  type NumberedEvent,
  RUNS_WITH_EVENTS,
  type RunEvent,
  type RunResource,
} from '../core/run-event.ts';
import type { RunStore } from '../core/run-store.ts';
import type { Statements } from './database.ts';

/** What happened in runs, and their resources. */
export function createEventTable(
  database: Statements,
): Pick<RunStore['runs'], 'addEvents' | 'events' | 'setGraph' | 'graph'> {
  return {
    addEvents: (run, events) => addEvents(database, run, events),
    events: async (run, after, limit) =>
      database.rows<NumberedEvent & { readonly at: Date }>(
        'select number, at, event from run_event where run = $1 and number > $2 order by number limit $3',
        [run, after, limit],
      ),
    setGraph: async (run, resources) => {
      await database.change(
        `insert into run_graph (run, resources) values ($1, $2)
         on conflict (run) do update set resources = excluded.resources`,
        [run, JSON.stringify(resources)],
      );
      await forgetOld(database, run);
    },
    graph: async (run) => {
      const [row] = await database.rows<{ resources: readonly RunResource[] }>(
        'select resources from run_graph where run = $1',
        [run],
      );
      return row?.resources ?? [];
    },
  };
}

/**
 * Appends with the next numbers. The run's row is locked by its count, so that writers of one run follow each other, and a reader who has
 * seen a number has seen all before it. What an engine says beyond `MOST_EVENTS` is dropped; states and steps never are.
 */
async function addEvents(database: Statements, run: string, events: readonly RunEvent[]): Promise<void> {
  if (events.length === 0) return;
  const always = events.filter(({ kind }) => kind === 'state' || kind === 'step');
  await database.change(
    `with turn as materialized (select event_count, coalesce(sandbox, false) as sandbox from run where id = $1 for update),
     taken as (
       select event_count as before, sandbox, case when event_count + $4 <= $5 then $2::jsonb else $3::jsonb end as events from turn
     ),
     counted as (
       update run set event_count = taken.before + jsonb_array_length(taken.events) from taken where id = $1
     )
     insert into run_event (run, number, event)
     select $1, taken.before + item.place, item.event || case when taken.sandbox then '{"sandbox": true}'::jsonb else '{}'::jsonb end
     from taken, jsonb_array_elements(taken.events) with ordinality as item(event, place)`,
    [run, JSON.stringify(events), JSON.stringify(always), events.length, MOST_EVENTS],
  );
}

/** Of each stack the newest runs keep what happened in them; the runs themselves stay. */
async function forgetOld(database: Statements, run: string): Promise<void> {
  const old = `select id from run where (repository, stack) = (select repository, stack from run where id = $1)
    order by created_at desc, id desc offset ${RUNS_WITH_EVENTS}`;
  await database.change(`delete from run_event where run in (${old})`, [run]);
  await database.change(`delete from run_graph where run in (${old})`, [run]);
}
