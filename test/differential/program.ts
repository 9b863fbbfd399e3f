import { type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { Operation, ScenarioHooks, ScenarioResource, TransformName } from './scenario-data.ts';

export const project = 'project';
export const stack = 'dev';
export const thingType = 'test:index:Thing';
export const groupType = 'test:index:Group';
export const remoteType = 'test:index:Remote';
export const rootType = 'pulumi:pulumi:Stack';

/** One registration, as a language SDK sends it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string;
  readonly inputs: PropertyMap;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** With URNs instead of names. */
  readonly options: ScenarioResource['options'] & {
    readonly aliasUrns?: readonly string[];
    /** Another type that it may have had. */
    readonly otherType?: string;
  };
  /** Its provider makes it. */
  readonly remote?: boolean;
  readonly transform?: TransformName;
  readonly hooks?: ScenarioHooks;
  /** `urn::id` of an explicit provider. */
  readonly provider?: string;
  /** Only looked up, by this id. */
  readonly read?: string;
}

export interface Registered {
  readonly urn: string;
  /** '' where it is not known yet. */
  readonly id: string;
  readonly outputs: PropertyMap;
}

/** Whoever takes registrations: the monitor of an engine. */
export interface ProgramPort {
  /** Hooks have to be registered before what they are bound to. */
  registerHooks(): Promise<void>;
  registerStackTransform(transform: TransformName): Promise<void>;
  register(registration: Registration): Promise<Registered>;
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void>;
}

/** The operation with a program that a plan for it does not allow: one value is another. */
export function otherProgram(operation: Operation): Operation {
  const changed = operation.resources.findLast(({ component, read }) => !component && read === undefined);
  const resources = operation.resources.map((one) => (one === changed ? { ...one, size: 1 - one.size } : one));
  return { ...operation, resources };
}

/** Runs the program of an operation: one resource after the other or what can be side by side, then the outputs of the stack. */
export async function runProgram(
  port: ProgramPort,
  { resources, concurrent, stackTransform }: Operation,
): Promise<void> {
  const none = { dependencies: [], propertyDependencies: {}, inputs: {} };
  await port.registerHooks();
  const root = await port.register({
    ...none,
    type: rootType,
    name: `${project}-${stack}`,
    custom: false,
    parent: '',
    options: {},
  });
  if (stackTransform !== undefined) await port.registerStackTransform(stackTransform);
  const provider = await registerProvider(port, root.urn, resources);
  const made = new Map<string, Registered>();
  const make = async (resource: ScenarioResource): Promise<void> => {
    const registration = registrationOf(resource, root.urn, made);
    const options = resource.region === undefined ? registration : { ...registration, provider };
    const result = await port.register(options);
    made.set(resource.name, result);
    if (resource.component && !resource.remote) await port.registerOutputs(result.urn, { done: true });
  };
  if (concurrent) await makeSideBySide(resources, make);
  else for (const resource of resources) await make(resource);
  const outputs = resources.flatMap(({ name }) => {
    const { made: output } = made.get(name)!.outputs;
    return output === undefined ? [] : [[name, output] as const];
  });
  await port.registerOutputs(root.urn, Object.fromEntries(outputs));
}

/** Each begins when what it names is there. */
async function makeSideBySide(
  resources: readonly ScenarioResource[],
  make: (resource: ScenarioResource) => Promise<void>,
): Promise<void> {
  const running = new Map<string, Promise<void>>();
  for (const resource of resources) {
    const needs = namedBy(resource).map((name) => running.get(name));
    running.set(
      resource.name,
      Promise.all(needs).then(() => make(resource)),
    );
  }
  // All have to come to an end: none is left behind when the first fails.
  const ends = await Promise.allSettled(running.values());
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

function namedBy({
  from,
  dependsOn,
  parent,
  options: { deletedWith, replaceWith },
}: ScenarioResource): readonly string[] {
  const others = [parent, deletedWith, ...(replaceWith ?? [])].filter((name) => name !== undefined);
  return [...from.map(({ name }) => name), ...dependsOn, ...others];
}

function registrationOf(resource: ScenarioResource, root: string, made: ReadonlyMap<string, Registered>): Registration {
  const urn = (name: string): string => made.get(name)?.urn ?? '';
  const linked = resource.from.filter(({ name }) => made.get(name)?.outputs.made !== undefined);
  const keyOf = (index: number, sensitive: boolean): string => `${sensitive ? 'replaceFrom' : 'from'}${index}`;
  const links = linked.map(({ name, sensitive }, index) => [keyOf(index, sensitive), name] as const);
  const { deletedWith, replaceWith, ...others } = resource.options;
  return {
    type: typeOf(resource, resource.retyped === true),
    remote: resource.remote,
    transform: resource.transform,
    hooks: resource.hooks,
    name: resource.name,
    custom: !resource.component,
    read: resource.read,
    parent: resource.parent ? urn(resource.parent) : root,
    inputs: {
      ...plainInputs(resource),
      ...Object.fromEntries(links.map(([key, name]) => [key, made.get(name)!.outputs.made!])),
    },
    dependencies: [...new Set([...links.map(([, name]) => urn(name)), ...resource.dependsOn.map(urn)])],
    propertyDependencies: Object.fromEntries(links.map(([key, name]) => [key, [urn(name)]])),
    options: {
      ...others,
      otherType: typeOf(resource, resource.retyped !== true),
      deletedWith: deletedWith && urn(deletedWith),
      replaceWith: replaceWith?.map(urn),
    },
  };
}

function typeOf({ component, remote }: ScenarioResource, other: boolean): string {
  const type = remote ? remoteType : component ? groupType : thingType;
  return other ? `${type}2` : type;
}

/** The explicit provider of the resources that want one; the first says for which region. */
async function registerProvider(
  port: ProgramPort,
  root: string,
  resources: readonly ScenarioResource[],
): Promise<string | undefined> {
  const region = resources.find((resource) => resource.region !== undefined)?.region;
  if (region === undefined) return undefined;
  const { urn, id } = await port.register({
    type: 'pulumi:providers:test',
    name: 'places',
    custom: true,
    parent: root,
    inputs: { region: `region${region}` },
    dependencies: [],
    propertyDependencies: {},
    options: {},
  });
  return `${urn}::${id || unknownSentinels.string}`;
}

function plainInputs({
  component,
  remote,
  size,
  version,
  exclusive,
  secret,
  tags,
  vague,
  settings,
}: ScenarioResource): PropertyMap {
  if (component) return remote ? { size, tags } : { size };
  const hidden: PropertyValue = secret ? new Secret(`hidden${size}`) : `hidden${size}`;
  const flags = { ...(exclusive ? { exclusive } : {}), ...(vague ? { vague } : {}) };
  return { size, replaceBy: version, ...flags, tags, hidden, ...(settings ? { settings } : {}) };
}
