import fc from 'fast-check';
import {
  dislikes,
  type Operation,
  type Scenario,
  type ScenarioPending,
  type ScenarioPolicy,
  transformNames,
} from './scenario-data.ts';
import { nameAt, places, program, rarely, sometimes } from './scenario-program.ts';

const placeName = fc
  .record({ place: fc.nat(places - 1), renamed: rarely(6) })
  .map(({ place, renamed }) => nameAt(place, renamed));
/** Also what a component holds. */
const anyName = fc.oneof(
  { weight: 6, arbitrary: placeName },
  { weight: 1, arbitrary: fc.constantFrom('old1-in', 'old1-out', 'old1-old3', 'new1-in') },
);
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
  grouped: rarely(4),
  properties: sometimes(5, fc.constantFrom(['size'], ['size', 'tags'])),
});

const policy: fc.Arbitrary<ScenarioPolicy> = fc.record({
  level: fc.constantFrom('advisory', 'mandatory', 'remediate'),
  wholeStack: rarely(3),
  dislikes: fc.constantFrom(...dislikes),
});

const underWay: fc.Arbitrary<ScenarioPending> = fc.record({
  name: anyName,
  kind: fc.constantFrom('creating', 'updating', 'deleting'),
});

const anyOperation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('up', 'up', 'up', 'up', 'up', 'preview', 'preview', 'refresh', 'destroy', 'import'),
  resources: program,
  failures: fc.oneof(
    { withCrossShrink: true },
    { weight: 3, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.array(failingCall, { minLength: 1, maxLength: 2 }).map((calls) => Object.fromEntries(calls)),
    },
  ),
  drift: fc.oneof(
    { withCrossShrink: true },
    { weight: 5, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(anyName, fc.constantFrom('changed', 'gone'), { maxKeys: 2 }) },
  ),
  continueOnError: fc.boolean(),
  refresh: rarely(5),
  targets: fc.oneof(
    { withCrossShrink: true },
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(anyName, { minLength: 1, maxLength: 2 }) },
  ),
  targetDependents: fc.boolean(),
  replaces: fc.oneof(
    { withCrossShrink: true },
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(anyName, { minLength: 1, maxLength: 1 }) },
  ),
  parallel: fc.constantFrom(1, 1, 1, 8),
  plan: sometimes(5, fc.constantFrom('kept', 'kept', 'broken')),
  imports: fc
    .tuple(fc.uniqueArray(adoption, { minLength: 1, maxLength: 2, selector: ({ name }) => name }), fc.boolean())
    .map(([imports, protect]) => imports.map((one) => ({ ...one, protect }))),
  excludes: sometimes(8, fc.uniqueArray(anyName, { minLength: 1, maxLength: 2 })),
  excludeDependents: fc.boolean(),
  concurrent: rarely(4),
  stackTransform: sometimes(12, fc.constantFrom(...transformNames)),
  policies: sometimes(7, fc.array(policy, { minLength: 1, maxLength: 3 })),
  runProgram: rarely(4),
  pending: sometimes(10, fc.uniqueArray(underWay, { minLength: 1, maxLength: 2, selector: ({ name }) => name })),
  clearPending: rarely(2),
}) as fc.Arbitrary<Operation>;

/** Combinations that mean nothing, or whose outcome hangs on who comes first, are made plain. */
const operation = anyOperation.map(plainly);

function plainly({ plan, imports, policies, excludes, pending, ...rest }: Operation): Operation {
  const { kind, targets, resources } = rest;
  const hasProgram = kind === 'up' || kind === 'preview';
  const mayFail =
    Object.keys(rest.failures).length > 0 ||
    plan === 'broken' ||
    (kind === 'import' && imports?.some(({ id }) => id === 'absent')) ||
    resources.some(({ hooks }) =>
      Object.values(hooks ?? {})
        .flat()
        .includes('refuse'),
    );
  return {
    ...rest,
    // After a failure, what has begun beside it is a matter of luck.
    parallel: mayFail ? 1 : rest.parallel,
    concurrent: rest.concurrent && !mayFail && policies === undefined,
    ...(plan !== undefined && kind === 'up' && targets.length === 0 && excludes === undefined && { plan }),
    ...(hasProgram && policies !== undefined && { policies }),
    ...(kind !== 'import' && targets.length === 0 && excludes !== undefined && { excludes }),
    ...(pending !== undefined && { pending }),
    ...(kind === 'import' && { imports, targets: [], refresh: false }),
  };
}

/** Up to four operations on one stack, the first an update so that there is something. The later ones shrink first. */
export const scenario: fc.Arbitrary<Scenario> = fc
  .tuple(fc.array(operation, { minLength: 1, maxLength: 3 }), operation)
  .map(([rest, first]) => ({
    operations: [
      {
        ...first,
        kind: 'up',
        targets: [],
        replaces: [],
        failures: {},
        drift: {},
        plan: undefined,
        imports: [],
        excludes: [],
        pending: [],
      },
      ...rest,
    ],
  }));
