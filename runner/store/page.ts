import type pg from 'pg';
import { userError } from '../../foundation/errors.ts';
import type { Page } from '../core/run-store.ts';
import type { Statements } from './database.ts';

const DEFAULT_LIMIT = 50;

/**
 * A page of a table, newest first. `after` is the id of the last row of the page before: rows that come meanwhile move nothing. Throws a
 * user error where there is no such row.
 */
export async function readPage<Row extends pg.QueryResultRow & { readonly id: string }>(
  database: Statements,
  options: {
    readonly table: 'run' | 'change' | 'rollout';
    readonly columns: string;
    readonly time: 'created_at' | 'updated_at';
    /** Column to value; undefined ones do not count. */
    readonly where: Readonly<Record<string, string | undefined>>;
    readonly limit?: number;
    readonly after?: string;
  },
): Promise<Page<Row>> {
  const { table, columns, time, where, limit = DEFAULT_LIMIT, after } = options;
  const given = Object.entries(where).filter(([, value]) => value !== undefined);
  const conditions = given.map(([name], index) => `${table}.${name} = $${index + 1}`);
  const values: unknown[] = given.map(([, value]) => value);
  if (after !== undefined) {
    await refuseUnknown(database, table, after);
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

async function refuseUnknown(database: Statements, table: string, id: string): Promise<void> {
  const rows = await database.rows(`select 1 from ${table} where id = $1`, [id]);
  if (rows.length === 0)
    throw userError(`Cannot list what comes after as there is no such entry: ${id}. Use \`next\` of the page before.`);
}
