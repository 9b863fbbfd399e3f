/**
 * What somebody may do: an `owner` everything, a `viewer` only look. Roles per repository come later; they are asked about in `mayChange`
 * alone.
 */
export type Role = 'owner' | 'viewer';

/** Somebody who signs in. */
export interface Account {
  readonly id: string;
  /** What approvals and the audit trail call them. */
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
}

/** Who asks, however they showed it. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** `session`: a page, which has to prove that it is ours. `local`: the token of the data folder, for whoever has that. */
  readonly by: 'session' | 'token' | 'local';
  /** The same for the audit trail: `console`, `token <its name>`, or `this machine`. */
  readonly via: string;
}

/** Who did something, and which way it reached us. */
export interface Actor {
  readonly by: string;
  /** As `Principal.via`, or `comment`. Left out by those of an earlier version. */
  readonly via?: string;
}

export function actorOf({ name, via }: Principal): Actor {
  return { by: name, via };
}

export function mayChange({ role }: Principal): boolean {
  return role === 'owner';
}

/** A token for the command line or a script. The token itself is known to whoever made it alone. */
export interface AccessToken {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
}

/**
 * Accounts and what shows that somebody is one. Secrets come here as SHA-256 only: they have 256 random bits, so that nothing slower is needed.
 * Rejects with a transient error while the database cannot be reached.
 */
export interface AccountStore {
  count(): Promise<number>;
  add(account: Pick<Account, 'id' | 'name' | 'role'>): Promise<void>;
  get(id: string): Promise<Account | undefined>;
  /** Id of the oldest owner; undefined before there is an account. */
  firstOwner(): Promise<string | undefined>;
  readonly links: {
    /** `account` undefined: whoever takes it makes a new one. */
    add(link: { readonly hash: string; readonly account: string | undefined; readonly expiresAt: Date }): Promise<void>;
    /** What a link would give, without taking it. */
    look(hash: string): Promise<{ readonly account: string | undefined } | undefined>;
    /** Takes a link, once. undefined where it was taken, has expired or never was. */
    take(hash: string): Promise<{ readonly account: string | undefined } | undefined>;
  };
  readonly sessions: {
    add(session: { readonly hash: string; readonly account: string; readonly expiresAt: Date }): Promise<void>;
    /** The account of a session that has not expired. */
    find(hash: string): Promise<Account | undefined>;
    remove(hash: string): Promise<void>;
  };
  readonly tokens: {
    add(
      token: Pick<AccessToken, 'id' | 'name' | 'account' | 'role' | 'expiresAt'> & { readonly hash: string },
    ): Promise<void>;
    list(): Promise<readonly AccessToken[]>;
    /** The token and its account's name; remembers, to the minute, that it was used. */
    use(hash: string): Promise<(AccessToken & { readonly accountName: string }) | undefined>;
    /** False where there is none. */
    remove(id: string): Promise<boolean>;
  };
}
