import type { Delivery, Notice, NoticeStore } from '../core/notice.ts';
import type { Database } from './database.ts';

/** What happened in the last day, since the channel began, as notices: `$1` is the channel, `$2` the kinds that it wants. */
const HAPPENED = `
  with since as (select greatest(began, now() - interval '1 day') as at from notice_channel where name = $1),
  happened as (
    select 'run-failed' as kind,
      -- A destroy is tried again and again: once a day is enough.
      case when kind = 'removal' then format('removal %s %s %s', repository, stack, ended_at::date) else format('run %s %s', id, attempt) end as key, repository, id as subject, 'runs/' || id as path,
      format('%s of %s failed: %s', kind, stack, split_part(summary, chr(10), 1)) as text, coalesce(sandbox, false) as sandbox, ended_at as at
    from run where state = 'failed' and ended_at > (select at from since)
    union all
    select 'approval-wanted', format('wait %s %s', id, attempt), repository, id, 'runs/' || id,
      format('%s of %s %s', kind, stack, split_part(summary, chr(10), 1)), coalesce(sandbox, false), now()
    from run where state = 'waiting' and created_at > (select at from since)
    union all
    select 'approval-wanted', format('wait %s %s', id, waits ->> 'environment'), repository, id, 'rollouts/' || id,
      format('rollout of %s %s', left(commit, 8), waits ->> 'text'),
      exists (select from run where run.rollout = rollout.id and run.sandbox), now()
    from rollout where state = 'waiting' and waits ->> 'for' = 'approval'
    union all
    select 'rollout-finished', format('rollout %s %s', id, ended_at), repository, id, 'rollouts/' || id,
      format('rollout of %s %s: %s', left(commit, 8), state, split_part(summary, chr(10), 1)),
      exists (select from run where run.rollout = rollout.id and run.sandbox), ended_at
    from rollout where ended_at > (select at from since)
    union all
    select case when kind = 'break-glass' then 'break-glass' when detail ->> 'state' = 'none' then 'drift-gone' else 'drift-found' end,
      'audit ' || number, repository, subject,
      case when kind = 'drift' then 'drift' when exists (select from run where id = subject) then 'runs/' || subject
        else 'rollouts/' || subject end,
      case when kind = 'drift' then format('drift of %s: %s', subject, text) else format('%s by %s', text, by) end,
      coalesce((select sandbox from run where run.repository = audit.repository and run.stack = subject and sandbox is not null
        order by created_at desc limit 1), exists (select from run where run.rollout = subject and run.sandbox)), at
    from audit where kind in ('drift', 'break-glass') and at > (select at from since)
  )
  insert into notice (channel, key, notice)
  select $1, key, jsonb_build_object('key', key, 'kind', kind, 'repository', repository, 'subject', subject, 'path', path, 'text', text,
    'sandbox', sandbox, 'at', to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  from happened where kind = any($2::text[]) order by at
  on conflict (channel, key) do nothing`;

const TAKE = `
  with turn as (
    update notice_channel set taken = now()
    where name = $1 and (taken is null or taken <= now() - make_interval(secs => $4))
      and exists (select from notice where channel = $1 and state = 'waiting' and due <= now())
    returning name
  )
  update notice set attempts = attempts + 1, due = now() + make_interval(secs => $3)
  where number in (
    select number from notice join turn on turn.name = notice.channel
    where state = 'waiting' and due <= now() order by number limit $2
  )
  returning number, notice, attempts`;

/** What people are to be told. The schema has to be migrated. */
export function createNoticeTables(database: Database): NoticeStore {
  return {
    collect: async (channel, kinds) => {
      await database.change('insert into notice_channel (name) values ($1) on conflict do nothing', [channel]);
      return database.change(HAPPENED, [channel, kinds]);
    },
    take: async (channel, { most, leaseSeconds, everySeconds }) => {
      type Row = { readonly number: string; readonly notice: Notice; readonly attempts: number };
      const rows = await database.rows<Row>(TAKE, [channel, most, leaseSeconds, everySeconds]);
      const taken = rows.map((row): Delivery => ({ ...row, number: Number(row.number) }));
      return taken.toSorted((one, two) => one.number - two.number);
    },
    sent: async (numbers) => {
      await database.change(`update notice set state = 'sent', problem = '' where number = any($1::bigint[])`, [
        numbers,
      ]);
    },
    failed: async (number, { problem, againSeconds }) => {
      await database.change(
        `update notice set problem = $2, state = case when $3::float8 is null then 'given-up' else 'waiting' end,
           due = now() + make_interval(secs => coalesce($3::float8, 0)) where number = $1`,
        [number, problem, againSeconds ?? null],
      );
    },
    counts: async (channel) => {
      const sql = 'select state, count(*)::int as count from notice where channel = $1 group by state';
      const rows = await database.rows<{ state: 'waiting' | 'sent' | 'given-up'; count: number }>(sql, [channel]);
      const found = Object.fromEntries(rows.map(({ state, count }) => [state, count]));
      return { waiting: 0, sent: 0, 'given-up': 0, ...found };
    },
  };
}
