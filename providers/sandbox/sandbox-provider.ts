import { createHash } from 'node:crypto';
import { messageOf } from '../../foundation/errors.ts';
import type { PropertyMap } from '../../protocol/property-value.ts';
import {
  type CheckRequest,
  type CheckResponse,
  type ConfigureRequest,
  type ConfigureResponse,
  type CreateRequest,
  type CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type InvokeRequest,
  type InvokeResponse,
  type PropertyDiff,
  type Provider,
  ProviderError,
  type ReadRequest,
  type ReadResponse,
  type UpdateRequest,
  type UpdateResponse,
} from '../../protocol/provider.ts';
import type { ProviderContext } from '../../protocol/provider-module.ts';
import { diffInputs, topLevel } from './diff-inputs.ts';
import type { SdkFacts } from './facts/sdk-facts.ts';
import { applyFaults, readStackFaults } from './faults.ts';
import type { PackageModel } from './package-model.ts';
import { previewOutputs } from './preview-outputs.ts';
import type { JsonMap, SandboxFault, Verb, World, WorldObject } from './world.ts';
import { fromWorldJson, toWorldJson } from './world-json.ts';

/** A resource's identity as every request has it. */
interface Identity {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
}

export interface SandboxOptions {
  readonly context: ProviderContext;
  readonly model: PackageModel;
  readonly facts: SdkFacts;
  /** The world of the stack that a URN belongs to. */
  readonly openWorld: (urn: string) => World;
}

/**
 * Serves a package's resources from a stack's sandbox world. Rules and names come from the package's model, types from its
 * published SDK; this class alone reads and changes the world. Nothing is changed in previews.
 */
export class SandboxProvider implements Provider {
  readonly #options: SandboxOptions;
  #configuration: PropertyMap = {};
  #faults: readonly SandboxFault[] | undefined;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  async configure(request: ConfigureRequest): Promise<ConfigureResponse> {
    this.#configuration = request.inputs;
    const message = `sandbox: package ${this.#options.context.package} is served by the sandbox; nothing real is touched`;
    this.#options.context.log({ severity: 'info', message, urn: '', status: true });
    return {
      acceptSecrets: true,
      acceptResources: false,
      acceptOutputs: false,
      supportsPreview: true,
      supportsAutonamingConfiguration: true,
    };
  }

  async check(request: CheckRequest): Promise<CheckResponse> {
    const { model, facts } = this.#options;
    const failures = facts.check(request.type, request.news);
    const previous = Object.keys(request.olds).length > 0 ? request.olds : undefined;
    const inputs = model.complete(draftOf(request, request.news), { previous, suffix: suffixOf(request) });
    const all = [...failures, ...model.check(draftOf(request, inputs))];
    return { inputs, failures: all.map(({ property, reason }) => ({ property, reason: `${reason} (sandbox)` })) };
  }

  async diff(request: DiffRequest): Promise<DiffResponse> {
    const { model } = this.#options;
    const news = { ...request.newInputs };
    for (const path of request.ignoreChanges) {
      const key = topLevel(path);
      if (key === path && key in request.oldInputs) news[key] = request.oldInputs[key]!;
    }
    const differences = diffInputs(request.oldInputs, news);
    const changed = Object.keys(differences);
    const replacing = model.replacing({ type: request.type, changed, olds: request.oldInputs, news });
    return {
      changes: changed.length > 0 ? 'some' : 'none',
      replaces: [...new Set(replacing.map(topLevel))],
      stables: [],
      deleteBeforeReplace: replacing.length > 0 && model.deletesFirst(request.type, request.oldInputs, news),
      diffs: [...new Set(changed.map(topLevel))],
      detailedDiff: Object.fromEntries(
        changed.map((path) => [path, replacing.includes(path) ? asReplacing(differences[path]!) : differences[path]!]),
      ),
    };
  }

  async create(request: CreateRequest): Promise<CreateResponse> {
    const { model } = this.#options;
    const draft = draftOf(request, request.inputs);
    const newId = model.newId(draft, this.#configuration);
    if (request.preview) {
      const outputs = model.outputs({ ...draft, id: newId }, undefined, this.#configuration);
      return { id: '', outputs: previewOutputs(outputs, request.inputs, undefined) };
    }
    const world = await this.#begin(request, 'create', request.signal);
    const outputs = model.outputs({ ...draft, id: newId }, undefined, this.#configuration);
    world.transaction(() => {
      const object = this.#object(world, draft, { id: newId, outputs });
      const existing = world.get(object);
      if (existing && existing.urn !== object.urn) refuse(draft, `${shortType(draft.type)} "${newId}" already exists`);
      const reason = model.refuseChange(object, this.#surroundings(world));
      if (reason) refuse(draft, reason);
      world.put(object);
    });
    this.#say(draft, `created ${newId}`);
    return { id: newId, outputs };
  }

  async read(request: ReadRequest): Promise<ReadResponse> {
    const world = await this.#begin(request, 'read');
    const object = world.get({ realm: this.#realm(), type: request.type, id: request.id });
    if (!object) return { id: '', outputs: {}, inputs: {} };
    return {
      id: object.id,
      outputs: fromWorldJson(object.outputs, request.outputs, world.sealKey) as PropertyMap,
      inputs: fromWorldJson(object.inputs, request.inputs, world.sealKey) as PropertyMap,
    };
  }

  async update(request: UpdateRequest): Promise<UpdateResponse> {
    const { model } = this.#options;
    const draft = draftOf(request, request.newInputs);
    const outputs = model.outputs({ ...draft, id: request.id }, request.oldOutputs, this.#configuration);
    if (request.preview) return { outputs: previewOutputs(outputs, request.newInputs, request.oldOutputs) };
    const world = await this.#begin(request, 'update', request.signal);
    world.transaction(() => {
      const object = this.#object(world, draft, { id: request.id, outputs });
      if (!world.get(object)) refuse(draft, `${shortType(draft.type)} "${request.id}" not found`);
      const reason = model.refuseChange(object, this.#surroundings(world));
      if (reason) refuse(draft, reason);
      world.put(object);
    });
    this.#say(draft, `updated ${request.id}`);
    return { outputs };
  }

  async delete(request: DeleteRequest): Promise<void> {
    const { model } = this.#options;
    const world = await this.#begin(request, 'delete', request.signal);
    world.transaction(() => {
      const object = world.get({ realm: this.#realm(), type: request.type, id: request.id });
      if (!object) return;
      const reason = model.refuseDelete(object, this.#surroundings(world));
      if (reason) refuse(request, reason);
      for (const gone of [object, ...model.cascade(object, this.#surroundings(world))]) world.remove(gone);
    });
    this.#say(request, `deleted ${request.id}`);
  }

  async invoke(request: InvokeRequest): Promise<InvokeResponse> {
    try {
      const result = await this.#options.model.invoke(request, this.#configuration);
      return { result, failures: [] };
    } catch (error) {
      // Whoever reads it must not take it for the word of a real cloud.
      if (!(error instanceof ProviderError) || /sandbox/.test(error.message)) throw error;
      throw new ProviderError(`sandbox: ${error.message}`, { cause: error });
    }
  }

  async cancel(): Promise<void> {}

  async close(): Promise<void> {}

  /** Everything that comes before the world is touched: its file, and what was asked to go wrong. */
  async #begin(request: Identity, verb: Verb, signal?: AbortSignal): Promise<World> {
    const world = this.#open(request.urn);
    this.#faults ??= this.#readFaults(request.urn);
    await applyFaults(world, this.#faults, { urn: request.urn, type: request.type, verb }, signal);
    return world;
  }

  #open(urn: string): World {
    try {
      return this.#options.openWorld(urn);
    } catch (error) {
      throw new ProviderError(
        `Cannot open the sandbox's world as ${messageOf(error)}. Set MAINSTAY_SANDBOX to a file that can be written.`,
        { cause: error },
      );
    }
  }

  #readFaults(urn: string): readonly SandboxFault[] {
    try {
      return readStackFaults(this.#options.context.rootDirectory, stackOf(urn));
    } catch (error) {
      throw new ProviderError(messageOf(error), { cause: error });
    }
  }

  #object(world: World, draft: Identity & { readonly inputs: PropertyMap }, made: Made): WorldObject {
    return {
      realm: this.#realm(),
      type: draft.type,
      id: made.id,
      urn: draft.urn,
      inputs: toWorldJson(draft.inputs, world.sealKey) as JsonMap,
      outputs: toWorldJson(made.outputs, world.sealKey) as JsonMap,
    };
  }

  #surroundings(world: World) {
    return { realm: this.#realm(), world };
  }

  #realm(): string {
    return this.#options.model.realm(this.#configuration);
  }

  #say(request: Identity, what: string): void {
    this.#options.context.log({ severity: 'info', message: `sandbox: ${what}`, urn: request.urn, status: true });
  }
}

interface Made {
  readonly id: string;
  readonly outputs: PropertyMap;
}

function draftOf(request: Identity, inputs: PropertyMap) {
  return { urn: request.urn, name: request.name || request.urn.split('::').at(-1)!, type: request.type, inputs };
}

function refuse(request: Identity, reason: string): never {
  throw new ProviderError(`sandbox: ${reason} (${shortType(request.type)} ${request.urn.split('::').at(-1)})`);
}

function shortType(type: string): string {
  return type.split(':').at(-1) ?? type;
}

function stackOf(urn: string): string {
  return /^urn:pulumi:([^:]+)::/.exec(urn)?.[1] ?? '';
}

function suffixOf(request: CheckRequest): string {
  const seed = request.randomSeed?.length ? request.randomSeed : createHash('sha256').update(request.urn).digest();
  return Buffer.from(seed).toString('hex').slice(0, 8);
}

function asReplacing(difference: PropertyDiff): PropertyDiff {
  return { ...difference, kind: `${difference.kind.replace('-replace', '') as 'add' | 'delete' | 'update'}-replace` };
}
