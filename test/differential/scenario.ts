import fc from 'fast-check';

/** A program and what is done with it, as data: both engines are given the same. */
export interface Scenario {
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly kind: 'up' | 'preview' | 'refresh' | 'destroy' | 'import';
  readonly resources: readonly ScenarioResource[];
  /** What goes wrong in the provider, by `<method> <name>`. */
  readonly failures: Readonly<Record<string, 'clean' | 'partial'>>;
  /** Changes and losses outside of the engine before the operation, by resource name. */
  readonly drift: Readonly<Record<string, 'changed' | 'gone'>>;
  readonly continueOnError: boolean;
  readonly refresh: boolean;
  /** Names of targets; empty: everything. */
  readonly targets: readonly string[];
  readonly targetDependents: boolean;
  /** Names of resources to replace whatever they are like. */
  readonly replaces: readonly string[];
  /** Steps at the same time. */
  readonly parallel?: number;
  /** An update under a plan of its own program, or of one that differs. */
  readonly plan?: 'kept' | 'broken';
  /** What `pulumi import` adopts. */
  readonly imports?: readonly ScenarioImport[];
}

export interface ScenarioImport {
  readonly name: string;
  readonly id: string;
  readonly protect: boolean;
}

export interface ScenarioResource {
  readonly name: string;
  readonly component: boolean;
  /** Only looked up, by this id. */
  readonly read: string | undefined;
  /** Served by an explicit provider for this region. */
  readonly region: number | undefined;
  /** The provider leaves it to the engine to compare inputs. */
  readonly vague: boolean;
  readonly settings:
    | { readonly a: number; readonly list: readonly number[]; readonly deep?: { readonly b: number } }
    | undefined;
  readonly size: number;
  /** A change of it needs a replacement. */
  readonly version: number;
  readonly exclusive: boolean;
  readonly secret: boolean;
  readonly tags: readonly string[];
  /** Earlier resources that it takes an output from, in a property whose change replaces or not. */
  readonly from: readonly { readonly name: string; readonly sensitive: boolean }[];
  readonly dependsOn: readonly string[];
  readonly parent: string | undefined;
  readonly options: ScenarioOptions;
}

export interface ScenarioOptions {
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  readonly additionalSecretOutputs?: readonly string[];
  readonly deletedWith?: string;
  readonly replaceWith?: readonly string[];
  readonly replacementTrigger?: number;
  readonly aliases?: readonly string[];
  readonly importId?: string;
  readonly createTimeout?: number;
}

const places = 5;
const rarely = (chance: number): fc.Arbitrary<boolean> => fc.nat(chance - 1).map((value) => value === 0);
const sometimes = <Value>(chance: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.oneof(
    { weight: chance - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: value as fc.Arbitrary<Value | undefined> },
  );

/** The name that the resource of a place has, under one of two names. */
const nameAt = (place: number, renamed: boolean): string => `${renamed ? 'new' : 'old'}${place}`;

interface Draft extends Omit<ScenarioResource, 'name' | 'from' | 'dependsOn' | 'parent' | 'options'> {
  readonly place: number;
  readonly present: boolean;
  readonly renamed: boolean;
  readonly from: readonly { readonly place: number; readonly sensitive: boolean }[];
  readonly dependsOn: readonly number[];
  readonly child: boolean;
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
    present: rarely(4).map((absent) => !absent),
    renamed: rarely(6),
    component: fc.constant(place === componentPlace),
    read: place === 3 ? sometimes(8, fc.constantFrom('foreign-0', 'foreign-1')) : fc.constant(undefined),
    region: place === componentPlace ? fc.constant(undefined) : sometimes(6, fc.nat(1)),
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
      aliased: fc.constant(true),
      createTimeout: sometimes(12, fc.constant(30)),
      importId: place === 2 || place === 4 ? sometimes(10, fc.constant(`foreign-${place}`)) : fc.constant(undefined),
    }),
  }) as fc.Arbitrary<Draft>;
}

const program = fc.tuple(...Array.from({ length: places }, (_, place) => draft(place))).map(settle);

/** References to what is not there are left out. */
function settle(drafts: readonly Draft[]): ScenarioResource[] {
  const present = drafts.filter((one) => one.present);
  const find = (place: number | undefined): Draft | undefined => present.find((one) => one.place === place);
  const nameOf = (one: Draft): string => nameAt(one.place, one.renamed);
  /** One that a managed resource can be tied to. */
  const target = (place: number | undefined): Draft | undefined => {
    const found = find(place);
    return found?.component || found?.read ? undefined : found;
  };
  return present.map((one) => {
    const { place, present: _present, renamed, child, from, dependsOn, options, ...plain } = one;
    const { deletedWith, replaceWith, aliased: _aliased, ...others } = options;
    // Below the component, or now and then below a resource that is managed.
    const group = child ? find(place > componentPlace ? (one.size === 1 ? componentPlace : 0) : undefined) : undefined;
    const withDelete = target(deletedWith);
    const withReplace = target(replaceWith);
    return {
      ...plain,
      name: nameOf(one),
      from: one.component
        ? []
        : from.flatMap(({ place: other, sensitive }) => {
            const target = find(other);
            return target && !target.component ? [{ name: nameOf(target), sensitive }] : [];
          }),
      dependsOn: dependsOn.flatMap((other) => find(other) ?? []).map(nameOf),
      parent: group && !group.read ? nameOf(group) : undefined,
      options: one.component
        ? { protect: others.protect, aliases: [nameAt(place, !renamed)] }
        : {
            ...others,
            aliases: [nameAt(place, !renamed)],
            deletedWith: withDelete && nameOf(withDelete),
            replaceWith: withReplace && [nameOf(withReplace)],
          },
    };
  });
}

const anyName = fc
  .record({ place: fc.nat(places - 1), renamed: rarely(6) })
  .map(({ place, renamed }) => nameAt(place, renamed));
const failingCall = fc
  .record({
    method: fc.constantFrom('create', 'update', 'read'),
    name: anyName,
    how: fc.constantFrom('clean', 'partial'),
  })
  .map(({ method, name, how }) => [`${method} ${name}`, how] as const);

const adoption = fc.record({
  name: anyName,
  id: fc.constantFrom('foreign-0', 'foreign-1', 'foreign-2', 'foreign-4', 'absent'),
});

const anyOperation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('up', 'up', 'up', 'up', 'up', 'preview', 'preview', 'refresh', 'destroy', 'import'),
  resources: program,
  failures: fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.array(failingCall, { minLength: 1, maxLength: 2 }).map((calls) => Object.fromEntries(calls)),
    },
  ),
  drift: fc.oneof(
    { weight: 5, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(anyName, fc.constantFrom('changed', 'gone'), { maxKeys: 2 }) },
  ),
  continueOnError: fc.boolean(),
  refresh: rarely(5),
  targets: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(anyName, { minLength: 1, maxLength: 2 }) },
  ),
  targetDependents: fc.boolean(),
  replaces: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(anyName, { minLength: 1, maxLength: 1 }) },
  ),
  parallel: fc.constantFrom(1, 1, 1, 8),
  plan: sometimes(5, fc.constantFrom('kept', 'kept', 'broken')),
  imports: fc
    .tuple(fc.uniqueArray(adoption, { minLength: 1, maxLength: 2, selector: ({ name }) => name }), fc.boolean())
    .map(([imports, protect]) => imports.map((one) => ({ ...one, protect }))),
}) as fc.Arbitrary<Operation>;

/** Combinations that mean nothing, or whose outcome hangs on who comes first, are made plain. */
const operation = anyOperation.map(({ plan, imports, parallel, ...rest }): Operation => {
  const planned = plan !== undefined && rest.kind === 'up' && rest.targets.length === 0;
  return {
    ...rest,
    // After a failure, what has begun beside it is a matter of luck.
    parallel: Object.keys(rest.failures).length === 0 ? parallel : 1,
    ...(planned && { plan }),
    ...(rest.kind === 'import' && { imports, targets: [], refresh: false }),
  };
});

/** Up to four operations on one stack, the first an update so that there is something. */
export const scenario: fc.Arbitrary<Scenario> = fc
  .tuple(operation, fc.array(operation, { minLength: 1, maxLength: 3 }))
  .map(([first, rest]) => ({
    operations: [
      { ...first, kind: 'up', targets: [], replaces: [], failures: {}, drift: {}, plan: undefined, imports: [] },
      ...rest,
    ],
  }));
