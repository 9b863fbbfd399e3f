import { accessOf, type Grant } from '../core/access.ts';
import type { AccessToken, Account, AccountStore } from '../core/account.ts';
import type { Database } from './database.ts';

interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly groups: readonly string[];
  readonly email: string | null;
  readonly signed_on_at: Date | null;
  readonly created_at: Date;
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly grant: Grant;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  readonly expires_at: Date | null;
}

const TOKEN_COLUMNS = ['id', 'name', 'account', '"grant"', 'created_at', 'last_used_at', 'expires_at']
  .map((name) => `access_token.${name}`)
  .join(', ');

/** Accounts in PostgreSQL. The schema has to be migrated. */
export function createPostgresAccountStore(database: Database): AccountStore {
  return {
    add: async ({ id, name, grants }) => {
      const sql = 'insert into account (id, name, grants) values ($1, $2, $3) on conflict do nothing';
      return (await database.change(sql, [id, name, JSON.stringify(grants)])) === 1;
    },
    get: async (id) => {
      const [row] = await database.rows<AccountRow>('select * from account where id = $1', [id]);
      return row && accountOf(row);
    },
    list: async () => (await database.rows<AccountRow>('select * from account order by lower(name)')).map(accountOf),
    setGrants: async (id, grants) =>
      (await database.change('update account set grants = $2 where id = $1', [id, JSON.stringify(grants)])) === 1,
    remove: async (id) => (await database.change('delete from account where id = $1', [id])) === 1,
    signedOn: (who) => signOn(database, who),
    firstOwner: async () => {
      const rows = await database.rows<AccountRow>(
        `select * from account where issuer is null and grants @> '[{"role": "owner"}]' order by created_at, id`,
      );
      return rows.find(({ grants }) => accessOf(grants).may('own'))?.id;
    },
    links: linksOf(database),
    sessions: sessionsOf(database),
    tokens: tokensOf(database),
  };
}

async function signOn(
  database: Database,
  { id, name, issuer, subject, groups, email }: Parameters<AccountStore['signedOn']>[0],
): ReturnType<AccountStore['signedOn']> {
  const [before] = await database.rows<AccountRow>('select * from account where issuer = $1 and subject = $2', [
    issuer,
    subject,
  ]);
  const values = [id, name, issuer, subject, JSON.stringify(groups), email ?? null];
  // A name that another account has leaves the row out of both statements.
  await database.change(
    `insert into account (id, name, issuer, subject, "groups", email, signed_on_at) values ($1, $2, $3, $4, $5, $6, now())
     on conflict do nothing`,
    values,
  );
  const [row] = await database.rows<AccountRow>(
    `update account set name = $1, "groups" = $4, email = $5, signed_on_at = now()
     where issuer = $2 and subject = $3
       and not exists (select from account as other where lower(other.name) = lower($1) and other.id <> account.id)
     returning *`,
    values.slice(1),
  );
  return row && { account: accountOf(row), before: before?.groups };
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
    add: async ({ hash, account, expiresAt, sid }) => {
      await database.change('delete from session where expires_at < now()');
      await database.change('insert into session (hash, account, expires_at, sid) values ($1, $2, $3, $4)', [
        hash,
        account,
        expiresAt,
        sid ?? null,
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
    end: ({ issuer, subject, sid }) =>
      database.change(
        `delete from session using account where account.id = session.account and account.issuer = $1
           and ($2::text is null or account.subject = $2) and ($3::text is null or session.sid = $3)
           and ($2::text is not null or $3::text is not null)`,
        [issuer, subject ?? null, sid ?? null],
      ),
  };
}

function tokensOf(database: Database): AccountStore['tokens'] {
  return {
    add: async ({ id, name, account, grant, hash, expiresAt }) => {
      await database.change(
        'insert into access_token (id, name, account, "grant", hash, expires_at) values ($1, $2, $3, $4, $5, $6)',
        [id, name, account, JSON.stringify(grant), hash, expiresAt ?? null],
      );
    },
    list: async () => {
      const sql = `select ${TOKEN_COLUMNS} from access_token order by created_at desc, id`;
      return (await database.rows<TokenRow>(sql)).map(tokenOf);
    },
    use: async (hash) => {
      const [row] = await database.rows<TokenRow & { readonly owner: AccountRow }>(
        `select ${TOKEN_COLUMNS}, to_jsonb(person) as owner
         from access_token join account as person on person.id = access_token.account
         where hash = $1 and (expires_at is null or expires_at > now())`,
        [hash],
      );
      if (!row) return undefined;
      await database.change(
        `update access_token set last_used_at = now()
         where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
        [row.id],
      );
      return { token: tokenOf(row), account: accountOf(row.owner) };
    },
    remove: async (id) => (await database.change('delete from access_token where id = $1', [id])) === 1,
  };
}

function accountOf({
  id,
  name,
  grants,
  issuer,
  subject,
  groups,
  email,
  signed_on_at,
  created_at,
}: AccountRow): Account {
  // As a part of JSON, times are text.
  const at = new Date(signed_on_at ?? created_at);
  const signedOn =
    issuer === null || subject === null ? undefined : { issuer, subject, groups, email: email ?? undefined, at };
  return { id, name, grants, signedOn, createdAt: new Date(created_at) };
}

function tokenOf({ id, name, account, grant, created_at, last_used_at, expires_at }: TokenRow): AccessToken {
  return {
    ...{ id, name, account, grant },
    createdAt: created_at,
    lastUsedAt: last_used_at ?? undefined,
    expiresAt: expires_at ?? undefined,
  };
}
