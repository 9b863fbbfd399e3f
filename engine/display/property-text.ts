import { type ArrayDiff, diffValues, type ObjectDiff, type ValueDiff } from '../../protocol/property-diff.ts';
import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';
import type { Colors } from './colors.ts';
import { decodeText } from './decoded-text.ts';
import { diffLinesOfText } from './line-diff.ts';

/** How properties are written for people. `indent` counts levels of four columns. */
export interface PropertyStyle {
  readonly colors: Colors;
  readonly showSecrets: boolean;
  /** Long texts in full (`--show-full-output`). */
  readonly full: boolean;
}

export type ChangeSign = ' ' | '+' | '-' | '~' | '+-';

const LONGEST_TEXT = 150;

/** Lines of every property but internal ones (keys beginning with `__`), each with the sign of `sign` before it. */
export function propertyLines(
  map: PropertyMap,
  indent: number,
  style: PropertyStyle,
  sign: ChangeSign = ' ',
): string[] {
  const keys = shownKeys(Object.keys(map));
  return keys.flatMap((key) => valueLines(head(key, keys), map[key]!, { indent, style, sign }));
}

function shownKeys(keys: readonly string[]): string[] {
  return keys.filter((key) => !key.startsWith('__')).sort();
}

/** What comes before the value of a property. */
function head(key: string, keys: readonly string[]): string {
  const width = Math.max(...keys.map((other) => other.length));
  return `${key.padEnd(width)}: `;
}

interface Place {
  readonly indent: number;
  readonly style: PropertyStyle;
  readonly sign: ChangeSign;
}

function line(text: string, { indent, style, sign }: Place): string {
  const margin = ' '.repeat(Math.max(0, indent * 4 - 2));
  return paint(`${margin}${sign === '+-' ? '+-' : `${sign} `}${text}`, sign, style.colors);
}

function paint(text: string, sign: ChangeSign, colors: Colors): string {
  if (sign === '+') return colors.create(text);
  if (sign === '-') return colors.remove(text);
  if (sign === '~') return colors.update(text);
  return sign === '+-' ? colors.replace(text) : text;
}

/** `head` and the value, over several lines for objects, lists and texts that hold one. */
function valueLines(head: string, value: PropertyValue, place: Place): string[] {
  const plain = unwrap(value, place.style);
  const decoded = typeof plain === 'string' ? decodeText(plain) : undefined;
  if (decoded) return valueLines(`${head}(${decoded.kind}) `, decoded.value, place);
  if (isPropertyArray(plain) && plain.length > 0) {
    const items = plain.flatMap((item, index) => valueLines(`[${index}]: `, item, deeper(place)));
    return [line(`${head}[`, place), ...items, line(']', closing(place))];
  }
  if (isPropertyMap(plain) && shownKeys(Object.keys(plain)).length > 0)
    return [
      line(`${head}{`, place),
      ...propertyLines(plain, place.indent + 1, place.style, place.sign),
      line('}', closing(place)),
    ];
  return [line(`${head}${scalarText(plain, place.style)}`, place)];
}

function deeper(place: Place): Place {
  return { ...place, indent: place.indent + 1 };
}

/** A closing bracket has the colour of its block but no sign. */
function closing(place: Place): Place {
  return { ...place, sign: ' ' };
}

function unwrap(value: PropertyValue, style: PropertyStyle): PropertyValue {
  if (value instanceof Secret) return style.showSecrets ? unwrap(value.value, style) : value;
  if (value instanceof Output) {
    if (value.value === undefined) return new Unknown();
    return unwrap(value.secret ? new Secret(value.value) : value.value, style);
  }
  return value;
}

/** One value on one line. */
export function scalarText(value: PropertyValue, style: PropertyStyle): string {
  const plain = unwrap(value, style);
  if (plain instanceof Secret) return '[secret]';
  if (plain instanceof Unknown) return '[unknown]';
  if (plain === null) return '<null>';
  if (plain instanceof Asset) return `asset(${sourceText(plain)}) { ${plain.hash.slice(0, 8)} }`;
  if (plain instanceof Archive) return `archive(${sourceText(plain)}) { ${plain.hash.slice(0, 8)} }`;
  if (plain instanceof ResourceReference) return JSON.stringify(plain.urn);
  if (isPropertyArray(plain)) return '[]';
  if (typeof plain === 'object') return '{}';
  const text = JSON.stringify(plain);
  return style.full || text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}..."`;
}

function sourceText(part: Asset | Archive): string {
  const { source } = part;
  if (!source) return 'hash';
  if ('assets' in source) return 'assets';
  if ('text' in source) return 'text';
  return 'path' in source ? `file:${source.path}` : `uri:${source.uri}`;
}

/** Lines of what changed. Beside a change inside of an object or list, all of that is shown; at the top `sames` says so. */
export function diffLines(diff: ObjectDiff, indent: number, style: PropertyStyle, sames: PropertyMap = {}): string[] {
  const changed = [diff.adds, diff.deletes, diff.updates, sames].flatMap((part) => Object.keys(part));
  const keys = shownKeys(changed);
  return keys.flatMap((key) => {
    const name = head(key, keys);
    if (key in sames) return valueLines(name, sames[key]!, { indent, style, sign: ' ' });
    if (key in diff.adds) return valueLines(name, diff.adds[key]!, { indent, style, sign: '+' });
    if (key in diff.deletes) return valueLines(name, diff.deletes[key]!, { indent, style, sign: '-' });
    return updateLines(name, diff.updates[key]!, { indent, style, sign: '~' });
  });
}

function updateLines(head: string, update: ValueDiff, place: Place): string[] {
  if (update.object)
    return [
      line(`${head}{`, place),
      ...diffLines(update.object, place.indent + 1, place.style, update.object.sames),
      line('}', closing(place)),
    ];
  if (update.array)
    return [line(`${head}[`, place), ...arrayLines(update.array, deeper(place)), line(']', closing(place))];
  const [old, next] = [unwrap(update.old, place.style), unwrap(update.new, place.style)];
  if (typeof old === 'string' && typeof next === 'string') return textLines(head, { old, next }, place);
  if (isSimple(old) && isSimple(next)) return [changeLine(head, { old, next }, place)];
  return [...valueLines(head, old, { ...place, sign: '-' }), ...valueLines(head, next, { ...place, sign: '+' })];
}

interface Change<Value extends PropertyValue = PropertyValue> {
  readonly old: Value;
  readonly next: Value;
}

function changeLine(head: string, { old, next }: Change, place: Place): string {
  return line(`${head}${scalarText(old, place.style)} => ${scalarText(next, place.style)}`, place);
}

/** Texts that hold objects or lists are compared by what they hold, those of several lines line by line. */
function textLines(head: string, change: Change<string>, place: Place): string[] {
  const [old, next] = [decodeText(change.old), decodeText(change.next)];
  const diff = old && next && diffValues(old.value, next.value, () => false);
  if (diff) {
    const kind = old.kind === next.kind ? old.kind : `${old.kind} => ${next.kind}`;
    return updateLines(`${head}(${kind}) `, diff, place);
  }
  if (!/\n/.test(change.old + change.next)) return [changeLine(head, change, place)];
  const lines = diffLinesOfText(change.old, change.next);
  return [line(head, place), ...lines.map(({ sign, text }) => line(printable(text), { ...deeper(place), sign }))];
}

/** What would steer a terminal is written as in a JSON text. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}]/gu, (control) =>
    control === '\t' ? control : JSON.stringify(control).slice(1, -1),
  );
}

function isSimple(plain: PropertyValue): boolean {
  return !isPropertyArray(plain) && !isPropertyMap(plain);
}

function arrayLines(diff: ArrayDiff, place: Place): string[] {
  const parts = [diff.adds, diff.deletes, diff.updates, diff.sames];
  const indices = parts.flatMap((part) => [...part.keys()]).sort((a, b) => a - b);
  return indices.flatMap((index) => {
    const name = `[${index}]: `;
    if (diff.sames.has(index)) return valueLines(name, diff.sames.get(index)!, { ...place, sign: ' ' });
    if (diff.adds.has(index)) return valueLines(name, diff.adds.get(index)!, { ...place, sign: '+' });
    if (diff.deletes.has(index)) return valueLines(name, diff.deletes.get(index)!, { ...place, sign: '-' });
    return updateLines(name, diff.updates.get(index)!, { ...place, sign: '~' });
  });
}
