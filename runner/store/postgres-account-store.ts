import type { AccessToken, Account, AccountStore, Role } from '../core/account.ts';
import type { Database } from './database.ts';

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_at: Date;
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly role: Role;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  readonly expires_at: Date | null;
}

const TOKEN_COLUMNS = ['id', 'name', 'account', 'role', 'created_at', 'last_used_at', 'expires_at']
  .map((name) => `access_token.${name}`)
  .join(', ');

/** Accounts in PostgreSQL. The schema has to be migrated. */
export function createPostgresAccountStore(database: Database): AccountStore {
  return {
    count: async () => (await database.rows<{ count: number }>('select count(*)::int as count from account'))[0]!.count,
    add: async ({ id, name, role }) => {
      await database.change('insert into account (id, name, role) values ($1, $2, $3)', [id, name, role]);
    },
    get: async (id) => {
      const [row] = await database.rows<AccountRow>('select * from account where id = $1', [id]);
      return row && accountOf(row);
    },
    firstOwner: async () => {
      const sql = "select id from account where role = 'owner' order by created_at, id limit 1";
      return (await database.rows<{ id: string }>(sql))[0]?.id;
    },
    links: linksOf(database),
    sessions: sessionsOf(database),
    tokens: tokensOf(database),
  };
}

function linksOf(database: Database): AccountStore['links'] {
  return {
    add: async ({ hash, account, expiresAt }) => {
      await database.change('delete from sign_in_link where expires_at < now()');
      await database.change('insert into sign_in_link (hash, account, expires_at) values ($1, $2, $3)', [
        hash,
        account ?? null,
        expiresAt,
      ]);
    },
    look: async (hash) => {
      const [row] = await database.rows<{ account: string | null }>(
        'select account from sign_in_link where hash = $1 and expires_at > now()',
        [hash],
      );
      return row && { account: row.account ?? undefined };
    },
    take: async (hash) => {
      const [row] = await database.rows<{ account: string | null }>(
        'delete from sign_in_link where hash = $1 and expires_at > now() returning account',
        [hash],
      );
      return row && { account: row.account ?? undefined };
    },
  };
}

function sessionsOf(database: Database): AccountStore['sessions'] {
  return {
    add: async ({ hash, account, expiresAt }) => {
      await database.change('delete from session where expires_at < now()');
      await database.change('insert into session (hash, account, expires_at) values ($1, $2, $3)', [
        hash,
        account,
        expiresAt,
      ]);
    },
    find: async (hash) => {
      const [row] = await database.rows<AccountRow>(
        `select account.* from session join account on account.id = session.account
         where session.hash = $1 and session.expires_at > now()`,
        [hash],
      );
      return row && accountOf(row);
    },
    remove: async (hash) => {
      await database.change('delete from session where hash = $1', [hash]);
    },
  };
}

function tokensOf(database: Database): AccountStore['tokens'] {
  return {
    add: async ({ id, name, account, role, hash, expiresAt }) => {
      await database.change(
        'insert into access_token (id, name, account, role, hash, expires_at) values ($1, $2, $3, $4, $5, $6)',
        [id, name, account, role, hash, expiresAt ?? null],
      );
    },
    list: async () => {
      const sql = `select ${TOKEN_COLUMNS} from access_token order by created_at desc, id`;
      return (await database.rows<TokenRow>(sql)).map(tokenOf);
    },
    use: async (hash) => {
      const [row] = await database.rows<TokenRow & { readonly account_name: string }>(
        `select ${TOKEN_COLUMNS}, account.name as account_name
         from access_token join account on account.id = access_token.account
         where hash = $1 and (expires_at is null or expires_at > now())`,
        [hash],
      );
      if (!row) return undefined;
      await database.change(
        `update access_token set last_used_at = now()
         where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
        [row.id],
      );
      return { ...tokenOf(row), accountName: row.account_name };
    },
    remove: async (id) => (await database.change('delete from access_token where id = $1', [id])) === 1,
  };
}

function accountOf({ id, name, role, created_at }: AccountRow): Account {
  return { id, name, role, createdAt: created_at };
}

function tokenOf({ id, name, account, role, created_at, last_used_at, expires_at }: TokenRow): AccessToken {
  return {
    ...{ id, name, account, role },
    createdAt: created_at,
    lastUsedAt: last_used_at ?? undefined,
    expiresAt: expires_at ?? undefined,
  };
}
