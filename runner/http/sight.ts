import { MainstayError } from '../../foundation/errors.ts';
import type { Place, Power } from '../core/access.ts';
import type { Principal } from '../core/account.ts';
import type { RunStore, Seen } from '../core/run-store.ts';
import { ApiError } from './api-error.ts';

/** The powers that an answer names: reading is having the answer. */
const ACTING: readonly Exclude<Power, 'read'>[] = ['operate', 'approve', 'own'];

/** What whoever asks may see and do, with the estate as it is now. */
export interface Sight {
  /** For queries; undefined: everything. */
  readonly seen: Seen | undefined;
  /** Without a stack: the repository as a whole. */
  may(power: Power, at: { readonly repository: string; readonly stack?: string | undefined }): boolean;
  /** Everywhere, now and in future. */
  mayAll(power: Power): boolean;
  maySomewhere(power: Power, repository?: string): boolean;
  /** What else than reading they may do with a stack. */
  powersAt(at: { readonly repository: string; readonly stack: string }): readonly Exclude<Power, 'read'>[];
  /** The same text without the ids of stacks that they may not see, wherever one came from. */
  veil(text: string): string;
  /** The same error, veiled. */
  veiled(error: unknown): unknown;
}

type SightStore = Pick<RunStore, 'stacks' | 'environments'>;

/** A stack that there is, and what patterns are held against. */
interface KnownPlace {
  readonly repository: string;
  readonly id: string;
  readonly place: Place;
}

function keyOf(repository: string, stack: string): string {
  return `${repository}:${stack}`;
}

/** Who may do something with a stack may do it with its running copies for changes: their names are nobody's to know beforehand. */
async function placesIn(store: SightStore): Promise<readonly KnownPlace[]> {
  const [stacks, copies] = await Promise.all([store.stacks.list(undefined), store.environments.list({})]);
  const known = stacks.map(({ repository, id, environment }): KnownPlace => {
    return { repository, id, place: { repository, stack: id, environment } };
  });
  const templates = new Map(known.map((each) => [keyOf(each.repository, each.id), each.place]));
  const copied = copies.map(({ repository, stack, template }): KnownPlace => {
    const place = templates.get(keyOf(repository, template)) ?? { repository, stack: template };
    return { repository, id: stack, place };
  });
  return [...known, ...copied];
}

/** Asks the store only where somebody has a part of the estate. */
export async function sightOf(
  { store, repositories }: { readonly store: SightStore; readonly repositories: readonly { readonly id: string }[] },
  { access }: Principal,
): Promise<Sight> {
  const everyPower: readonly Power[] = ['read', ...ACTING];
  const plain = everyPower.every((power) => access.may(power) || !access.maySomewhere(power));
  const known = plain ? [] : await placesIn(store);
  const byKey = new Map(known.map((each) => [keyOf(each.repository, each.id), each.place]));
  const placeOf = ({ repository, stack }: Omit<Place, 'environment'>): Place =>
    (stack === undefined ? undefined : byKey.get(keyOf(repository, stack))) ?? { repository, stack };
  const may: Sight['may'] = (power, at) => access.may(power) || access.may(power, placeOf(at));
  const all = access.may('read');
  const isSeen = ({ repository, id }: KnownPlace) => may('read', { repository, stack: id });
  const whole = repositories.flatMap(({ id }) => (may('read', { repository: id }) ? [id] : []));
  const veil = all ? (text: string) => text : veilOf(known, isSeen);
  return {
    seen: all ? undefined : seenOf(known, { isSeen, whole }),
    may,
    mayAll: (power) => access.may(power),
    maySomewhere: (power, repository) => access.maySomewhere(power, repository),
    powersAt: (at) => ACTING.filter((power) => may(power, at)),
    veil,
    veiled: (error) => veiledError(error, veil),
  };
}

function seenOf(
  known: readonly KnownPlace[],
  { isSeen, whole }: { readonly isSeen: (stack: KnownPlace) => boolean; readonly whole: readonly string[] },
): Seen {
  const stacks = known.filter((stack) => !whole.includes(stack.repository) && isSeen(stack));
  return { repositories: whole, stacks: stacks.map(({ repository, id }) => keyOf(repository, id)) };
}

/** A stack of one repository may have the id of a hidden one elsewhere: that id is no secret then. */
function veilOf(known: readonly KnownPlace[], isSeen: (stack: KnownPlace) => boolean): (text: string) => string {
  const shown = new Set(known.filter(isSeen).map(({ id }) => id));
  const hidden = [...new Set(known.map(({ id }) => id))].filter((id) => !shown.has(id));
  if (hidden.length === 0) return (text) => text;
  // The longest first, so that none is found as the beginning of another.
  const words = hidden.toSorted((a, b) => b.length - a.length).flatMap((id) => [id, urnPartOf(id)]);
  const pattern = new RegExp(`(?<![\\w.-])(?:${words.map(escaped).join('|')})(?![\\w-]|\\.\\w)`, 'g');
  return (text) => text.replace(pattern, '[hidden]');
}

/** `shop/prod` as URNs have it: `prod::shop`. */
function urnPartOf(id: string): string {
  const slash = id.lastIndexOf('/');
  return `${id.slice(slash + 1)}::${id.slice(0, slash)}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function veiledError(error: unknown, veil: (text: string) => string): unknown {
  // What is not there is said with the words of whoever asked: another word for a stack that is hidden would tell that it is there.
  if (error instanceof ApiError && error.status === 404) return error;
  if (error instanceof ApiError) return new ApiError(error.status, veil(error.message));
  if (error instanceof MainstayError) return new MainstayError(error.kind, veil(error.message));
  return error;
}
