import { randomUUID } from 'node:crypto';
import {
  type CheckRequest,
  type CheckResponse,
  type ConfigureResponse,
  type CreateRequest,
  type CreateResponse,
  type DiffRequest,
  type DiffResponse,
  type InvokeResponse,
  type Provider,
  ProviderError,
  type ReadResponse,
  type UpdateRequest,
  type UpdateResponse,
} from '../../../protocol/provider.ts';
import type { ProviderRegistry, ProviderResource } from '../../plugins/provider-registry.ts';
import type { TestCloud } from './test-cloud.ts';

/** What a reference has for an id in a preview that would create the provider. */
export const unknownProviderId = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** A registry whose providers are all one cloud. */
export class TestRegistry implements ProviderRegistry {
  readonly #cloud: TestCloud;
  readonly #configured = new Set<string>();

  constructor(cloud: TestCloud) {
    this.#cloud = cloud;
  }

  get(reference: string): Provider {
    if (!this.#configured.has(reference)) throw new ProviderError(`no provider ${reference}`);
    return this.#cloud;
  }

  async load({ urn, id }: ProviderResource): Promise<void> {
    this.#configured.add(`${urn}::${id}`);
  }

  async check({ news }: CheckRequest): Promise<CheckResponse> {
    return { inputs: news, failures: [] };
  }

  async diff(request: DiffRequest): Promise<DiffResponse> {
    return this.#cloud.diffConfig(request);
  }

  async create({ urn, inputs, preview }: CreateRequest): Promise<CreateResponse> {
    const id = preview ? '' : randomUUID();
    this.#configured.add(`${urn}::${id || unknownProviderId}`);
    return { id, outputs: inputs };
  }

  async update({ urn, id, newInputs }: UpdateRequest): Promise<UpdateResponse> {
    this.#configured.add(`${urn}::${id}`);
    return { outputs: newInputs };
  }

  async configure(): Promise<ConfigureResponse> {
    throw new ProviderError('the registry itself is not configured');
  }

  async read(): Promise<ReadResponse> {
    throw new ProviderError('providers are not read');
  }

  async delete(): Promise<void> {}

  async invoke(): Promise<InvokeResponse> {
    throw new ProviderError('the registry answers no invokes');
  }

  async close(): Promise<void> {}
}
