import type { Environment } from '../../../foundation/environment.ts';
import type { PropertyMap, PropertyValue } from '../../../protocol/property-value.ts';
import type { DiffResponse, Provider } from '../../../protocol/provider.ts';
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

/** `endpoint` undefined: AWS itself, with the credentials of the environment. */
export async function createTestProvider(
  endpoint: string | undefined,
  settings: PropertyMap = {},
  environment: Environment = {},
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
  return {
    provider,
    messages,
    create: (type, given, options) => createOne(provider, { type, inputs: given, timeout: options?.timeout ?? 0 }),
    import: (type, id) => importOne(provider, type, id),
  };
}

async function createOne(
  provider: Provider,
  { type, inputs, timeout }: { readonly type: string; readonly inputs: PropertyMap; readonly timeout: number },
): Promise<TestResource> {
  const identity = identityOf(type);
  const checked = await checkedInputs(provider, { type, olds: {}, news: inputs });
  const made = await provider.create({ ...identity, inputs: checked, timeout, preview: false });
  return resourceOf(provider, { type, id: made.id, inputs: checked, outputs: made.outputs });
}

async function importOne(provider: Provider, type: string, id: string): Promise<TestResource | undefined> {
  const read = await provider.read({ ...identityOf(type), id, inputs: {}, outputs: {} });
  if (read.id === '') return undefined;
  return resourceOf(provider, { type, id: read.id, inputs: read.inputs ?? {}, outputs: read.outputs });
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
    inputs,
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
        : resourceOf(provider, { type, id: read.id, inputs: read.inputs ?? inputs, outputs: read.outputs });
    },
    delete: () => provider.delete({ ...identity, inputs, outputs, timeout: 0 }),
  };
}

/** The inputs with some of them changed. */
export function changed(inputs: PropertyMap, changes: Readonly<Record<string, PropertyValue>>): PropertyMap {
  return { ...inputs, ...changes };
}
