import type pg from 'pg';
import { userError } from '../../foundation/errors.ts';

/** The schema, step by step. A step that has been released is never changed: a later one corrects it. */
export const MIGRATIONS: readonly string[] = [
  `
  create table delivery (
    id text primary key, repository text not null, event jsonb not null, received_at timestamptz not null default now()
  );
  create table head (
    repository text not null, branch text not null, commit text, version integer not null,
    primary key (repository, branch)
  );
  create table change (
    id text primary key, repository text not null, name text not null, state text not null, head text not null,
    base text, merge text, problem text, updated_at timestamptz not null default now()
  );
  create table rollout (
    id text primary key, repository text not null, commit text not null, state text not null default 'running',
    summary text not null default '', stages jsonb not null, changes jsonb not null,
    created_at timestamptz not null default now(), ended_at timestamptz
  );
  create table run (
    id text primary key, repository text not null, stack text not null, kind text not null,
    state text not null default 'queued', summary text not null default '', change text, rollout text,
    commit text not null, reasons jsonb not null, outcome jsonb, attempt integer not null default 1,
    created_at timestamptz not null default now(), started_at timestamptz, ended_at timestamptz
  );
  create index run_by_stack on run (repository, stack, created_at desc);
  create index run_by_change on run (change);
  create index run_by_rollout on run (rollout);
  create table run_step (
    run text not null references run on delete cascade, number integer not null, name text not null, state text not null,
    detail text not null default '', started_at timestamptz not null default now(), ended_at timestamptz,
    primary key (run, name)
  );
  create table stack (
    repository text not null, id text not null, name text not null, environment text not null, position integer not null,
    applied_commit text, applied_at timestamptz, upstreams jsonb not null default '[]',
    primary key (repository, id)
  );
  create table process (
    repository text not null, stack text not null, host text not null, pid integer not null, start_time text not null,
    primary key (repository, stack, host, pid, start_time)
  );
  `,
  `
  -- What lists show of an outcome, so that they need not read it.
  alter table run
    add column event_count integer not null default 0,
    add column digest text generated always as (outcome ->> 'digest') stored,
    add column engine text generated always as (outcome ->> 'engine') stored,
    add column counts jsonb generated always as (outcome -> 'counts') stored,
    add column sandbox boolean generated always as ((outcome ->> 'sandbox')::boolean) stored;
  create index run_by_time on run (created_at desc, id desc);
  create table run_event (
    run text not null references run on delete cascade, number integer not null, at timestamptz not null default now(),
    event jsonb not null, primary key (run, number)
  );
  create table run_graph (run text primary key references run on delete cascade, resources jsonb not null);
  `,
  `
  create table account (
    id text primary key, name text not null, role text not null, created_at timestamptz not null default now()
  );
  create table sign_in_link (hash text primary key, account text references account on delete cascade, expires_at timestamptz not null);
  create table session (hash text primary key, account text not null references account on delete cascade, expires_at timestamptz not null);
  create table access_token (
    id text primary key, name text not null, account text not null references account on delete cascade, role text not null,
    hash text not null unique, created_at timestamptz not null default now(), last_used_at timestamptz, expires_at timestamptz
  );
  `,
  `
  create table drift (
    repository text not null, stack text not null, state text not null, summary text not null, looked_at timestamptz,
    commit text, run text, finding jsonb not null, since timestamptz, correction jsonb, issue text,
    primary key (repository, stack)
  );
  create table audit (
    number bigint primary key, at timestamptz not null, kind text not null, repository text not null, subject text not null,
    by text not null, text text not null, detail jsonb not null default '{}', key text unique, hash text not null
  );
  create index audit_by_subject on audit (subject, number desc);
  create function audit_hash(before text, entry audit) returns text language sql immutable as $$
    select encode(sha256(convert_to(concat_ws(chr(31), before, entry.number::text,
      (extract(epoch from entry.at) * 1000000)::bigint::text, entry.kind, entry.repository, entry.subject, entry.by, entry.text,
      entry.detail::text), 'UTF8')), 'hex')
  $$;
  create function audit_added() returns trigger language plpgsql as $$
  declare last mainstay.audit;
  begin
    perform pg_advisory_xact_lock(7206155022);
    select * into last from mainstay.audit order by number desc limit 1;
    new.number := coalesce(last.number, 0) + 1;
    new.at := date_trunc('milliseconds', clock_timestamp());
    new.hash := mainstay.audit_hash(coalesce(last.hash, ''), new);
    return new;
  end $$;
  create trigger audit_added before insert on audit for each row execute function audit_added();
  create function audit_kept() returns trigger language plpgsql as $$
  begin
    raise exception 'the audit trail is only added to';
  end $$;
  create trigger audit_kept before update or delete or truncate on audit for each statement execute function audit_kept();
  create table approval (
    rollout text not null, environment text not null, "by" text not null, digest text not null,
    at timestamptz not null default now(), void boolean not null default false, primary key (rollout, environment, "by")
  );
  create table rollback (
    id text primary key, repository text not null, commit text not null, change text not null, head text not null,
    "by" text not null, reason text not null, at timestamptz not null default now()
  );
  create table promotion (
    id text primary key, repository text not null, name text not null, from_stack text not null, to_stack text not null,
    state text not null default 'queued', "values" jsonb not null default '[]', commit text, change text,
    summary text not null default '', "by" text not null, at timestamptz not null default now()
  );
  alter table rollout add column waits jsonb;
  `,
  `
  alter table change add column author text, add column held boolean not null default false;
  `,
  `
  create table notice_channel (name text primary key, began timestamptz not null default now(), taken timestamptz);
  create table notice (
    number bigint generated always as identity primary key, channel text not null references notice_channel, key text not null,
    notice jsonb not null, state text not null default 'waiting', attempts integer not null default 0,
    due timestamptz not null default now(), problem text not null default '', at timestamptz not null default now(), unique (channel, key)
  );
  create index notice_waiting on notice (channel, due) where state = 'waiting';
  create index run_failed on run (ended_at) where state = 'failed';
  create index rollout_ended on rollout (ended_at);
  create index audit_news on audit (at) where kind in ('drift', 'break-glass');
  `,
  `
  create table comments_read (repository text primary key, at timestamptz not null);
  alter table change add column types jsonb;
  `,
  `
  alter table stack add column unproven jsonb;
  `,
  `
  -- A worker lives as long as its session holds its advisory lock (runner/workflows/worker-session.ts).
  create function worker_lives(worker text) returns boolean language sql as $$
    select exists (
      select from pg_locks
      where locktype = 'advisory' and granted and objsubid = 2 and classid = 7206
        and objid = (hashtext(worker)::bigint & 4294967295)::oid
        and database = (select oid from pg_database where datname = current_database())
    )
  $$;
  create table takeover (worker text not null, taken_by text not null, at timestamptz not null default clock_timestamp());
  create index takeover_of on takeover (worker, at);
  create table report (
    rollout text primary key, since timestamptz not null, due timestamptz not null, attempts integer not null default 0,
    wanted integer not null default 1
  );
  alter table process add column worker text;
  alter table rollout add column position bigint not null default 0;
  create index rollout_in_order on rollout (repository, position desc, created_at desc);
  `,
  `
  -- Who may still decide about a stack: no rollout older than the one that did last, and nobody on what was read before something began.
  create sequence stack_revision;
  alter table stack
    add column revision bigint not null default nextval('mainstay.stack_revision'),
    add column decided bigint not null default 0,
    add column listed bigint not null default 0;
  create index base_move on delivery (repository, (event ->> 'head')) where event ->> 'kind' = 'base-moved';
  `,
  `
  create table image_look (
    repository text not null, name text not null, looked_at timestamptz not null, newest text, problem text not null default '',
    primary key (repository, name)
  );
  `,
  `
  -- Roles per stack, and people who come from a provider of identities.
  alter table account
    add column grants jsonb not null default '[]', add column issuer text, add column subject text,
    add column "groups" jsonb not null default '[]', add column email text, add column signed_on_at timestamptz;
  update account set grants = jsonb_build_array(jsonb_build_object('role', role));
  update account set name = name || ' ' || left(id, 8)
    where exists (select from account as other where lower(other.name) = lower(account.name) and other.id < account.id);
  alter table account drop column role;
  create unique index account_by_name on account (lower(name));
  create unique index account_by_subject on account (issuer, subject);
  alter table session add column sid text;
  alter table access_token add column "grant" jsonb;
  update access_token set "grant" = jsonb_build_object('role', role);
  alter table access_token drop column role, alter column "grant" set not null;
  `,
  `
  create table preview_environment (
    repository text not null, stack text not null, template text not null, change text not null, state text not null,
    summary text not null default '', commit text, settings jsonb, run text, turns integer not null default 0,
    claimed boolean not null default false, outputs jsonb not null default '{}', sandbox boolean not null default false,
    unclear boolean not null default false, failures integer not null default 0, again_at timestamptz, expires_at timestamptz,
    turned_at timestamptz, updated_at timestamptz not null, primary key (repository, stack)
  );
  create table environment_wish (
    change text primary key, repository text not null, head text not null, asked text not null, asked_at timestamptz not null,
    "by" text not null
  );
  create table environment_told (change text primary key, told text not null);
  alter table change add column allowed boolean not null default false, add column pushed_at timestamptz;
  `,
];

/** Any number: two runners that start at once migrate one after the other. */
const MIGRATION_LOCK = 7_206_155_021;

/** Brings the schema `mainstay` up to date; `steps` are the first ones, to begin as an older version left it. Throws a user error where a newer Mainstay has been at it. */
export async function migrate(pool: pg.Pool, steps: readonly string[] = MIGRATIONS): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query('create schema if not exists mainstay');
    await client.query(
      'create table if not exists mainstay.migration (number integer primary key, at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from mainstay.migration');
    const done = rows[0]!.count;
    if (done > steps.length)
      throw userError(
        `Cannot use the database as a newer version of Mainstay has changed it: ${done} migrations, ${steps.length} known. Start that version.`,
      );
    for (let number = done; number < steps.length; number += 1) {
      await client.query('begin');
      await client.query('set local search_path to mainstay');
      await client.query(steps[number]!);
      await client.query('insert into mainstay.migration (number) values ($1)', [number + 1]);
      await client.query('commit');
    }
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => {});
    client.release();
  }
}
