import type {
  Approval,
  ApprovalStore,
  AuditStore,
  DriftRecord,
  DriftStore,
  ImageLook,
  ImageStore,
  KeepingStore,
  Promotion,
  PromotionStore,
  RecordedEntry,
  Rollback,
  RollbackStore,
} from '../core/keeping-store.ts';
import type { Seen } from '../core/run-store.ts';
import type { Database } from './database.ts';
import { createEnvironmentTables } from './environment-tables.ts';
import { seenCondition } from './page.ts';

/** The tables that keep stacks true: drift, audit trail, approvals, rollbacks, promotions, images. */
export function createKeepingTables(database: Database): KeepingStore {
  return {
    drift: driftOf(database),
    audit: auditOf(database),
    approvals: approvalsOf(database),
    rollbacks: rollbacksOf(database),
    promotions: promotionsOf(database),
    images: imagesOf(database),
    environments: createEnvironmentTables(database),
  };
}

interface DriftRow {
  readonly repository: string;
  readonly stack: string;
  readonly state: DriftRecord['state'];
  readonly summary: string;
  readonly looked_at: Date | null;
  readonly commit: string | null;
  readonly run: string | null;
  readonly finding: DriftRecord['finding'];
  readonly since: Date | null;
  readonly correction: NonNullable<DriftRecord['correction']> | null;
  readonly issue: string | null;
}

function driftOf(database: Database): DriftStore {
  const record = ({ looked_at, commit, run, since, correction, issue, ...row }: DriftRow): DriftRecord => ({
    ...row,
    lookedAt: looked_at ?? undefined,
    commit: commit ?? undefined,
    run: run ?? undefined,
    since: since ?? undefined,
    correction: correction ?? undefined,
    issue: issue ?? undefined,
  });
  return {
    get: async (repository, stack) => {
      const sql = 'select * from drift where repository = $1 and stack = $2';
      const [row] = await database.rows<DriftRow>(sql, [repository, stack]);
      return row && record(row);
    },
    list: async (repository) => {
      const sql = 'select * from drift where ($1::text is null or repository = $1) order by repository, stack';
      return (await database.rows<DriftRow>(sql, [repository ?? null])).map(record);
    },
    put: async (given) => {
      const { repository, stack, state, summary, lookedAt, commit, run, finding, since, correction, issue } = given;
      await database.change(
        `insert into drift (repository, stack, state, summary, looked_at, commit, run, finding, since, correction, issue)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (repository, stack) do update set state = excluded.state, summary = excluded.summary,
           looked_at = excluded.looked_at, commit = excluded.commit, run = excluded.run, finding = excluded.finding,
           since = excluded.since, correction = excluded.correction, issue = excluded.issue`,
        [
          ...[repository, stack, state, summary, lookedAt ?? null, commit ?? null, run ?? null],
          ...[JSON.stringify(finding), since ?? null, correction ? JSON.stringify(correction) : null, issue ?? null],
        ],
      );
    },
    remove: async (repository, stack) => {
      await database.change('delete from drift where repository = $1 and stack = $2', [repository, stack]);
    },
  };
}

type AuditRow = Omit<RecordedEntry, 'number' | 'detail'> & {
  readonly number: string;
  readonly detail: Readonly<Record<string, unknown>>;
};

function auditOf(database: Database): AuditStore {
  return {
    add: async ({ kind, repository, subject, by, via, text, detail = {}, key }) => {
      // Number, time and hash are the trigger's; `on conflict` makes an entry that is added again none.
      await database.change(
        `insert into audit (number, at, hash, kind, repository, subject, by, text, detail, key)
         values (0, now(), '', $1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing`,
        [kind, repository, subject, by, text, JSON.stringify({ ...detail, via }), key ?? null],
      );
    },
    list: async ({ repository, subject, before, limit = 50, seen }) => {
      const values: unknown[] = [repository ?? null, subject ?? null, before ?? null, limit];
      const rows = await database.rows<AuditRow>(
        `select number, at, kind, repository, subject, by, text, detail, hash from audit
         where ($1::text is null or repository = $1) and ($2::text is null or subject = $2) and ($3::bigint is null or number < $3)
           ${seen ? `and ${seenEntry(seen, values)}` : ''}
         order by number desc limit $4`,
        values,
      );
      return rows.map((row) => ({ ...row, via: row.detail?.via as string | undefined, number: Number(row.number) }));
    },
    verify: async () => {
      const [row] = await database.rows<{ number: string | null }>(
        `select min(number) as number from (
           select number, hash, audit_hash(coalesce(lag(hash) over (order by number), ''), audit) as wanted,
             row_number() over (order by number) as place from audit
         ) as entry where hash <> wanted or number <> place`,
        [],
      );
      return row?.number == null ? undefined : Number(row.number);
    },
  };
}

/** An entry is about a stack by its id, or about a run, a change or a rollout that has one. */
function seenEntry(seen: Seen, values: unknown[]): string {
  values.push(seen.repositories, seen.stacks);
  const [repositories, stacks] = [`$${values.length - 1}`, `$${values.length}`];
  const about = (['run', 'change', 'rollout'] as const).map(
    (table) =>
      `exists (select from ${table} where ${table}.id = audit.subject and ${table}.repository = audit.repository and ${seenCondition(table, { seen, values })})`,
  );
  return `(repository = any(${repositories}) or repository || ':' || subject = any(${stacks}) or ${about.join(' or ')})`;
}

function approvalsOf(database: Database): ApprovalStore {
  return {
    put: async ({ rollout, environment, by, digest }) => {
      await database.change(
        `insert into approval (rollout, environment, "by", digest) values ($1, $2, $3, $4)
         on conflict (rollout, environment, "by") do update set digest = excluded.digest, at = now(), void = false`,
        [rollout, environment, by, digest],
      );
    },
    list: (rollout) => database.rows<Approval>('select * from approval where rollout = $1 order by at', [rollout]),
    voidOthers: async ({ rollout, environment, digest }) => {
      const rows = await database.rows<{ by: string }>(
        `update approval set void = true where rollout = $1 and environment = $2 and digest <> $3 and not void returning "by"`,
        [rollout, environment, digest],
      );
      return rows.map(({ by }) => by).sort();
    },
  };
}

function rollbacksOf(database: Database): RollbackStore {
  return {
    put: async ({ id, repository, commit, change, head, by, reason }) => {
      await database.change(
        `insert into rollback (id, repository, commit, change, head, "by", reason) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (id) do update set change = excluded.change, head = excluded.head`,
        [id, repository, commit, change, head, by, reason],
      );
    },
    remove: async (id) => {
      await database.change('delete from rollback where id = $1', [id]);
    },
    list: (repository) =>
      database.rows<Rollback>('select * from rollback where repository = $1 order by at desc limit 100', [repository]),
  };
}

type PromotionRow = Omit<Promotion, 'from' | 'to' | 'commit' | 'change'> & {
  readonly from_stack: string;
  readonly to_stack: string;
  readonly commit: string | null;
  readonly change: string | null;
};

function promotionsOf(database: Database): PromotionStore {
  const promotion = ({ from_stack, to_stack, commit, change, ...row }: PromotionRow): Promotion => ({
    ...row,
    from: from_stack,
    to: to_stack,
    commit: commit ?? undefined,
    change: change ?? undefined,
  });
  return {
    add: async ({ id, repository, name, from, to, by }) => {
      const sql = `insert into promotion (id, repository, name, from_stack, to_stack, "by") values ($1, $2, $3, $4, $5, $6) on conflict do nothing`;
      return (await database.change(sql, [id, repository, name, from, to, by])) === 1;
    },
    get: async (id) => {
      const [row] = await database.rows<PromotionRow>('select * from promotion where id = $1', [id]);
      return row && promotion(row);
    },
    list: async (repository, state) => {
      const rows = await database.rows<PromotionRow>(
        `select * from promotion where ($1::text is null or repository = $1) and ($2::text is null or state = $2)
         order by at desc limit 200`,
        [repository ?? null, state ?? null],
      );
      return rows.map(promotion);
    },
    set: async (id, patch) => {
      const fields = Object.entries(patch);
      if (fields.length === 0) return;
      const sets = fields.map(([name], index) => `"${name}" = $${index + 2}`);
      const values = fields.map(([name, value]) => (name === 'values' ? JSON.stringify(value) : (value ?? null)));
      await database.change(`update promotion set ${sets.join(', ')} where id = $1`, [id, ...values]);
    },
  };
}

type ImageRow = Omit<ImageLook, 'lookedAt' | 'newest'> & { readonly looked_at: Date; readonly newest: string | null };

function imagesOf(database: Database): ImageStore {
  return {
    claim: async ({ repository, name }, { now, every }) =>
      (await database.change(
        `insert into image_look (repository, name, looked_at) values ($1, $2, $3)
         on conflict (repository, name) do update set looked_at = excluded.looked_at
         where image_look.looked_at <= $4 or image_look.looked_at > excluded.looked_at`,
        [repository, name, now, new Date(now.getTime() - every)],
      )) === 1,
    found: async ({ repository, name, newest, problem }) => {
      await database.change(
        'update image_look set newest = coalesce($3, newest), problem = $4 where repository = $1 and name = $2',
        [repository, name, newest ?? null, problem],
      );
    },
    keep: async (repository, names) => {
      await database.change('delete from image_look where repository = $1 and not name = any($2)', [repository, names]);
    },
    list: async (repository) => {
      const rows = await database.rows<ImageRow>(
        'select * from image_look where ($1::text is null or repository = $1) order by repository, name',
        [repository ?? null],
      );
      return rows.map(({ looked_at, newest, ...row }) => ({
        ...row,
        lookedAt: looked_at,
        newest: newest ?? undefined,
      }));
    },
  };
}
