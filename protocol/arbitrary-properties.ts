import fc from 'fast-check';
import {
  Archive,
  Asset,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
  type UnknownKind,
} from './property-value.ts';

/** Generators of property values for property tests. Not part of the product. */

const unknownKinds: readonly UnknownKind[] = ['string', 'bool', 'number', 'array', 'asset', 'archive', 'object'];
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
// Without it half of the objects have no prototype, which no decoder makes.
const plain = { noNullPrototype: true };
const hash = fc.constantFrom('', 'ab'.repeat(32));
// google-protobuf cannot carry "__proto__": struct-codec.ts refuses it and has a test of its own.
const key = fc.oneof(text, fc.constantFrom('__internal', 'a.b')).filter((name) => name !== '__proto__');
const urn = fc.constantFrom('urn:pulumi:s::p::t:m:T::a', 'urn:pulumi:s::p::t:m:T$t:m:U::b');

const asset = fc
  .tuple(
    fc.oneof(
      fc.record({ text }, plain),
      fc.record({ path: fc.constantFrom('./a', '/b') }, plain),
      fc.record({ uri: fc.constant('https://x/y') }, plain),
      fc.constant(undefined),
    ),
    hash,
  )
  .map(([source, digest]) => new Asset(source, digest));

const archive: fc.Arbitrary<Archive> = fc.letrec<{ archive: Archive }>((tie) => ({
  archive: fc
    .tuple(
      fc.oneof(
        { maxDepth: 2 },
        fc.record({ path: fc.constantFrom('./a', '/b') }, plain),
        fc.record({ uri: fc.constant('https://x/y') }, plain),
        fc.constant(undefined),
        fc.dictionary(key, fc.oneof(asset, tie('archive')), { maxKeys: 3, ...plain }).map((assets) => ({ assets })),
      ),
      hash,
    )
    .map(([source, digest]) => new Archive(source, digest)),
})).archive;

const unknown = fc.constantFrom(...unknownKinds).map((kind) => new Unknown(kind));

const reference = fc
  .tuple(urn, fc.oneof(fc.constantFrom('id-1', 'id-2'), fc.constant(undefined), fc.constant(new Unknown())), text)
  .map(([name, id, version]) => new ResourceReference(name, id, version));

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
  text,
  unknown,
  asset,
  archive,
  reference,
);

const values = fc.letrec<{ value: PropertyValue; map: PropertyMap }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('map'),
    tie('value').map((value) => new Secret(value)),
    fc
      .tuple(fc.option(tie('value'), { nil: undefined }), fc.boolean(), fc.uniqueArray(urn))
      .map(([value, secret, dependencies]) => new Output(value, secret, dependencies)),
  ),
  map: fc.dictionary(key, tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
}));

/** Any property value, marked ones too. */
export const arbitraryValue: fc.Arbitrary<PropertyValue> = values.value;

/** Any object of property values. */
export const arbitraryProperties: fc.Arbitrary<PropertyMap> = values.map;
