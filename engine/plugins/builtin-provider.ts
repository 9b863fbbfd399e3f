import { randomUUID } from 'node:crypto';
import { hasSecrets } from '../../protocol/adapt-properties.ts';
import { equalValues } from '../../protocol/property-equality.ts';
import { type PropertyMap, Secret, Unknown } from '../../protocol/property-value.ts';
import {
  type CheckRequest,
  type CheckResponse,
  type DiffRequest,
  type DiffResponse,
  type InvokeRequest,
  type InvokeResponse,
  type Provider,
  ProviderError,
  type ReadRequest,
  type ReadResponse,
} from '../../protocol/provider.ts';
import type { Diagnostic } from '../deploy/events.ts';
import type { StackOutputsReader } from './stack-outputs.ts';

/** A resource of this run, for `Resource.get` by URN and for resource references. */
export interface KnownResource {
  readonly id: string;
  readonly provider: string;
  readonly outputs: PropertyMap;
}

export interface BuiltinProviderOptions {
  /** Outputs of other stacks. */
  readonly stacks: StackOutputsReader;
  /** A resource that was registered or read in this run; undefined if there is none. */
  readonly findResource: (urn: string) => KnownResource | undefined;
  readonly log: (diagnostic: Diagnostic) => void;
}

const stackReference = 'pulumi:pulumi:StackReference';
const stash = 'pulumi:index:Stash';

/**
 * The provider of the package `pulumi`: stack references, stashes and the functions that read other stacks and this one
 * (pkg/resource/deploy/builtins.go). It is part of the engine and needs no configuration.
 */
export function createBuiltinProvider(options: BuiltinProviderOptions): Provider {
  const accepting = { acceptSecrets: true, acceptResources: true, acceptOutputs: true };
  return {
    checkConfig: async () => ({ inputs: {}, failures: [] }),
    diffConfig: async () => differences([], []),
    configure: async () => ({ ...accepting, supportsPreview: true, supportsAutonamingConfiguration: false }),
    check: async (request) => check(request, options),
    diff: async (request) => diff(request),
    async create({ type, inputs, preview }) {
      const outputs = type === stackReference ? await readStack(inputs, options) : stashOutputs(type, inputs);
      return { id: preview ? '' : randomUUID(), outputs };
    },
    async update({ type, oldOutputs, newInputs }) {
      if (type !== stash) throw unknownType(type);
      return { outputs: { input: newInputs.input ?? null, output: oldOutputs.output ?? null } };
    },
    async delete({ type }) {
      if (type !== stash && type !== stackReference) throw unknownType(type);
    },
    read: (request) => read(request, options),
    invoke: (request) => invoke(request, options),
    close: async () => {},
  };
}

function unknownType(type: string): ProviderError {
  return new ProviderError(`unrecognized resource type '${type}'`);
}

/** The one input of each type. */
const inputOf: Readonly<Record<string, string>> = { [stackReference]: 'name', [stash]: 'input' };

function check({ urn, type, news }: CheckRequest, { log }: BuiltinProviderOptions): CheckResponse {
  const key = inputOf[type];
  if (key === undefined) throw unknownType(type);
  if (type === stackReference) {
    const message =
      'The "pulumi:pulumi:StackReference" resource type is deprecated. ' +
      'Update your SDK or if already up to date raise an issue at https://github.com/pulumi/pulumi/issues.';
    log({ severity: 'warning', urn, message });
  }
  const refuse = (property: string, reason: string) => ({ inputs: {}, failures: [{ property, reason }] });
  const foreign = Object.keys(news).find((name) => name !== key);
  if (foreign !== undefined) return refuse(foreign, `unknown property "${foreign}"`);
  const value = news[key];
  if (value === undefined) return refuse(key, `missing required property "${key}"`);
  if (type === stackReference && typeof value !== 'string' && !(value instanceof Unknown)) {
    return refuse(key, `property "${key}" must be a string`);
  }
  return { inputs: news, failures: [] };
}

function diff({ type, oldInputs, newInputs }: DiffRequest): DiffResponse {
  const key = inputOf[type];
  if (key === undefined) throw unknownType(type);
  if (equalValues(oldInputs[key], newInputs[key])) return differences([], []);
  return type === stackReference ? differences([], [key]) : differences([key], []);
}

function differences(diffs: readonly string[], replaces: readonly string[]): DiffResponse {
  const changes = diffs.length + replaces.length === 0 ? 'none' : 'some';
  return { changes, replaces, stables: [], deleteBeforeReplace: false, diffs };
}

function stashOutputs(type: string, inputs: PropertyMap): PropertyMap {
  if (type !== stash) throw unknownType(type);
  const input = inputs.input ?? null;
  return { input, output: input };
}

async function read(request: ReadRequest, options: BuiltinProviderOptions): Promise<ReadResponse> {
  const { type, id, inputs, outputs } = request;
  if (type === stash) {
    if (Object.keys(inputs).length === 0) throw new ProviderError('stash can not be imported');
    return { id, inputs, outputs };
  }
  if (type !== stackReference) throw unknownType(type);
  const foreign = Object.keys(inputs).find((name) => name !== 'name');
  if (foreign !== undefined) throw new ProviderError(`unknown property "${foreign}"`);
  if (inputs.name === undefined) throw new ProviderError('stack reference can not be imported');
  return { id, inputs, outputs: await readStack(outputs.name === undefined ? inputs : outputs, options) };
}

function text(args: PropertyMap, key: string): string {
  const value = args[key] instanceof Secret ? args[key].value : args[key];
  if (typeof value === 'string') return value;
  throw new ProviderError(
    value === undefined ? `missing required property '${key}'` : `expected '${key}' to be a string`,
  );
}

async function readStack(args: PropertyMap, { stacks, log }: BuiltinProviderOptions): Promise<PropertyMap> {
  const name = text(args, 'name');
  const { outputs, decryptionError } = await stacks.outputs(name);
  if (decryptionError !== undefined) {
    log({ severity: 'info', urn: '', message: `eliding undecryptable secrets for stack reference '${name}'` });
    log({ severity: 'debug', urn: '', message: `stack reference '${name}' decryption error: ${decryptionError}` });
  }
  const secretOutputNames = Object.keys(outputs).filter((key) => hasSecrets(outputs[key]!));
  // Sorted, so that no two runs differ.
  return { name, outputs, secretOutputNames: secretOutputNames.sort() };
}

async function invoke({ token, args }: InvokeRequest, options: BuiltinProviderOptions): Promise<InvokeResponse> {
  const functions: Readonly<Record<string, () => PropertyMap | Promise<PropertyMap>>> = {
    'pulumi:pulumi:readStackOutputs': () => readStack(args, options),
    'pulumi:pulumi:readStackResourceOutputs': () => readStackResources(args, options),
    'pulumi:pulumi:getResource': () => getResource(args, options),
  };
  const call = Object.hasOwn(functions, token) ? functions[token] : undefined;
  if (call === undefined) throw new ProviderError(`unrecognized function name: '${token}'`);
  return { result: await call(), failures: [] };
}

async function readStackResources(args: PropertyMap, { stacks }: BuiltinProviderOptions): Promise<PropertyMap> {
  const name = text(args, 'stackName');
  return { name, outputs: await stacks.resources(name) };
}

function getResource(args: PropertyMap, { findResource }: BuiltinProviderOptions): PropertyMap {
  const urn = text(args, 'urn');
  const resource = findResource(urn);
  if (resource === undefined) throw new ProviderError(`unknown resource ${urn}`);
  return { urn, id: resource.id, provider: resource.provider, state: resource.outputs };
}
