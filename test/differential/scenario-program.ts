import fc from 'fast-check';
import { errorHookNames, hookNames } from './program-callbacks.ts';
import {
  hookKinds,
  type ScenarioHooks,
  type ScenarioOptions,
  type ScenarioResource,
  transformNames,
} from './scenario-data.ts';

/** How many resources a program may have beside what components hold. */
export const places = 5;
/** True once in so many times. Shrinks to false. */
export const rarely = (chance: number): fc.Arbitrary<boolean> =>
  fc.nat(chance - 1).map((value) => value === chance - 1);
/** False once in so many times. Shrinks to false. */
const mostly = (chance: number): fc.Arbitrary<boolean> => fc.nat(chance - 1).map((value) => value > 0);
/** Undefined, but once in so many times. Shrinks to undefined. */
export const sometimes = <Value>(chance: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: chance - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: value as fc.Arbitrary<Value | undefined> },
  );

/** The name that the resource of a place has, under one of two names. */
export const nameAt = (place: number, renamed: boolean): string => `${renamed ? 'new' : 'old'}${place}`;

interface Draft extends Omit<ScenarioResource, 'name' | 'from' | 'dependsOn' | 'parent' | 'options'> {
  readonly place: number;
  readonly present: boolean;
  readonly renamed: boolean;
  readonly from: readonly { readonly place: number; readonly sensitive: boolean }[];
  readonly dependsOn: readonly number[];
  readonly child: boolean;
  /** A child of a component has a name that begins with that of the component. */
  readonly prefixed: boolean;
  readonly options: Omit<ScenarioOptions, 'deletedWith' | 'replaceWith'> & {
    readonly deletedWith?: number;
    readonly replaceWith?: number;
    readonly aliased?: boolean;
  };
}

/** The second place is a component, of which later ones may be children. */
const componentPlace = 1;

function draft(place: number): fc.Arbitrary<Draft> {
  const earlier = place === 0 ? undefined : fc.nat(place - 1);
  return fc.record({
    place: fc.constant(place),
    present: mostly(4),
    renamed: rarely(6),
    retyped: rarely(15),
    component: place === componentPlace + 1 ? rarely(6) : fc.constant(place === componentPlace),
    remote: rarely(3),
    transform: sometimes(10, fc.constantFrom(...transformNames)),
    hooks: sometimes(8, hooks),
    read: place === 3 ? sometimes(8, fc.constantFrom('foreign-0', 'foreign-1')) : fc.constant(undefined),
    region: sometimes(6, fc.nat(1)),
    vague: rarely(4),
    settings: sometimes(
      3,
      fc.record(
        { a: fc.nat(1), list: fc.array(fc.nat(1), { maxLength: 2 }), deep: fc.record({ b: fc.nat(1) }) },
        { requiredKeys: ['a', 'list'] },
      ),
    ),
    size: fc.nat(1),
    version: rarely(4).map(Number),
    exclusive: rarely(4),
    secret: rarely(4),
    tags: fc.subarray(['x', 'y', 'z'], { maxLength: 2 }),
    from: earlier
      ? fc.uniqueArray(fc.record({ place: earlier, sensitive: fc.boolean() }), {
          maxLength: 2,
          selector: (one) => one.place,
        })
      : fc.constant([]),
    dependsOn: earlier ? fc.uniqueArray(earlier, { maxLength: 1 }) : fc.constant([]),
    child: fc.boolean(),
    prefixed: rarely(4),
    options: fc.record({
      protect: sometimes(8, fc.boolean()),
      retainOnDelete: sometimes(8, fc.constant(true)),
      ignoreChanges: sometimes(
        8,
        fc.constantFrom(
          ['size'],
          ['tags[0]'],
          ['tags'],
          ['replaceBy'],
          ['*'],
          ['settings.a'],
          ['settings.list[*]', 'settings.deep.b'],
        ),
      ),
      replaceOnChanges: sometimes(
        8,
        fc.constantFrom(['size'], ['tags'], ['tags[*]'], ['#initerror'], ['settings.deep'], ['*']),
      ),
      deleteBeforeReplace: sometimes(8, fc.boolean()),
      additionalSecretOutputs: sometimes(8, fc.constant(['size'])),
      deletedWith: earlier ? sometimes(10, earlier) : fc.constant(undefined),
      replaceWith: earlier ? sometimes(10, earlier) : fc.constant(undefined),
      replacementTrigger: sometimes(8, fc.nat(1)),
      aliased: mostly(4),
      createTimeout: sometimes(12, fc.constant(30)),
      updateTimeout: sometimes(12, fc.constantFrom(45, 90)),
      deleteTimeout: sometimes(12, fc.constantFrom(60, 75)),
      hideDiff: sometimes(12, fc.constantFrom(['size'], ['settings'])),
      importId: place === 2 || place === 4 ? sometimes(10, fc.constant(`foreign-${place}`)) : fc.constant(undefined),
    }),
  }) as fc.Arbitrary<Draft>;
}

const hooks: fc.Arbitrary<ScenarioHooks> = fc
  .dictionary(
    fc.constantFrom(...hookKinds, 'OnError'),
    fc.uniqueArray(fc.constantFrom(...hookNames), { minLength: 1, maxLength: 2 }),
    { minKeys: 1, maxKeys: 3 },
  )
  .map(({ OnError, ...steps }) => ({ ...steps, ...(OnError && { OnError: [errorHookNames[OnError.length % 2]!] }) }));

/** The resources of a program, in the order of their needs. */
export const program: fc.Arbitrary<readonly ScenarioResource[]> = fc
  .tuple(...Array.from({ length: places }, (_, place) => draft(place)))
  .map(settle);

/** References to what is not there are left out. */
function settle(drafts: readonly Draft[]): ScenarioResource[] {
  const present = new Map(drafts.filter((one) => one.present).map((one) => [one.place, one]));
  return [...present.values()].map((one) => settled(one, present));
}

type Present = ReadonlyMap<number, Draft>;

function settled(one: Draft, present: Present): ScenarioResource {
  const {
    place,
    present: _present,
    renamed,
    child: _child,
    prefixed: _prefixed,
    from,
    dependsOn,
    options,
    ...plain
  } = one;
  const parent = parentOf(one, present);
  const hooks = one.component ? undefined : one.hooks;
  const own = { ...plain, name: nameOf(one, present), parent: parent && nameOf(parent, present), hooks };
  const dependencies = dependsOn.flatMap((other) => present.get(other) ?? []).map((other) => nameOf(other, present));
  const aliases = options.aliased ? [nameOf({ ...one, renamed: !renamed }, present)] : undefined;
  if (one.component) {
    const { protect, retainOnDelete } = options;
    const remote = one.remote && place === componentPlace;
    const region = remote ? one.region : undefined;
    return {
      ...own,
      remote,
      region,
      read: undefined,
      from: [],
      dependsOn: dependencies,
      options: { protect, retainOnDelete, aliases },
    };
  }
  const { deletedWith, replaceWith, aliased: _aliased, ...others } = options;
  const tied = (other: number | undefined): string | undefined => {
    const found = other === undefined ? undefined : present.get(other);
    return found === undefined || found.component || found.read ? undefined : nameOf(found, present);
  };
  const partner = tied(replaceWith);
  return {
    ...own,
    remote: false,
    from: from.flatMap(({ place: other, sensitive }) => {
      const target = present.get(other);
      return target && !target.component ? [{ name: nameOf(target, present), sensitive }] : [];
    }),
    dependsOn: dependencies,
    options: {
      ...others,
      aliases,
      deletedWith: tied(deletedWith),
      replaceWith: partner === undefined ? undefined : [partner],
    },
  };
}

/** The component, or now and then a resource that is managed. */
function parentOf({ child, place, size }: Draft, present: Present): Draft | undefined {
  const parent = child && place > componentPlace ? present.get(size === 1 ? componentPlace : 0) : undefined;
  return parent?.read ? undefined : parent;
}

function nameOf(one: Draft, present: Present): string {
  const parent = parentOf(one, present);
  const plain = nameAt(one.place, one.renamed);
  return parent?.component && one.prefixed ? `${nameOf(parent, present)}-${plain}` : plain;
}
