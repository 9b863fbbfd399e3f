import { isPropertyArray, isPropertyMap, type PropertyMap, type PropertyValue } from './property-value.ts';
import { signatureKey } from './signatures.ts';
import {
  decodeText,
  finishObject,
  type LoweredValue,
  lowerMarked,
  MalformedValue,
  notAProperty,
  placedAt,
  type StructOptions,
  setKey,
  withoutNulls,
} from './struct-marks.ts';
import { ListValue, NullValue, Struct, Value } from './struct-messages.ts';

export { MalformedValue, type StructOptions } from './struct-marks.ts';

/**
 * Property values as the `google.protobuf.Struct` messages of Pulumi's services (pkg/resource/plugin/rpc.go). Where bytes go in or
 * out, `struct-bytes.ts` does the same without making messages, several times faster.
 */
export function encodeProperties(properties: PropertyMap, options: StructOptions = {}): Struct {
  return encodeObject(properties, options, options.skipInternalKeys === true);
}

function encodeObject(object: LoweredObject, options: StructOptions, skipInternal: boolean): Struct {
  const struct = new Struct();
  const fields = struct.getFieldsMap();
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined || (value === null && options.skipNulls) || (skipInternal && key.startsWith('__')))
      continue;
    const encoded = encodeValue(value, options);
    if (encoded === undefined) continue;
    // google-protobuf's map is a plain object and would lose it without a word.
    if (key === '__proto__') throw new MalformedValue('a property named "__proto__", which this channel cannot carry');
    fields.set(key, encoded);
  }
  return struct;
}

type LoweredObject = { readonly [key: string]: PropertyValue | undefined };

/** One value; undefined where the options leave it out. */
export function encodeValue(value: PropertyValue, options: StructOptions = {}): Value | undefined {
  const isPlain = value === null || typeof value !== 'object' || isPropertyArray(value) || isPropertyMap(value);
  const lowered: LoweredValue | undefined = isPlain ? value : lowerMarked(value, options);
  if (lowered === undefined) return undefined;
  const message = new Value();
  if (lowered === null) message.setNullValue(NullValue.NULL_VALUE);
  else if (typeof lowered === 'string') message.setStringValue(lowered);
  else if (typeof lowered === 'number') message.setNumberValue(lowered);
  else if (typeof lowered === 'boolean') message.setBoolValue(lowered);
  else if (Array.isArray(lowered)) message.setListValue(encodeList(lowered, options));
  else if (typeof lowered === 'object') message.setStructValue(encodeObject(lowered as LoweredObject, options, false));
  else throw notAProperty(lowered);
  return message;
}

function encodeList(elements: readonly PropertyValue[], options: StructOptions): ListValue {
  const list = new ListValue();
  list.setValuesList(elements.map((element) => encodeValue(element, options)).filter((value) => value !== undefined));
  return list;
}

/**
 * The properties of a message; none for no message. Throws a `MalformedValue` that names the property where the peer sent something
 * that the protocol does not allow.
 */
export function decodeProperties(struct: Struct | undefined, options: StructOptions = {}): PropertyMap {
  return struct === undefined ? {} : decodeObject(struct, options, options.skipInternalKeys === true);
}

function decodeObject(struct: Struct, options: StructOptions, skipInternal = false): PropertyMap {
  const object: Record<string, PropertyValue> = {};
  struct.getFieldsMap().forEach((value, key) => {
    if (skipInternal && key.startsWith('__')) return;
    const decoded = decodeNamed(key, value, options);
    if (decoded !== undefined) setKey(object, key, decoded);
  });
  return options.skipNulls && !(signatureKey in object) ? withoutNulls(object) : object;
}

function decodeNamed(key: string, value: Value, options: StructOptions): PropertyValue | undefined {
  try {
    return decodeValue(value, options);
  } catch (error) {
    throw placedAt(key, error);
  }
}

/** One value; undefined where the options leave it out. */
export function decodeValue(value: Value, options: StructOptions = {}): PropertyValue | undefined {
  switch (value.getKindCase()) {
    case Value.KindCase.NULL_VALUE:
      return null;
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case Value.KindCase.STRING_VALUE:
      return decodeText(value.getStringValue(), options);
    case Value.KindCase.LIST_VALUE:
      return decodeList(value.getListValue()!, options);
    case Value.KindCase.STRUCT_VALUE:
      return finishObject(decodeObject(value.getStructValue()!, options), options);
    default:
      throw new MalformedValue('a value of no kind');
  }
}

function decodeList(list: ListValue, options: StructOptions): PropertyValue[] {
  // An unknown that is left out becomes null: the positions of the others must not shift.
  return list.getValuesList().map((element) => decodeValue(element, options) ?? null);
}
