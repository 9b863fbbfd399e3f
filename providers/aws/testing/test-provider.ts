import type { Environment } from '../../../foundation/environment.ts';
import type { PropertyMap, PropertyValue } from '../../../protocol/property-value.ts';
import { type DiffResponse, type Provider, ProviderError } from '../../../protocol/provider.ts';
import type { ProviderLogMessage } from '../../../protocol/provider-module.ts';
import { createProvider } from '../provider.ts';

/** A configured provider on a test endpoint, driven as the engine drives one. */
export interface TestResources {
  readonly provider: Provider;
  /** What the engine would have shown to the user, in order. */
  readonly messages: readonly ProviderLogMessage[];
  /** `timeout` in seconds; 0: the resource's own. */
  create(type: string, inputs: PropertyMap, options?: { readonly timeout: number }): Promise<TestResource>;
  /** By the documented id. Undefined: it is not there. */
  import(type: string, id: string): Promise<TestResource | undefined>;
  /**
   * Deletes what was made and not deleted, the newest first, also what is left of creates that failed. Resolves to what it was; rejects with
   * all that could not be deleted.
   */
  sweep(): Promise<readonly string[]>;
}

export interface TestResource {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  /** What an update to these inputs would do. */
  diff(inputs: PropertyMap): Promise<DiffResponse>;
  update(inputs: PropertyMap): Promise<TestResource>;
  /** Undefined: it is gone. */
  refresh(): Promise<TestResource | undefined>;
  delete(): Promise<void>;
}

const SERVICES = 'acm dynamodb ec2 ecr eks iam kms logs route53 s3 secretsmanager sns sqs ssm sts'.split(' ');

/** `endpoint` undefined: AWS itself, with the credentials of the environment. `name` is every resource's, default `one`. */
export async function createTestProvider(
  endpoint: string | undefined,
  settings: PropertyMap = {},
  { environment = {}, name = 'one' }: { readonly environment?: Environment; readonly name?: string } = {},
): Promise<TestResources> {
  const messages: ProviderLogMessage[] = [];
  const provider = await createProvider({
    package: 'aws',
    version: '',
    project: 'test',
    stack: 'test',
    organization: 'organization',
    rootDirectory: process.cwd(),
    environment,
    log: (message) => void messages.push(message),
  });
  const endpoints = JSON.stringify([Object.fromEntries(SERVICES.map((service) => [service, endpoint ?? '']))]);
  const onMoto = { region: 'eu-west-1', accessKey: 'test', secretKey: 'test', s3UsePathStyle: 'true', endpoints };
  const inputs = { ...(endpoint !== undefined && onMoto), ...settings };
  const identity = {
    urn: 'urn:pulumi:test::test::pulumi:providers:aws::default',
    name: 'default',
    type: 'pulumi:providers:aws',
  };
  const checked = await provider.checkConfig!({ ...identity, olds: {}, news: inputs });
  if (checked.failures.length > 0) throw new Error(checked.failures.map(({ reason }) => reason).join('; '));
  await provider.configure({ ...identity, id: 'id', inputs });
  const alive = new Alive(provider, name);
  return {
    provider,
    messages,
    create: (type, given, options) => createOne(alive, { type, inputs: given, timeout: options?.timeout ?? 0 }),
    import: (type, id) => importOne(alive, type, id),
    sweep: () => alive.sweep(),
  };
}

/** What was made by a provider and is not deleted yet. */
class Alive {
  readonly provider: Provider;
  /** Of every resource: names that are made of it begin with it. */
  readonly name: string;
  readonly #made = new Map<string, Held>();

  constructor(provider: Provider, name: string) {
    this.provider = provider;
    this.name = name;
  }

  identity(type: string) {
    return { urn: `urn:pulumi:test::test::${type}::${this.name}`, name: this.name, type };
  }

  add(held: Held): void {
    this.#made.set(`${held.type} ${held.id}`, held);
  }

  async delete(held: Held): Promise<void> {
    await this.provider.delete({ ...this.identity(held.type), ...held, timeout: 0 });
    this.#made.delete(`${held.type} ${held.id}`);
  }

  async sweep(): Promise<readonly string[]> {
    const names = [...this.#made.keys()];
    const left: Error[] = [];
    for (const held of [...this.#made.values()].reverse())
      await this.delete(held).catch((error: Error) => left.push(error));
    if (left.length > 0) throw new AggregateError(left, `Cannot delete all that was made: ${left.join('; ')}`);
    return names;
  }
}

async function createOne(
  alive: Alive,
  { type, inputs, timeout }: { readonly type: string; readonly inputs: PropertyMap; readonly timeout: number },
): Promise<TestResource> {
  const checked = await checkedInputs(alive, { type, olds: {}, news: inputs });
  try {
    const made = await alive.provider.create({ ...alive.identity(type), inputs: checked, timeout, preview: false });
    const held = { type, id: made.id, inputs: checked, outputs: made.outputs };
    alive.add(held);
    return resourceOf(alive, held);
  } catch (error) {
    const partial = error instanceof ProviderError ? error.partial : undefined;
    if (partial?.id) alive.add({ type, id: partial.id, inputs: checked, outputs: partial.outputs ?? {} });
    throw error;
  }
}

async function importOne(alive: Alive, type: string, id: string): Promise<TestResource | undefined> {
  const read = await alive.provider.read({ ...alive.identity(type), id, inputs: {}, outputs: {} });
  if (read.id === '') return undefined;
  return resourceOf(alive, { type, id: read.id, inputs: read.inputs ?? {}, outputs: read.outputs });
}

interface Checking {
  readonly type: string;
  readonly olds: PropertyMap;
  readonly news: PropertyMap;
}

async function checkedInputs(alive: Alive, { type, olds, news }: Checking): Promise<PropertyMap> {
  const { inputs, failures } = await alive.provider.check({
    ...alive.identity(type),
    olds,
    news,
    randomSeed: new Uint8Array(32).fill(7),
  });
  if (failures.length > 0) throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join('; '));
  return inputs;
}

interface Held {
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

function resourceOf(alive: Alive, held: Held): TestResource {
  const { type, id, inputs, outputs } = held;
  const { provider } = alive;
  const identity = { ...alive.identity(type), id };
  const old = { oldInputs: inputs, oldOutputs: outputs };
  return {
    id,
    inputs,
    outputs,
    async diff(news) {
      const newInputs = await checkedInputs(alive, { type, olds: inputs, news });
      return provider.diff({ ...identity, ...old, newInputs, ignoreChanges: [] });
    },
    async update(news) {
      const newInputs = await checkedInputs(alive, { type, olds: inputs, news });
      const updated = await provider.update({
        ...identity,
        ...old,
        newInputs,
        timeout: 0,
        ignoreChanges: [],
        preview: false,
      });
      return resourceOf(alive, { type, id, inputs: newInputs, outputs: updated.outputs });
    },
    async refresh() {
      const read = await provider.read({ ...identity, inputs, outputs });
      return read.id === ''
        ? undefined
        : resourceOf(alive, { type, id: read.id, inputs: read.inputs ?? inputs, outputs: read.outputs });
    },
    delete: () => alive.delete(held),
  };
}

/** The inputs with some of them changed. */
export function changed(inputs: PropertyMap, changes: Readonly<Record<string, PropertyValue>>): PropertyMap {
  return { ...inputs, ...changes };
}
