import type { PropertyMap, PropertyValue } from '../../../protocol/property-value.ts';
import type { DiffResponse, Provider } from '../../../protocol/provider.ts';
import { createProvider } from '../provider.ts';

/** A configured provider on a test endpoint, driven as the engine drives one. */
export interface TestResources {
  readonly provider: Provider;
  create(type: string, inputs: PropertyMap): Promise<TestResource>;
}

export interface TestResource {
  readonly id: string;
  readonly outputs: PropertyMap;
  /** What an update to these inputs would do. */
  diff(inputs: PropertyMap): Promise<DiffResponse>;
  update(inputs: PropertyMap): Promise<TestResource>;
  /** Undefined: it is gone. */
  refresh(): Promise<TestResource | undefined>;
  delete(): Promise<void>;
}

export async function createTestProvider(endpoint: string, settings: PropertyMap = {}): Promise<TestResources> {
  const provider = await createProvider({
    package: 'aws',
    version: '',
    project: 'test',
    stack: 'test',
    organization: 'organization',
    rootDirectory: process.cwd(),
    environment: {},
    log: () => {},
  });
  const services = [
    'ec2',
    'sts',
    'iam',
    'eks',
    'kms',
    'ecr',
    's3',
    'logs',
    'route53',
    'acm',
    'sqs',
    'sns',
    'dynamodb',
    'secretsmanager',
    'ssm',
  ];
  const endpoints = JSON.stringify([Object.fromEntries(services.map((service) => [service, endpoint]))]);
  const inputs = { region: 'eu-west-1', accessKey: 'test', secretKey: 'test', endpoints, ...settings };
  await provider.configure({
    urn: 'urn:pulumi:test::test::pulumi:providers:aws::default',
    name: 'default',
    type: 'pulumi:providers:aws',
    id: 'id',
    inputs,
  });
  return { provider, create: (type, given) => createOne(provider, type, given) };
}

async function createOne(provider: Provider, type: string, inputs: PropertyMap): Promise<TestResource> {
  const identity = identityOf(type);
  const checked = await checkedInputs(provider, { type, olds: {}, news: inputs });
  const made = await provider.create({ ...identity, inputs: checked, timeout: 0, preview: false });
  return resourceOf(provider, { type, id: made.id, inputs: checked, outputs: made.outputs });
}

function identityOf(type: string) {
  return { urn: `urn:pulumi:test::test::${type}::one`, name: 'one', type };
}

interface Checking {
  readonly type: string;
  readonly olds: PropertyMap;
  readonly news: PropertyMap;
}

async function checkedInputs(provider: Provider, { type, olds, news }: Checking): Promise<PropertyMap> {
  const { inputs, failures } = await provider.check({
    ...identityOf(type),
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

function resourceOf(provider: Provider, held: Held): TestResource {
  const { type, id, inputs, outputs } = held;
  const identity = { ...identityOf(type), id };
  const old = { oldInputs: inputs, oldOutputs: outputs };
  return {
    id,
    outputs,
    async diff(news) {
      const newInputs = await checkedInputs(provider, { type, olds: inputs, news });
      return provider.diff({ ...identity, ...old, newInputs, ignoreChanges: [] });
    },
    async update(news) {
      const newInputs = await checkedInputs(provider, { type, olds: inputs, news });
      const updated = await provider.update({
        ...identity,
        ...old,
        newInputs,
        timeout: 0,
        ignoreChanges: [],
        preview: false,
      });
      return resourceOf(provider, { type, id, inputs: newInputs, outputs: updated.outputs });
    },
    async refresh() {
      const read = await provider.read({ ...identity, inputs, outputs });
      return read.id === ''
        ? undefined
        : resourceOf(provider, { type, id, inputs: read.inputs ?? inputs, outputs: read.outputs });
    },
    delete: () => provider.delete({ ...identity, inputs, outputs, timeout: 0 }),
  };
}

/** The inputs with some of them changed. */
export function changed(inputs: PropertyMap, changes: Readonly<Record<string, PropertyValue>>): PropertyMap {
  return { ...inputs, ...changes };
}
