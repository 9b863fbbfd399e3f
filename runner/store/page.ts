import type pg from 'pg';
import { userError } from '../../foundation/errors.ts';
import type { Page, Seen } from '../core/run-store.ts';
import type { Statements } from './database.ts';

const DEFAULT_LIMIT = 50;

/**
 * A page of a table, newest first. `after` is the id of the last row of the page before: rows that come meanwhile move nothing. Throws a
 * user error where there is no such row.
 */
export async function readPage<Row extends pg.QueryResultRow & { readonly id: string }>(
  database: Statements,
  options: {
    readonly table: SeenTable;
    readonly columns: string;
    readonly time: 'created_at' | 'updated_at';
    /** Column to value; undefined ones do not count. */
    readonly where: Readonly<Record<string, string | undefined>>;
    readonly limit?: number;
    readonly after?: string;
    readonly seen?: Seen | undefined;
  },
): Promise<Page<Row>> {
  const { table, columns, time, where, limit = DEFAULT_LIMIT, after, seen } = options;
  const given = Object.entries(where).filter(([, value]) => value !== undefined);
  const conditions = given.map(([name], index) => `${table}.${name} = $${index + 1}`);
  const values: unknown[] = given.map(([, value]) => value);
  if (seen) conditions.push(seenCondition(table, { seen, values }));
  if (after !== undefined) {
    await refuseUnknown(database, { table, id: after, seen });
    values.push(after);
    const at = `(select last.${time}, last.id from ${table} as last where last.id = $${values.length})`;
    conditions.push(`(${table}.${time}, ${table}.id) < ${at}`);
  }
  values.push(limit + 1);
  const rows = await database.rows<Row>(
    `select ${columns} from ${table} ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     order by ${table}.${time} desc, ${table}.id desc limit $${values.length}`,
    values,
  );
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)!.id : undefined };
}

async function refuseUnknown(
  database: Statements,
  { table, id, seen }: { readonly table: SeenTable; readonly id: string; readonly seen: Seen | undefined },
): Promise<void> {
  const values: unknown[] = [id];
  const may = seen ? ` and ${seenCondition(table, { seen, values })}` : '';
  const rows = await database.rows(`select 1 from ${table} where ${table}.id = $1${may}`, values);
  if (rows.length === 0)
    throw userError(`Cannot list what comes after as there is no such entry: ${id}. Use \`next\` of the page before.`);
}

type SeenTable = 'run' | 'change' | 'rollout';

/** What makes an entry one of a stack that is seen; `$` is the list of stacks. */
const OF_STACK: Readonly<Record<SeenTable, string>> = {
  run: "run.repository || ':' || run.stack = any($)",
  change: "exists (select from run where run.change = change.id and run.repository || ':' || run.stack = any($))",
  rollout: `exists (
    select from (
      select jsonb_path_query(rollout.stages, '$[*].groups[*][*]') #>> '{}' as id
      union all select jsonb_path_query(rollout.stages, '$[*].verifies[*]') #>> '{}'
    ) as stack where rollout.repository || ':' || stack.id = any($))`,
};

/** The condition that an entry of a table is of what somebody may see; adds its values. */
export function seenCondition(
  table: SeenTable,
  { seen, values }: { readonly seen: Seen; readonly values: unknown[] },
): string {
  values.push(seen.repositories, seen.stacks);
  const [repositories, stacks] = [`$${values.length - 1}`, `$${values.length}`];
  return `(${table}.repository = any(${repositories}) or ${OF_STACK[table].replaceAll('any($)', `any(${stacks})`)})`;
}
