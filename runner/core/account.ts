import { type Access, accessOf, bothOf, type Grant } from './access.ts';

/** What a provider of identities said of somebody when they signed in last. */
export interface SignedOn {
  readonly issuer: string;
  /** The provider's own, never given to another. */
  readonly subject: string;
  readonly groups: readonly string[];
  /** Only where the provider says that it is theirs. */
  readonly email: string | undefined;
  readonly at: Date;
}

/** Somebody who signs in. */
export interface Account {
  readonly id: string;
  /** What approvals and the audit trail call them. No two accounts have the same. */
  readonly name: string;
  /** What was given to them here; the runner's file may give more. */
  readonly grants: readonly Grant[];
  /** undefined: they sign in by links of ours. */
  readonly signedOn: SignedOn | undefined;
  readonly createdAt: Date;
}

/** A grant of the runner's file: to whoever has one of these names, groups or addresses. */
export interface GivenGrant extends Grant {
  /** Names of accounts that sign in by our links: a provider's people choose their names there. */
  readonly accounts?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly emails?: readonly string[] | undefined;
}

/** All that an account has: its own and what the file gives it. */
export function grantsOf(
  account: Pick<Account, 'name' | 'grants' | 'signedOn'>,
  given: readonly GivenGrant[],
): readonly Grant[] {
  const { name, grants, signedOn } = account;
  const theirs = given.filter(({ accounts = [], groups = [], emails = [] }) => {
    if (!signedOn) return accounts.includes(name);
    const email = signedOn.email?.toLowerCase();
    return (
      groups.some((group) => signedOn.groups.includes(group)) || emails.some((each) => each.toLowerCase() === email)
    );
  });
  return [
    ...grants,
    ...theirs.map(({ role, repositories, stacks, environments }) => ({ role, repositories, stacks, environments })),
  ];
}

/** Who asks, however they showed it. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  /** What they have; with a token what it leaves of that is in `access`. */
  readonly grants: readonly Grant[];
  readonly access: Access;
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

/** What somebody may do with a token: never more than without it. */
export function accessWith(grants: readonly Grant[], token: Grant | undefined): Access {
  const own = accessOf(grants);
  return token ? bothOf(own, accessOf([token])) : own;
}

/** A token for the command line or a script. The token itself is known to whoever made it alone. */
export interface AccessToken {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  /** The most that it may; what its owner may not, it may not either. */
  readonly grant: Grant;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
}

/**
 * Accounts and what shows that somebody is one. Secrets come here as SHA-256 only: they have 256 random bits, so that nothing slower is needed.
 * Rejects with a transient error while the database cannot be reached.
 */
export interface AccountStore {
  /** False where another account has the name, in whatever case. */
  add(account: Pick<Account, 'id' | 'name' | 'grants'>): Promise<boolean>;
  get(id: string): Promise<Account | undefined>;
  /** By name. */
  list(): Promise<readonly Account[]>;
  /** False where there is none. */
  setGrants(id: string, grants: readonly Grant[]): Promise<boolean>;
  /** With its sessions, links and tokens. False where there is none. */
  remove(id: string): Promise<boolean>;
  /**
   * Makes or renews the account of somebody who came from a provider; `id` is taken for a new one. `before` are the groups that they had when they came
   * last. Resolves to undefined where another account has the name.
   */
  signedOn(
    who: Omit<SignedOn, 'at'> & { readonly id: string; readonly name: string },
  ): Promise<{ readonly account: Account; readonly before: readonly string[] | undefined } | undefined>;
  /** Id of the oldest owner of everything who signs in by our links; undefined before there is one. */
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
    /** `sid` is the provider's name of the session, where it came from one. */
    add(session: {
      readonly hash: string;
      readonly account: string;
      readonly expiresAt: Date;
      readonly sid?: string | undefined;
    }): Promise<void>;
    /** The account of a session that has not expired. */
    find(hash: string): Promise<Account | undefined>;
    remove(hash: string): Promise<void>;
    /** Ends those that a provider ended: one, or all of somebody where it does not say which. Returns how many. */
    end(at: {
      readonly issuer: string;
      readonly subject?: string | undefined;
      readonly sid?: string | undefined;
    }): Promise<number>;
  };
  readonly tokens: {
    add(
      token: Pick<AccessToken, 'id' | 'name' | 'account' | 'grant' | 'expiresAt'> & { readonly hash: string },
    ): Promise<void>;
    list(): Promise<readonly AccessToken[]>;
    /** The token and its account; remembers, to the minute, that it was used. */
    use(hash: string): Promise<{ readonly token: AccessToken; readonly account: Account } | undefined>;
    /** False where there is none. */
    remove(id: string): Promise<boolean>;
  };
}
