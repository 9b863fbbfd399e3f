import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { DeploymentOptions } from './deployment-options.ts';
import type { RegisterResult } from './goal.ts';
import type { ResourceState } from './resource-state.ts';
import { type Outcome, type Program, type ProgramBody, TestStack, urnOfThing } from './testing/test-stack.ts';
import { urnName } from './urn.ts';

/** One resource of a random program. `needs` are places of earlier ones. */
interface Resource {
  readonly place: number;
  readonly present: boolean;
  readonly renamed: boolean;
  readonly component: boolean;
  readonly size: number;
  readonly version: number;
  readonly exclusive: boolean;
  readonly protect: boolean;
  readonly retain: boolean;
  readonly needs: readonly number[];
  readonly sensitive: boolean;
  readonly parent: number;
}

interface Operation {
  readonly kind: 'update' | 'refresh' | 'destroy' | 'drift';
  readonly program: readonly Resource[];
  readonly failures: readonly { readonly method: string; readonly place: number; readonly partial: boolean }[];
  readonly refresh: boolean;
  readonly continueOnError: boolean;
  readonly parallel: number;
  readonly target: number | undefined;
}

const places = 5;

const resource = (place: number): fc.Arbitrary<Resource> =>
  fc.record({
    place: fc.constant(place),
    present: fc.boolean().chain((often) => (often ? fc.constant(true) : fc.boolean())),
    renamed: fc.nat(5).map((rarely) => rarely === 0),
    component: fc.constant(place === 1),
    size: fc.nat(1),
    version: fc.nat(3).map((rarely) => (rarely === 0 ? 1 : 0)),
    exclusive: fc.nat(3).map((rarely) => rarely === 0),
    protect: fc.nat(6).map((rarely) => rarely === 0),
    retain: fc.nat(6).map((rarely) => rarely === 0),
    needs: place === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(place - 1), { maxLength: 2 }),
    sensitive: fc.boolean(),
    parent: fc.constantFrom(-1, -1, 1),
  });

const program = fc.tuple(...Array.from({ length: places }, (_, place) => resource(place)));

const failure = fc.record({
  method: fc.constantFrom('create', 'update', 'delete', 'read'),
  place: fc.nat(places - 1),
  partial: fc.boolean(),
});

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('update', 'update', 'update', 'refresh', 'destroy', 'drift'),
  program,
  failures: fc.oneof(fc.constant([]), fc.array(failure, { maxLength: 2 })),
  refresh: fc.nat(4).map((rarely) => rarely === 0),
  continueOnError: fc.boolean(),
  parallel: fc.constantFrom(1, 4),
  target: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(places - 1) }),
});

const nameOf = ({ place, renamed }: Resource): string => (renamed ? `new${place}` : `old${place}`);

const placeOf = (urn: string): number => Number(urnName(urn).slice(3));

/** Registers what is present; what needs something that is not, goes without. */
function bodyOf(resources: readonly Resource[]): ProgramBody {
  return async (p) => {
    const made = new Map<number, RegisterResult>();
    for (const one of resources) if (one.present) made.set(one.place, await register(p, one, made));
  };
}

async function register(p: Program, one: Resource, made: ReadonlyMap<number, RegisterResult>): Promise<RegisterResult> {
  const aliases = [{ name: `${one.renamed ? 'old' : 'new'}${one.place}` }];
  if (one.component) {
    const group = await p.component(nameOf(one), { aliases });
    await p.registrar.registerResourceOutputs(group.urn, {});
    return group;
  }
  const needed = one.needs.flatMap((place) => made.get(place) ?? []);
  const from = needed.filter(({ outputs }) => 'made' in outputs);
  const key = one.sensitive ? 'replaceFrom' : 'from';
  const inputs: PropertyMap = { size: one.size, replaceBy: one.version, exclusive: one.exclusive };
  const linked = from.map((other, index) => [`${key}${index}`, other] as const);
  return p.thing(
    nameOf(one),
    { ...inputs, ...Object.fromEntries(linked.map(([property, other]) => [property, other.outputs.made ?? null])) },
    {
      aliases: [...aliases, ...aliases.map((alias) => ({ ...alias, noParent: true })), { noParent: true }],
      protect: one.protect,
      retainOnDelete: one.retain,
      parent: made.get(one.parent)?.urn ?? '',
      dependencies: needed.map(({ urn }) => urn),
      propertyDependencies: Object.fromEntries(linked.map(([property, { urn }]) => [property, [urn]])),
    },
  );
}

/** Ids that the cloud has and nobody knows of as they were to be retained. */
type Retained = Set<string>;

async function live(operations: readonly Operation[]): Promise<void> {
  const stack = new TestStack();
  const retained: Retained = new Set();
  const current: { operation: Operation | undefined } = { operation: undefined };
  watchDeletes(stack, current);
  for (const operation of operations) {
    current.operation = operation;
    if (operation.kind === 'drift') drift(stack, operation);
    else await carryOut(stack, operation, retained);
    assert.deepEqual(stack.violations, []);
  }
}

/** Something outside of the engine changes one thing and removes another. */
function drift(stack: TestStack, { program: resources }: Operation): void {
  const ids = [...stack.cloud.things.keys()];
  const [changed, gone] = [ids[resources[0]!.size], ids[2 + resources[1]!.size]];
  if (changed !== undefined) {
    const thing = stack.cloud.things.get(changed)!;
    thing.inputs = { ...thing.inputs, size: 9 };
  }
  if (gone !== undefined) stack.cloud.things.delete(gone);
}

async function carryOut(stack: TestStack, operation: Operation, retained: Retained): Promise<void> {
  const { kind, refresh, continueOnError, parallel } = operation;
  // What is gone outside can be neither changed nor deleted: only a refresh notices.
  if (kind !== 'refresh') await stack.refresh();
  const targets = targetsOf(stack, operation);
  const options: Partial<DeploymentOptions> = {
    kind: kind as 'update',
    refresh,
    continueOnError,
    parallel,
    ...targets,
  };
  const body = kind === 'update' ? bodyOf(operation.program) : undefined;
  const before = stack.snapshot.resources.filter(({ id }) => stack.cloud.things.has(id)).map((state) => ({ ...state }));
  const preview = await stack.preview(body, options);
  setFailures(stack, operation);
  const outcome = await stack.run(body, options);
  const twice = outcome.errors.filter((message) => message.includes('twice') || message.includes('does not exist'));
  assert.deepEqual(twice, []);
  const failed = stack.cloud.failures.size < operation.failures.length || outcome.result !== 'succeeded';
  stack.cloud.failures.clear();
  for (const state of before) if (state.retainOnDelete) retained.add(state.id);
  const unread = operation.failures.some(({ method }) => method === 'read');
  checkCloud(stack, retained, unread || (kind === 'refresh' && targets.targets !== undefined));
  checkProtected(stack, before, operation);
  if (failed) return;
  assert.deepEqual(sorted(outcome.steps), sorted(preview.steps));
  assert.deepEqual(outcome.changes, preview.changes);
  if (kind === 'update' && !targets.targets) await checkSettled(stack, operation);
}

function targetsOf(stack: TestStack, { kind, target, program: resources }: Operation): Partial<DeploymentOptions> {
  if (target === undefined) return {};
  const urn = urnOfThing(nameOf(resources[target]!));
  if (kind !== 'update' && !stack.snapshot.resources.some((state) => state.urn === urn)) return {};
  return { targets: [urn], targetDependents: true };
}

function setFailures(stack: TestStack, { failures, program: resources }: Operation): void {
  for (const { method, place, partial } of failures) {
    const can = partial && method !== 'delete';
    stack.cloud.failures.set(`${method} ${nameOf(resources[place]!)}`, { kind: can ? 'partial' : 'clean' });
  }
}

/** Nothing is deleted that something else still refers to, but for what the program wants gone before its replacement is made. */
function watchDeletes(stack: TestStack, current: { operation: Operation | undefined }): void {
  const { cloud } = stack;
  const remove = cloud.delete.bind(cloud);
  cloud.delete = async (request) => {
    // With an exclusive resource go those that need it, and so on.
    if (current.operation!.program.some(({ exclusive }) => exclusive)) return remove(request);
    const users = [...cloud.things].filter(([, { inputs }]) => Object.values(inputs).includes(request.id));
    assert.deepEqual(
      users.map(([id]) => id),
      [],
      `${request.id} is deleted while others refer to it`,
    );
    return remove(request);
  };
}

/** The cloud has what the state has: nothing is lost, and nothing is remembered that is gone. */
function checkCloud(stack: TestStack, retained: Retained, partly: boolean): void {
  const managed = stack.snapshot.resources.filter(({ type, custom }) => custom && !type.startsWith('pulumi:'));
  const known = new Set(managed.filter(({ pendingReplacement }) => !pendingReplacement).map(({ id }) => id));
  const actual = new Set([...stack.cloud.things.keys()]);
  assert.deepEqual(
    [...actual].filter((id) => !known.has(id) && !retained.has(id)),
    [],
    'lost',
  );
  // What a refresh does not read, or cannot, stays as it was.
  if (partly) return;
  const gone = [...known].filter((id) => !actual.has(id));
  assert.deepEqual(gone, [], 'remembered');
}

/** What was protected, and is not unprotected by the program, is still there. */
function checkProtected(
  stack: TestStack,
  before: readonly ResourceState[],
  { kind, program: resources }: Operation,
): void {
  for (const state of before) {
    if (!state.protect || state.delete || state.pendingReplacement) continue;
    const place = placeOf(state.urn);
    const registered = kind === 'update' && resources[place]!.present && !resources[place]!.protect;
    if (!registered) assert.ok(stack.cloud.things.has(state.id), `${state.urn} was protected`);
  }
}

/** The state is what the program says, and there is nothing left to do. */
async function checkSettled(stack: TestStack, operation: Operation): Promise<void> {
  const wanted = operation.program.filter(({ present }) => present).map(nameOf);
  assert.deepEqual(sorted(stack.names), sorted(wanted));
  const again: Outcome = await stack.preview(bodyOf(operation.program));
  assert.deepEqual([again.result, again.steps], ['succeeded', []]);
}

function sorted(texts: readonly string[]): string[] {
  // Components are shown when they are registered and when their outputs are.
  return [...new Set(texts)].sort();
}

test('random stacks live through random operations', async () => {
  await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 5 }), live), { numRuns: 300 });
});
