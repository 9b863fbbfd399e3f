import { createHash } from 'node:crypto';
import { type PropertyMap, type PropertyValue, Unknown } from '../../protocol/property-value.ts';
import type { CreateResponse, DiffResponse, Provider, ReadResponse, UpdateResponse } from '../../protocol/provider.ts';
import type { ProviderLogMessage } from '../../protocol/provider-module.ts';
import { createProvider } from './provider.ts';

/** A resource as an engine's state would hold it. */
export interface ScriptedResource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

export interface ScriptedStep {
  readonly preview?: boolean;
  readonly timeout?: number;
  readonly ignoreChanges?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Drives a provider for tests as an engine does: check, diff, then create, update or replace. */
export class ScriptedEngine {
  readonly provider: Provider;
  readonly messages: ProviderLogMessage[] = [];

  constructor(provider: Provider, messages: ProviderLogMessage[]) {
    this.provider = provider;
    this.messages = messages;
  }

  static async start(
    configuration: PropertyMap,
    environment: Readonly<Record<string, string | undefined>> = {},
    rootDirectory = '/',
  ): Promise<ScriptedEngine> {
    const messages: ProviderLogMessage[] = [];
    const provider = await createProvider({
      package: 'kubernetes',
      version: '',
      project: 'test',
      stack: 'test',
      organization: 'organization',
      rootDirectory,
      environment,
      log: (message) => messages.push(message),
    });
    await provider.configure({
      urn: 'urn:pulumi:test::test::pulumi:providers:kubernetes::k8s',
      name: 'k8s',
      type: 'pulumi:providers:kubernetes',
      id: 'k8s',
      inputs: configuration,
    });
    return new ScriptedEngine(provider, messages);
  }

  /** Status messages about resources, in order. */
  get statuses(): readonly string[] {
    return this.messages.filter(({ status, message }) => status && message !== '').map(({ message }) => message);
  }

  async check(type: string, name: string, news: PropertyMap, olds: PropertyMap = {}): Promise<PropertyMap> {
    const { inputs, failures } = await this.provider.check({
      ...identity(type, name),
      olds,
      news,
      randomSeed: seedOf(name),
    });
    if (failures.length > 0)
      throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join('; '));
    return inputs;
  }

  async create(type: string, name: string, news: PropertyMap, step: ScriptedStep = {}): Promise<ScriptedResource> {
    const inputs = await this.check(type, name, news);
    const { id, outputs }: CreateResponse = await this.provider.create({
      ...identity(type, name),
      inputs,
      timeout: step.timeout ?? 0,
      preview: step.preview ?? false,
      signal: step.signal,
    });
    return { type, name, id, inputs, outputs };
  }

  async diff(resource: ScriptedResource, news: PropertyMap, step: ScriptedStep = {}): Promise<DiffResponse> {
    const newInputs = await this.check(resource.type, resource.name, news, resource.inputs);
    return this.provider.diff({
      ...identity(resource.type, resource.name),
      id: resource.id,
      oldInputs: resource.inputs,
      oldOutputs: resource.outputs,
      newInputs,
      ignoreChanges: step.ignoreChanges ?? [],
    });
  }

  async update(resource: ScriptedResource, news: PropertyMap, step: ScriptedStep = {}): Promise<ScriptedResource> {
    const newInputs = await this.check(resource.type, resource.name, news, resource.inputs);
    const { outputs }: UpdateResponse = await this.provider.update({
      ...identity(resource.type, resource.name),
      id: resource.id,
      oldInputs: resource.inputs,
      oldOutputs: resource.outputs,
      newInputs,
      timeout: step.timeout ?? 0,
      ignoreChanges: step.ignoreChanges ?? [],
      preview: step.preview ?? false,
      signal: step.signal,
    });
    return { ...resource, inputs: newInputs, outputs };
  }

  /** Undefined where the resource is gone. */
  async refresh(resource: ScriptedResource): Promise<ScriptedResource | undefined> {
    const answer: ReadResponse = await this.provider.read({ ...identity(resource.type, resource.name), ...resource });
    if (answer.id === '') return undefined;
    return { ...resource, inputs: answer.inputs ?? resource.inputs, outputs: answer.outputs };
  }

  async delete(resource: ScriptedResource, step: ScriptedStep = {}): Promise<void> {
    const { id, inputs, outputs, type, name } = resource;
    await this.provider.delete({
      ...identity(type, name),
      id,
      inputs,
      outputs,
      timeout: step.timeout ?? 0,
      signal: step.signal,
    });
  }

  close(): Promise<void> {
    return this.provider.close();
  }
}

function identity(type: string, name: string): { readonly urn: string; readonly name: string; readonly type: string } {
  return { urn: `urn:pulumi:test::test::${type}::${name}`, name, type };
}

function seedOf(name: string): Uint8Array {
  return createHash('sha256').update(name).digest();
}

/** The value at a path of outputs or inputs, for assertions. */
export function at(value: PropertyValue | undefined, ...path: readonly (string | number)[]): PropertyValue | undefined {
  return path.reduce<PropertyValue | undefined>((inner, part) => {
    if (typeof inner !== 'object' || inner === null || inner instanceof Unknown) return undefined;
    return (inner as { readonly [key: string | number]: PropertyValue })[part];
  }, value);
}
