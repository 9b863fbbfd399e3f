import picomatch from 'picomatch';
import { PLAIN, stackTest } from './stack-patterns.ts';

/**
 * What somebody is. `viewer` reads; `operator` also looks, previews, retries, cancels, unlocks; `approver` also approves, rejects, promotes; `owner` does
 * everything, past the gates too. Operating and approving are two roles on purpose: a person who shall do both is given both.
 */
export type Role = 'viewer' | 'operator' | 'approver' | 'owner';

/** What a role lets one do. Every role may read. */
export type Power = 'read' | 'operate' | 'approve' | 'own';

const POWERS_OF: Readonly<Record<Role, readonly Power[]>> = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  approver: ['read', 'approve'],
  owner: ['read', 'operate', 'approve', 'own'],
};

/** The roles that have a power, the least first: for what is said to who lacks it. */
export function rolesWith(power: Power): readonly Role[] {
  return (Object.keys(POWERS_OF) as Role[]).filter((role) => POWERS_OF[role].includes(power));
}

/**
 * A role for some stacks: those that every list that is given has a pattern for. Without lists: for all there are and will be. In patterns `*` is anything
 * but a slash and `**` anything; a pattern of stacks is for the id (`shop/prod`), one without a slash also for the name (`prod`).
 */
export interface Grant {
  readonly role: Role;
  readonly repositories?: readonly string[] | undefined;
  readonly stacks?: readonly string[] | undefined;
  readonly environments?: readonly string[] | undefined;
}

/** A stack, or without one a repository as a whole. `environment` undefined: not known, as of a stack that is not there any more. */
export interface Place {
  readonly repository: string;
  readonly stack?: string | undefined;
  readonly environment?: string | undefined;
}

/** What somebody may do where. */
export interface Access {
  /** Without a place: everywhere, now and in future. A place without a stack: everything of that repository. */
  may(power: Power, place?: Place): boolean;
  /** Whether there may be a place, in that repository or in any. */
  maySomewhere(power: Power, repository?: string): boolean;
}

type Test = (text: string) => boolean;

interface Compiled {
  readonly powers: readonly Power[];
  /** undefined: all. */
  readonly repository: Test | undefined;
  readonly stack: Test | undefined;
  readonly environment: Test | undefined;
}

/** What grants together allow: any one of them is enough. */
export function accessOf(grants: readonly Grant[]): Access {
  const compiled = grants.map(compile);
  const withPower = (power: Power) => compiled.filter(({ powers }) => powers.includes(power));
  return {
    may: (power, place) => withPower(power).some((grant) => covers(grant, place)),
    maySomewhere: (power, repository) =>
      withPower(power).some((grant) => repository === undefined || !grant.repository || grant.repository(repository)),
  };
}

/** What both allow: a token has never more than whoever made it. */
export function bothOf(one: Access, other: Access): Access {
  return {
    may: (power, place) => one.may(power, place) && other.may(power, place),
    maySomewhere: (power, repository) => one.maySomewhere(power, repository) && other.maySomewhere(power, repository),
  };
}

function compile({ role, repositories, stacks, environments }: Grant): Compiled {
  return {
    powers: POWERS_OF[role],
    repository: testOf(repositories),
    stack: stacks && stackTest(stacks),
    environment: testOf(environments),
  };
}

function covers(grant: Compiled, place: Place | undefined): boolean {
  const { repository, stack, environment } = grant;
  if (place === undefined) return !repository && !stack && !environment;
  if (repository && !repository(place.repository)) return false;
  if (place.stack === undefined) return !stack && !environment;
  if (stack && !stack(place.stack)) return false;
  return !environment || (place.environment !== undefined && environment(place.environment));
}

function testOf(patterns: readonly string[] | undefined): Test | undefined {
  if (patterns === undefined) return undefined;
  const tests = patterns.map((pattern) => picomatch(pattern, PLAIN));
  return (text) => tests.some((test) => test(text));
}

/** Grants in one line, for people: `operator of shop in dev, staging; viewer`. */
export function grantsText(grants: readonly Grant[]): string {
  if (grants.length === 0) return 'no role';
  return grants.map(grantText).join('; ');
}

function grantText({ role, repositories, stacks, environments }: Grant): string {
  const parts: readonly (readonly [word: string, patterns: readonly string[] | undefined])[] = [
    ['of', repositories],
    ['for', stacks],
    ['in', environments],
  ];
  const said = parts.flatMap(([word, patterns]) => (patterns ? [`${word} ${patterns.join(', ')}`] : []));
  return [role, ...said].join(' ');
}
