import type { PropertyMap, PropertyValue } from './property-value.ts';
import { readProperties, readValue, writeProperties, writeValue } from './struct-bytes.ts';
import { setKey } from './struct-marks.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/**
 * Protobuf messages described as data, so that a message is a plain object and its properties never become `Struct` messages. Only
 * what Pulumi's services use. Absent fields have proto3's defaults: '', 0, false, [], {}; optional and message fields are undefined.
 */
export interface Field<T> {
  readonly number: number;
  readonly initial: () => T;
  /** Writes the field with its tag, or nothing where it has its default. Values go in reverse, as `WireWriter` says. */
  write(writer: WireWriter, number: number, value: T): void;
  /** Reads one occurrence; `current` is what earlier ones gave. */
  read(reader: WireReader, current: T): T;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type Content<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A message type. `T` is what it reads; when written every field may be absent. */
export interface Message<T> {
  encode(value: Partial<T>): Buffer;
  decode(bytes: Uint8Array): T;
  write(writer: WireWriter, value: Partial<T>): void;
  read(reader: WireReader): T;
}

/** What a message holds. */
export type MessageContent<M> = M extends Message<infer T> ? T : never;

const scratch = new WireWriter();

/** Defines a message by its fields. */
export function message<F extends Fields>(fields: F): Message<Content<F>> {
  const entries = Object.entries(fields);
  const byNumber = new Map(entries.map(([name, field]) => [field.number, [name, field] as const]));
  const reversed = entries.toReversed();

  const write = (writer: WireWriter, value: Partial<Content<F>>): void => {
    for (const [name, field] of reversed) {
      const content = value[name];
      if (content !== undefined) field.write(writer, field.number, content);
    }
  };
  const read = (reader: WireReader): Content<F> => {
    const result: Record<string, unknown> = {};
    for (const [name, field] of entries) result[name] = field.initial();
    while (!reader.done) {
      const tag = reader.varint();
      const known = byNumber.get(Math.floor(tag / 8));
      if (known === undefined) reader.skip(tag & 7);
      else result[known[0]] = known[1].read(reader, result[known[0]]);
    }
    return result as Content<F>;
  };
  return {
    write,
    read,
    encode(value) {
      scratch.reset();
      write(scratch, value);
      return scratch.finish();
    },
    decode: (bytes) => read(new WireReader(bytes)),
  };
}

function writeText(writer: WireWriter, number: number, value: string): void {
  const mark = writer.length;
  writer.text(value);
  writer.delimit(number, mark);
}

export const text = (number: number): Field<string> => ({
  number,
  initial: () => '',
  write(writer, tag, value) {
    if (value !== '') writeText(writer, tag, value);
  },
  read: (reader) => reader.text(),
});

export const optionalText = (number: number): Field<string | undefined> => ({
  number,
  initial: () => undefined,
  write: (writer, tag, value) => writeText(writer, tag, value as string),
  read: (reader) => reader.text(),
});

export const texts = (number: number): Field<readonly string[]> => ({
  number,
  initial: () => [],
  write(writer, tag, value) {
    for (const item of value.toReversed()) writeText(writer, tag, item);
  },
  read: (reader, current) => pushed(current, reader.text()),
});

/** Adds to a list that `initial` made for this very message. */
function pushed<T>(items: readonly T[], item: T): readonly T[] {
  (items as T[]).push(item);
  return items;
}

function writeNumber(writer: WireWriter, number: number, value: number): void {
  writer.varint(value);
  writer.tag(number, 0);
}

export const flag = (number: number): Field<boolean> => ({
  number,
  initial: () => false,
  write(writer, tag, value) {
    if (value) writeNumber(writer, tag, 1);
  },
  read: (reader) => reader.varint() !== 0,
});

export const optionalFlag = (number: number): Field<boolean | undefined> => ({
  number,
  initial: () => undefined,
  write: (writer, tag, value) => writeNumber(writer, tag, value ? 1 : 0),
  read: (reader) => reader.varint() !== 0,
});

/** int32 and enum fields that are never negative. */
export const integer = (number: number): Field<number> => ({
  number,
  initial: () => 0,
  write(writer, tag, value) {
    if (value !== 0) writeNumber(writer, tag, value);
  },
  read: (reader) => reader.varint(),
});

export const double = (number: number): Field<number> => ({
  number,
  initial: () => 0,
  write(writer, tag, value) {
    if (value === 0) return;
    writer.double(value);
    writer.tag(tag, 1);
  },
  read: (reader) => reader.double(),
});

export const bytes = (number: number): Field<Uint8Array> => ({
  number,
  initial: () => new Uint8Array(),
  write(writer, tag, value) {
    if (value.length === 0) return;
    const mark = writer.length;
    writer.bytes(value);
    writer.delimit(tag, mark);
  },
  read: (reader) => new Uint8Array(reader.bytes()),
});

/** A `google.protobuf.Struct`. */
export const properties = (number: number): Field<PropertyMap | undefined> => ({
  number,
  initial: () => undefined,
  write(writer, tag, value) {
    const mark = writer.length;
    writeProperties(writer, value as PropertyMap);
    writer.delimit(tag, mark);
  },
  read(reader) {
    const nested = reader.nested();
    return readProperties(nested, nested.end);
  },
});

/** A `google.protobuf.Value`. */
export const property = (number: number): Field<PropertyValue | undefined> => ({
  number,
  initial: () => undefined,
  write(writer, tag, value) {
    const mark = writer.length;
    writeValue(writer, value as PropertyValue);
    writer.delimit(tag, mark);
  },
  read(reader) {
    const nested = reader.nested();
    return readValue(nested, nested.end);
  },
});

function writeMessage<T>(writer: WireWriter, number: number, [type, value]: readonly [Message<T>, Partial<T>]): void {
  const mark = writer.length;
  type.write(writer, value);
  writer.delimit(number, mark);
}

export const nested = <T>(number: number, type: Message<T>): Field<Partial<T> | undefined> => ({
  number,
  initial: () => undefined,
  write: (writer, tag, value) => writeMessage(writer, tag, [type, value as Partial<T>]),
  read: (reader) => type.read(reader.nested()),
});

export const list = <T>(number: number, type: Message<T>): Field<readonly Partial<T>[]> => ({
  number,
  initial: () => [],
  write(writer, tag, value) {
    for (const item of value.toReversed()) writeMessage(writer, tag, [type, item]);
  },
  read: (reader, current) => pushed(current, type.read(reader.nested())),
});

/** A `map<string, V>` whose values are those of a field (its number does not matter). */
export const mapOf = <V>(number: number, value: Field<V>): Field<Readonly<Record<string, V>>> => {
  const entry = message({ key: text(1), value: { ...value, number: 2 } });
  return {
    number,
    initial: () => ({}),
    write(writer, tag, map) {
      for (const [key, content] of Object.entries(map).reverse())
        writeMessage(writer, tag, [entry, { key, value: content }]);
    },
    read(reader, current) {
      const { key, value: content } = entry.read(reader.nested());
      // `initial` made it for this very message.
      setKey(current as Record<string, V>, key, content);
      return current;
    },
  };
};
