import { type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
import { unknownSentinels } from '../../protocol/signatures.ts';
import type { Operation, ScenarioResource } from './scenario.ts';

export const project = 'project';
export const stack = 'dev';
export const thingType = 'test:index:Thing';
export const groupType = 'test:index:Group';
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
  readonly options: Omit<ScenarioResource['options'], 'aliases'> & { readonly aliases: readonly string[] };
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
  register(registration: Registration): Promise<Registered>;
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void>;
}

/** The operation with a program that a plan for it does not allow: one value is another. */
export function otherProgram(operation: Operation): Operation {
  const changed = operation.resources.findLast(({ component, read }) => !component && read === undefined);
  const resources = operation.resources.map((one) => (one === changed ? { ...one, size: 1 - one.size } : one));
  return { ...operation, resources };
}

/** Runs the program of an operation: one resource after the other, then the outputs of the stack. */
export async function runProgram(port: ProgramPort, { resources }: Operation): Promise<void> {
  const none = { dependencies: [], propertyDependencies: {}, inputs: {} };
  const root = await port.register({
    ...none,
    type: rootType,
    name: `${project}-${stack}`,
    custom: false,
    parent: '',
    options: { aliases: [] },
  });
  const made = new Map<string, Registered>();
  const provider = await registerProvider(port, root.urn, resources);
  for (const resource of resources) {
    const registration = registrationOf(resource, root.urn, made);
    const options = resource.region === undefined ? registration : { ...registration, provider };
    const result = await port.register(options);
    made.set(resource.name, result);
    if (resource.component) await port.registerOutputs(result.urn, { done: true });
  }
  const outputs = [...made].filter(([, { outputs }]) => 'made' in outputs);
  await port.registerOutputs(root.urn, Object.fromEntries(outputs.map(([name, { outputs }]) => [name, outputs.made!])));
}

function registrationOf(resource: ScenarioResource, root: string, made: ReadonlyMap<string, Registered>): Registration {
  const urn = (name: string): string => made.get(name)?.urn ?? '';
  const linked = resource.from.filter(({ name }) => made.get(name)?.outputs.made !== undefined);
  const keyOf = (index: number, sensitive: boolean): string => `${sensitive ? 'replaceFrom' : 'from'}${index}`;
  const links = linked.map(({ name, sensitive }, index) => [keyOf(index, sensitive), name] as const);
  const { deletedWith, replaceWith, aliases, ...others } = resource.options;
  return {
    type: resource.component ? groupType : thingType,
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
      aliases: aliases ?? [],
      deletedWith: deletedWith && urn(deletedWith),
      replaceWith: replaceWith?.map(urn),
    },
  };
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
    options: { aliases: [] },
  });
  return `${urn}::${id || unknownSentinels.string}`;
}

function plainInputs({
  component,
  size,
  version,
  exclusive,
  secret,
  tags,
  vague,
  settings,
}: ScenarioResource): PropertyMap {
  if (component) return { size };
  const hidden: PropertyValue = secret ? new Secret(`hidden${size}`) : `hidden${size}`;
  const flags = { ...(exclusive ? { exclusive } : {}), ...(vague ? { vague } : {}) };
  return { size, replaceBy: version, ...flags, tags, hidden, ...(settings ? { settings } : {}) };
}
