import { type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
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
}

/** Whoever takes registrations: the monitor of an engine. */
export interface ProgramPort {
  register(
    registration: Registration,
  ): Promise<{ readonly urn: string; readonly outputs: PropertyMap; readonly failed: boolean }>;
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void>;
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
  const made = new Map<string, { readonly urn: string; readonly outputs: PropertyMap; readonly failed: boolean }>();
  for (const resource of resources) {
    const registration = registrationOf(resource, root.urn, made);
    const result = await port.register(registration);
    made.set(resource.name, result);
    if (resource.component) await port.registerOutputs(result.urn, { done: true });
  }
  const outputs = [...made].filter(([, { outputs }]) => 'made' in outputs);
  await port.registerOutputs(root.urn, Object.fromEntries(outputs.map(([name, { outputs }]) => [name, outputs.made!])));
}

function registrationOf(
  resource: ScenarioResource,
  root: string,
  made: ReadonlyMap<string, { readonly urn: string; readonly outputs: PropertyMap }>,
): Registration {
  const urn = (name: string): string => made.get(name)?.urn ?? '';
  const linked = resource.from.filter(({ name }) => made.get(name)?.outputs.made !== undefined);
  const keyOf = (index: number, sensitive: boolean): string => `${sensitive ? 'replaceFrom' : 'from'}${index}`;
  const links = linked.map(({ name, sensitive }, index) => [keyOf(index, sensitive), name] as const);
  const { deletedWith, replaceWith, aliases, ...others } = resource.options;
  return {
    type: resource.component ? groupType : thingType,
    name: resource.name,
    custom: !resource.component,
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

function plainInputs({ component, size, version, exclusive, secret, tags }: ScenarioResource): PropertyMap {
  if (component) return { size };
  const hidden: PropertyValue = secret ? new Secret(`hidden${size}`) : `hidden${size}`;
  return { size, replaceBy: version, ...(exclusive ? { exclusive } : {}), tags, hidden };
}
