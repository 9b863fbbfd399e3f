import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PropertyMap } from '../../protocol/property-value.ts';
import type { Provider } from '../../protocol/provider.ts';
import type { ProviderLogMessage } from '../../protocol/provider-module.ts';
import { createProvider } from './provider.ts';
import { World } from './world.ts';

/** A resource that went through check and create. */
export interface MadeResource {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

/** A sandbox in a folder of its own, driven as an engine drives it. For tests; `close` removes everything. */
export class TestDesk {
  readonly world: World;
  readonly messages: ProviderLogMessage[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'mainstay-sandbox-'));
  readonly #providers = new Map<string, Provider>();

  constructor() {
    this.world = new World(this.path);
  }

  get path(): string {
    return join(this.#directory, 'world.sqlite');
  }

  /** The provider of a package, configured once. */
  async provider(packageName: string, configuration: PropertyMap = {}): Promise<Provider> {
    const key = packageName + JSON.stringify(configuration);
    const known = this.#providers.get(key);
    if (known) return known;
    const provider = await createProvider({
      package: packageName,
      version: '',
      project: 'estate',
      stack: 'test',
      organization: 'organization',
      rootDirectory: join(dirname(fileURLToPath(import.meta.url)), '..', '..'),
      environment: { MAINSTAY_SANDBOX: this.path },
      log: (message) => this.messages.push(message),
    });
    await provider.configure({ urn: '', name: 'default', type: '', id: '', inputs: configuration });
    this.#providers.set(key, provider);
    return provider;
  }

  /** Checks and creates. Throws what check found, or what create refused. */
  async make(type: string, name: string, inputs: PropertyMap, configuration?: PropertyMap): Promise<MadeResource> {
    const provider = await this.provider(type.split(':')[0]!, configuration ?? defaults(type));
    const urn = `urn:pulumi:test::estate::${type}::${name}`;
    const randomSeed = crypto.getRandomValues(new Uint8Array(32));
    const checked = await provider.check({ urn, name, type, olds: {}, news: inputs, randomSeed });
    const [failure] = checked.failures;
    if (failure) throw new Error(`${failure.property} ${failure.reason}`);
    const made = await provider.create({ urn, name, type, inputs: checked.inputs, timeout: 0, preview: false });
    return { urn, name, type, id: made.id, inputs: checked.inputs, outputs: made.outputs };
  }

  async update(resource: MadeResource, newInputs: PropertyMap): Promise<PropertyMap> {
    const provider = await this.provider(resource.type.split(':')[0]!, defaults(resource.type));
    const { outputs } = await provider.update({ ...change(resource, newInputs), timeout: 0, preview: false });
    return outputs;
  }

  async diff(resource: MadeResource, newInputs: PropertyMap) {
    const provider = await this.provider(resource.type.split(':')[0]!, defaults(resource.type));
    return provider.diff(change(resource, newInputs));
  }

  async read(resource: MadeResource) {
    const provider = await this.provider(resource.type.split(':')[0]!, defaults(resource.type));
    return provider.read(resource);
  }

  async remove(resource: MadeResource): Promise<void> {
    const provider = await this.provider(resource.type.split(':')[0]!, defaults(resource.type));
    await provider.delete({ ...resource, timeout: 0 });
  }

  async close(): Promise<void> {
    for (const provider of this.#providers.values()) await provider.close();
    this.world.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function defaults(type: string): PropertyMap {
  return type.startsWith('aws:') ? { region: 'eu-central-1' } : {};
}

function change({ urn, name, type, id, inputs, outputs }: MadeResource, newInputs: PropertyMap) {
  return { urn, name, type, id, oldInputs: inputs, oldOutputs: outputs, newInputs, ignoreChanges: [] };
}
