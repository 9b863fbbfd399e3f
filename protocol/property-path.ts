import {
  isPropertyArray,
  isPropertyMap,
  memberOf,
  type PropertyMap,
  type PropertyValue,
  Secret,
} from './property-value.ts';

/** Keys and indices from the root down. The key `*` stands for every key or index. */
export type PropertyPath = readonly (string | number)[];

/**
 * Reads a path like `root.array[0]["key with a ."].nested` (grammar: sdk/go/common/resource/properties_path.go). Throws an `Error` that
 * says what is wrong. A bare name is anything up to the next `.` or `[`.
 */
export function parsePath(text: string): PropertyPath {
  if (text.startsWith('.'))
    throw new Error(`expected property path to start with a name or index: ${JSON.stringify(text)}`);
  const elements: (string | number)[] = [];
  for (let rest = text; rest.length > 0; ) {
    if (rest.startsWith('[')) {
      const { element, length } = parseIndex(rest, text);
      elements.push(element);
      rest = rest.slice(length);
      continue;
    }
    if (rest.startsWith('.')) {
      rest = rest.slice(1);
      if (rest === '') throw new Error(`expected property path to end with a name or index: ${JSON.stringify(text)}`);
      continue;
    }
    const [name] = /^[^.[]+/.exec(rest)!;
    elements.push(name);
    rest = rest.slice(name.length);
  }
  return elements;
}

/** `[12]`, `[*]` or `["a \"quoted\" key"]`. */
function parseIndex(rest: string, whole: string): { readonly element: string | number; readonly length: number } {
  const quoted = /^\["((?:\\"|[^"])*)"\]/.exec(rest);
  if (quoted) return { element: quoted[1]!.replaceAll('\\"', '"'), length: quoted[0].length };
  const plain = /^\[([+-]?\d+|\*)\]/.exec(rest);
  if (plain) return { element: plain[1] === '*' ? '*' : Number(plain[1]), length: plain[0].length };
  throw new Error(
    `missing closing bracket or bad index in property path ${JSON.stringify(whole)} at ${JSON.stringify(rest)}`,
  );
}

/**
 * The path's text; `parsePath` reads it back. Quoted is what has anything but letters, digits and `_`, as in the official engine; an empty name
 * too, which the official engine leaves out so that nobody can read its path.
 */
export function formatPath(path: PropertyPath): string {
  let text = '';
  for (const element of path) {
    if (typeof element === 'number') text += `[${element}]`;
    else if (/^[A-Za-z0-9_]+$/.test(element)) text += `${text === '' ? '' : '.'}${element}`;
    else text += `["${element.replaceAll('"', '\\"')}"]`;
  }
  return text;
}

/** The value at the path, seen through marks of secrets; undefined if there is none. */
export function getAt(value: PropertyValue | undefined, path: PropertyPath): PropertyValue | undefined {
  let current = value;
  for (const element of path) {
    const inner = current instanceof Secret ? current.value : current;
    if (typeof element === 'number') current = isPropertyArray(inner) ? inner[element] : undefined;
    else current = isPropertyMap(inner) && Object.hasOwn(inner, element) ? inner[element] : undefined;
  }
  return current;
}

/** A copy with `next` at the path, making objects and lists on the way; undefined if something else is in the way. */
export function setAt(
  value: PropertyValue | undefined,
  path: PropertyPath,
  next: PropertyValue,
): PropertyValue | undefined {
  const [element, ...rest] = path;
  if (element === undefined) return next;
  if (value instanceof Secret) {
    const inner = setAt(value.value, path, next);
    return inner === undefined ? undefined : new Secret(inner);
  }
  if (typeof element === 'number') {
    if (value !== undefined && !isPropertyArray(value)) return undefined;
    const list = [...(value ?? [])];
    if (element < 0 || element > list.length) return undefined;
    const inner = setAt(list[element], rest, next);
    if (inner === undefined) return undefined;
    list[element] = inner;
    return list;
  }
  if (value !== undefined && !isPropertyMap(value)) return undefined;
  const inner = setAt(value && memberOf(value, element), rest, next);
  return inner === undefined ? undefined : { ...value, [element]: inner };
}

/** A copy without what is at the path; undefined if there is nothing. */
export function deleteAt(value: PropertyValue, path: PropertyPath): PropertyValue | undefined {
  const [element, ...rest] = path;
  if (element === undefined) return undefined;
  if (value instanceof Secret) {
    const inner = deleteAt(value.value, path);
    return inner === undefined ? undefined : new Secret(inner);
  }
  const member = getAt(value, [element]);
  if (member === undefined) return undefined;
  const inner = rest.length === 0 ? undefined : deleteAt(member, rest);
  if (rest.length > 0 && inner === undefined) return undefined;
  if (isPropertyArray(value))
    return inner === undefined ? value.filter((_, index) => index !== element) : value.with(element as number, inner);
  const { [element]: _, ...others } = value as PropertyMap;
  return inner === undefined ? others : { ...(value as PropertyMap), [element]: inner };
}

/** Whether `inner` is at or below `outer`. */
export function containsPath(outer: PropertyPath, inner: PropertyPath): boolean {
  return inner.length >= outer.length && outer.every((element, index) => element === '*' || element === inner[index]);
}

interface Reset {
  readonly old: PropertyValue | undefined;
  readonly next: PropertyValue | undefined;
  readonly oldIsSecret: boolean;
  readonly nextIsSecret: boolean;
}

/** What stands for "not there any more" while a reset goes down; `impossible` for a path that leads to nothing that can be set. */
const impossible = Symbol('impossible');
const absent = Symbol('absent');
type ResetResult = PropertyValue | typeof impossible | typeof absent;

/**
 * `next` with the old value at the path (`PropertyPath.Reset`, sdk/go/common/resource/properties_path.go): what `ignoreChanges` does. Undefined where the
 * path lies in an element that only one side has. A value from a secret stays secret. A path that neither side has changes nothing.
 */
export function resetPath(path: PropertyPath, old: PropertyValue, next: PropertyValue): PropertyValue | undefined {
  const result = reset(path, { old, next, oldIsSecret: false, nextIsSecret: false });
  return result === impossible || result === absent ? undefined : result;
}

function reset(path: PropertyPath, given: Reset): ResetResult {
  if (given.next instanceof Secret) {
    const { value } = given.next;
    const inner = reset(path, { ...given, next: value, nextIsSecret: true });
    if (inner === impossible || inner === absent) return inner;
    return inner === value ? given.next : new Secret(inner);
  }
  const state: Reset = {
    ...given,
    old: unwrap(given.old),
    oldIsSecret: given.oldIsSecret || given.old instanceof Secret,
  };
  const [element, ...rest] = path;
  if (element === undefined) return impossible;
  if (element === '*') return resetEvery(rest, state);
  return typeof element === 'number' ? resetIndex(element, rest, state) : resetKey(element, rest, state);
}

/** Nothing is to be done: null is a value, and not to be there is none. */
function unchanged(next: PropertyValue | undefined): ResetResult {
  return next === undefined ? absent : next;
}

function unwrap(value: PropertyValue | undefined): PropertyValue | undefined {
  return value instanceof Secret ? unwrap(value.value) : value;
}

function oldValue(value: PropertyValue, { oldIsSecret, nextIsSecret }: Reset): PropertyValue {
  return oldIsSecret && !nextIsSecret ? new Secret(value) : value;
}

function below(state: Reset, old: PropertyValue | undefined, next: PropertyValue | undefined): Reset {
  return { ...state, old, next };
}

function resetIndex(index: number, rest: PropertyPath, state: Reset): ResetResult {
  const { old, next } = state;
  if (index < 0) return impossible;
  if (!isPropertyArray(old) || !isPropertyArray(next))
    return isPropertyArray(old) || isPropertyArray(next) ? impossible : unchanged(next);
  const inOld = index < old.length;
  const inNext = index < next.length;
  if (rest.length === 0 && !inOld && !inNext) return next;
  if (!inOld || !inNext) return impossible;
  if (rest.length === 0) return next.with(index, oldValue(old[index]!, state));
  const inner = reset(rest, below(state, old[index], next[index]));
  return inner === impossible || inner === absent ? impossible : next.with(index, inner);
}

function resetKey(key: string, rest: PropertyPath, state: Reset): ResetResult {
  const { old, next } = state;
  if (rest.length === 0) return resetLeaf(key, state);
  if (!isPropertyMap(old) || !isPropertyMap(next))
    return isPropertyMap(old) || isPropertyMap(next) ? impossible : unchanged(next);
  if (!Object.hasOwn(next, key)) return Object.hasOwn(old, key) ? impossible : next;
  const inner = reset(rest, below(state, memberOf(old, key), next[key]));
  return inner === impossible ? impossible : inner === absent ? next : { ...next, [key]: inner };
}

function resetLeaf(key: string, state: Reset): ResetResult {
  const { old, next } = state;
  if (isPropertyMap(old) && Object.hasOwn(old, key))
    return isPropertyMap(next) ? { ...next, [key]: oldValue(old[key]!, state) } : impossible;
  if (!isPropertyMap(next)) return unchanged(next);
  const { [key]: _, ...others } = next;
  return others;
}

function resetEvery(rest: PropertyPath, state: Reset): ResetResult {
  const { old, next } = state;
  if (isPropertyMap(next)) {
    if (rest.length === 0) return isPropertyMap(old) ? mapValues(old, (value) => oldValue(value, state)) : next;
    return isPropertyMap(old) ? resetMembers(rest, state, { old, next }) : impossible;
  }
  if (!isPropertyArray(next)) return impossible;
  if (!isPropertyArray(old)) return rest.length === 0 ? next : impossible;
  if (old.length !== next.length) return impossible;
  const items = next.map((item, index) =>
    rest.length === 0 ? oldValue(old[index]!, state) : reset(rest, below(state, old[index], item)),
  );
  return items.some((item) => item === impossible || item === absent) ? impossible : (items as PropertyValue[]);
}

function resetMembers(
  rest: PropertyPath,
  state: Reset,
  both: { readonly old: PropertyMap; readonly next: PropertyMap },
): ResetResult {
  const members: Record<string, PropertyValue> = { ...both.next };
  for (const key of Object.keys(both.old)) {
    if (!Object.hasOwn(both.next, key)) return impossible;
    const inner = reset(rest, below(state, both.old[key], both.next[key]));
    if (inner === impossible || inner === absent) return impossible;
    members[key] = inner;
  }
  return members;
}

function mapValues(map: PropertyMap, change: (value: PropertyValue) => PropertyValue): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
