import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, userError } from '../../foundation/errors.ts';
import { isProviderType, makeUrn, parseUrn } from '../deploy/urn.ts';
import type { StackIdentity } from '../state/backend.ts';
import { CommandFailure } from './exit-codes.ts';

const serialized = z.record(z.string(), z.json());
const names = z.record(z.string(), z.string());

/**
 * One resource of an import file (pkg/cmd/pulumi/operations/import.go, importSpec). Keys that are not here are refused: whoever writes one means
 * something by it.
 */
const importSpec = z.strictObject({
  type: z.string().default(''),
  name: z.string().default(''),
  /** The name in the program, where it is not `name`. */
  logicalName: z.string().default(''),
  id: z.string().default(''),
  /** Names of the file or of its table. */
  parent: z.string().default(''),
  provider: z.string().default(''),
  version: z.string().default(''),
  pluginDownloadUrl: z.string().default(''),
  properties: z.array(z.string()).default([]),
  component: z.boolean().default(false),
  remote: z.boolean().default(false),
  /** Settings of a provider that is declared here; of others, what reading them does not give. As in a checkpoint. */
  inputs: serialized.optional(),
  /** The whole of what it is: then it is not read. As in a checkpoint. */
  outputs: serialized.optional(),
  parameterization: z.strictObject({ pluginName: z.string(), pluginVersion: z.string(), value: z.base64() }).optional(),
});
const importFile = z.strictObject({
  nameTable: names.default({}),
  resources: z.array(importSpec),
});

export type ImportSpec = z.output<typeof importSpec>;
export type ImportFile = z.output<typeof importFile>;

/** The file that `pulumi import <type> <name> <id>` stands for. */
export function inlineImport(
  nameTable: Readonly<Record<string, string>>,
  spec: z.input<typeof importSpec>,
): ImportFile {
  return { nameTable, resources: [importSpec.parse(spec)] };
}

/** What the engine does not have, and what to do about it. */
const refusedKeys: Readonly<Record<string, string>> = {
  extension: 'the embedded engine has no extension parameterization; use the official Pulumi CLI',
  providerInputs: 'it has been superseded; declare the provider among the resources, with inputs',
};

/** Throws a user error that names the file, the place in it and the value. */
export async function readImportFile(file: string): Promise<ImportFile> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw userError(`Cannot read the import file: ${messageOf(cause)}. Correct it.`, { place: { file }, cause });
  }
  const { data, error } = importFile.safeParse(json);
  if (data) return data;
  const [issue] = error.issues;
  const [key] = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const why = (key !== undefined && refusedKeys[key]) || issue?.message;
  const place = [...(issue?.path ?? []), ...(key === undefined ? [] : [key])].join('.');
  throw userError(`Cannot use the import file at ${place || 'its top'}: ${why}. Correct it.`, { place: { file } });
}

/** A resource with the URNs that its names stand for. */
export interface ResolvedSpec {
  readonly spec: ImportSpec;
  readonly urn: string;
  /** '' : the root stack. */
  readonly parent: string;
  /** '' : the default one, or none. */
  readonly provider: string;
}

/** Checks the resources of the file and finds their URNs, in whatever order they stand. Throws with everything that is wrong. */
export function resolveImports(file: ImportFile, stack: StackIdentity): readonly ResolvedSpec[] {
  const specs = file.resources.map((spec) => ({
    ...spec,
    name: spec.name || spec.logicalName,
    logicalName: spec.logicalName || spec.name,
  }));
  throwAll(specs.flatMap((spec, index) => problemsOf(spec, index)));
  const names = new ImportNames(specs, file.nameTable, stack);
  const taken = new Set(Object.values(file.nameTable));
  const resolved = specs.map((spec): ResolvedSpec => {
    const urn = names.urnOf(spec);
    if (taken.has(urn))
      names.problems.add(`${describe(spec)} has an ambiguous URN, set name (or logical name) to be unique`);
    taken.add(urn);
    const provider = names.find('provider', spec);
    if (provider !== '' && !isProviderUrn(provider))
      names.problems.add(`the provider '${spec.provider}' for ${describe(spec)} is not a provider`);
    return { spec, urn, parent: names.find('parent', spec), provider };
  });
  throwAll([...names.problems]);
  return resolved;
}

/** What the names of one file stand for. */
class ImportNames {
  readonly problems = new Set<string>();
  readonly #specs: ReadonlyMap<string, readonly ImportSpec[]>;
  readonly #table: Readonly<Record<string, string>>;
  readonly #stack: StackIdentity;
  readonly #urns = new Map<ImportSpec, string>();

  constructor(specs: readonly ImportSpec[], table: Readonly<Record<string, string>>, stack: StackIdentity) {
    this.#specs = Map.groupBy(specs, ({ name }) => name);
    this.#table = table;
    this.#stack = stack;
  }

  urnOf(spec: ImportSpec, below: readonly ImportSpec[] = []): string {
    const known = this.#urns.get(spec);
    if (known !== undefined) return known;
    const parent = this.find('parent', spec, [...below, spec]);
    const { project, stack } = this.#stack;
    const urn = makeUrn({ project, stack, parent, type: spec.type, name: spec.logicalName });
    this.#urns.set(spec, urn);
    return urn;
  }

  /** The URN of the parent or provider that a resource names; '' where it names none, or one that there is not: that is a problem. */
  find(what: 'parent' | 'provider', asker: ImportSpec, below: readonly ImportSpec[] = []): string {
    const name = asker[what];
    const inTable = Object.hasOwn(this.#table, name) ? this.#table[name] : undefined;
    if (name === '' || inTable !== undefined) return inTable ?? '';
    const [found, ...others] = this.#specs.get(name) ?? [];
    if (found === undefined)
      this.problems.add(`the ${what} '${name}' for ${describe(asker)} has no entry in 'nameTable' or 'resources'`);
    else if (others.length > 0) this.problems.add(`${describe(asker)} has an ambiguous ${what}`);
    else if (below.includes(found)) this.problems.add(`${describe(asker)} is below itself`);
    else return this.urnOf(found, below);
    return '';
  }
}

function isProviderUrn(urn: string): boolean {
  return urn.startsWith('urn:pulumi:') && isProviderType(parseUrn(urn).type);
}

function describe({ name, id, type }: ImportSpec, index = 0): string {
  const what = name || id;
  return `resource ${what === '' ? index : `'${what}'`}${type === '' ? '' : ` of type '${type}'`}`;
}

/** What is wrong with one resource by itself. */
function problemsOf(spec: ImportSpec, index: number): readonly string[] {
  const { type, name, id, component, remote, outputs, parameterization } = spec;
  const provider = isProviderType(type);
  const wrong: readonly (readonly [boolean, string])[] = [
    [type === '', 'has no type'],
    [type !== '' && !/^[^:]+:[^:]*:[^:]+$/.test(type), 'has a type that is not of the form <package>:<module>:<type>'],
    [name === '', 'has no name'],
    [provider && id !== '', 'has an ID, but is a provider, which is created rather than read'],
    [provider && component, 'is a provider and may not be marked as a component'],
    [provider && outputs !== undefined, 'is a provider and may not have outputs'],
    [
      provider && parameterization !== undefined,
      'is a provider and may not be parameterized here; declare it in the program',
    ],
    [!provider && !component && id === '', 'has no ID'],
    [component && id !== '', 'has an ID, but is marked as a component'],
    [remote && !component, 'is marked as remote, but not as a component'],
  ];
  return wrong.filter(([holds]) => holds).map(([, problem]) => `${describe(spec, index)} ${problem}`);
}

function throwAll(problems: readonly string[]): void {
  if (problems.length > 0) throw new CommandFailure([...new Set(problems)].join('\n'));
}
