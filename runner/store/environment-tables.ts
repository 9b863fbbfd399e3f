import type { EnvironmentPatch, EnvironmentStore } from '../core/environment-store.ts';
import type { EnvironmentWish, PreviewEnvironment } from '../core/preview-environment.ts';
import type { Database } from './database.ts';

/** Columns by field. */
const COLUMNS = {
  template: 'template',
  change: 'change',
  state: 'state',
  summary: 'summary',
  commit: 'commit',
  settings: 'settings',
  run: 'run',
  turns: 'turns',
  claimed: 'claimed',
  outputs: 'outputs',
  sandbox: 'sandbox',
  unclear: 'unclear',
  failures: 'failures',
  againAt: 'again_at',
  expiresAt: 'expires_at',
  turnedAt: 'turned_at',
} as const satisfies Record<keyof EnvironmentPatch, string>;

const FIELDS = Object.keys(COLUMNS) as readonly (keyof typeof COLUMNS)[];

type Row = Readonly<Record<string, unknown>>;

/** The tables of preview environments. The schema has to be migrated. */
export function createEnvironmentTables(database: Database): EnvironmentStore {
  return {
    ...wishesOf(database),
    get: async (repository, stack) => {
      const sql = 'select * from preview_environment where repository = $1 and stack = $2';
      const [row] = await database.rows<Row>(sql, [repository, stack]);
      return row && environmentOf(row);
    },
    list: async ({ repository, change }) => {
      const rows = await database.rows<Row>(
        `select * from preview_environment
         where ($1::text is null or repository = $1) and ($2::text is null or change = $2) order by repository, stack`,
        [repository ?? null, change ?? null],
      );
      return rows.map(environmentOf);
    },
    put: async (environment) => {
      const { repository, stack, updatedAt } = environment;
      const columns = FIELDS.map((field) => COLUMNS[field]);
      await database.change(
        `insert into preview_environment (repository, stack, updated_at, ${columns.join(', ')})
         values ($1, $2, $3, ${columns.map((_, index) => `$${index + 4}`).join(', ')})
         on conflict (repository, stack) do update set updated_at = excluded.updated_at,
           ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
        [repository, stack, updatedAt, ...FIELDS.map((field) => stored(environment[field]))],
      );
    },
    set: async ({ repository, stack, run }, patch, at) => {
      const fields = FIELDS.filter((field) => field in patch);
      const sets = fields.map((field, index) => `${COLUMNS[field]} = $${index + 5}`);
      const changed = await database.change(
        `update preview_environment set ${['updated_at = $4', ...sets].join(', ')}
         where repository = $1 and stack = $2 and run is not distinct from $3`,
        [repository, stack, run ?? null, at, ...fields.map((field) => stored(patch[field]))],
      );
      return changed === 1;
    },
    forget: async ({ repository, stack, template, change }) => {
      await database.change(
        `delete from preview_environment where repository = $1 and stack = $2 and template = $3 and change = $4 and state in ('waiting', 'removed')`,
        [repository, stack, template, change],
      );
    },
  };
}

function stored(value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === 'object' && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value;
}

function environmentOf(row: Row): PreviewEnvironment {
  const fields = FIELDS.map((field) => [field, row[COLUMNS[field]] ?? undefined] as const);
  // Only our own code writes this table.
  return { ...Object.fromEntries(fields), ...keyOf(row), updatedAt: row.updated_at as Date } as PreviewEnvironment;
}

function keyOf({ repository, stack }: Row): Row {
  return { repository, stack };
}

type WishStore = Pick<EnvironmentStore, 'wishes' | 'ask' | 'told' | 'setTold'>;

function wishesOf(database: Database): WishStore {
  return {
    wishes: async (repository) => {
      type WishRow = Omit<EnvironmentWish, 'askedAt'> & { readonly asked_at: Date };
      const sql = 'select * from environment_wish where repository = $1';
      const rows = await database.rows<WishRow>(sql, [repository]);
      return rows.map(({ asked_at, ...row }) => ({ ...row, askedAt: asked_at }));
    },
    ask: async ({ change, repository, head, asked, askedAt, by }) => {
      await database.change(
        `insert into environment_wish (change, repository, head, asked, asked_at, "by") values ($1, $2, $3, $4, $5, $6)
         on conflict (change) do update set head = case when $3 = '' then environment_wish.head else $3 end,
           asked = excluded.asked, asked_at = excluded.asked_at, "by" = excluded."by"`,
        [change, repository, head, asked, askedAt, by],
      );
    },
    told: async (change) => {
      const sql = 'select told from environment_told where change = $1';
      return (await database.rows<{ told: string }>(sql, [change]))[0]?.told;
    },
    setTold: async (change, told) => {
      const sql =
        'insert into environment_told values ($1, $2) on conflict (change) do update set told = excluded.told';
      await database.change(sql, [change, told]);
    },
  };
}
