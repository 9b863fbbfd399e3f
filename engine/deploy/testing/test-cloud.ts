import { diffProperties, type ObjectDiff } from '../../../protocol/property-diff.ts';
import { containsUnknowns, equalValues, withoutSecrets } from '../../../protocol/property-equality.ts';
import { type PropertyMap, type PropertyValue, Unknown } from '../../../protocol/property-value.ts';
import {
  type CheckRequest,
  type CheckResponse,
  type ConfigureResponse,
  type CreateRequest,
  type CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type InvokeResponse,
  type PropertyDiff,
  type Provider,
  ProviderError,
  type ReadRequest,
  type ReadResponse,
  type UpdateRequest,
  type UpdateResponse,
} from '../../../protocol/provider.ts';

/** What a call to come does instead of succeeding, by `<method> <resource name>`. Used up by one call. */
export type Failure =
  | { readonly kind: 'clean' }
  /** It was done, but not as it should be. */
  | { readonly kind: 'partial' }
  /** The provider cannot tell. */
  | { readonly kind: 'unknown' };

interface Thing {
  readonly type: string;
  readonly urn: string;
  inputs: PropertyMap;
}

/**
 * A provider and its cloud in memory. Every input is an output of the same name; Ids count up by name. Inputs steer it:
 * a change of `replace*` needs a replacement, `exclusive: true` makes that delete-before-replace, `invalid: true` fails the check,
 * and `vague: true` leaves it to the engine to find out what changed.
 */
export class TestCloud implements Provider {
  /** What exists, by id. */
  readonly things = new Map<string, Thing>();
  /** Every call that changes or reads something, in order: `create a`. */
  readonly calls: string[] = [];
  readonly failures = new Map<string, Failure>();
  /** Runs within each call; may wait. */
  onCall: (call: string) => Promise<void> | void = () => {};
  supportsPreview = true;
  /** How many of a name have been made: ids do not depend on the order of creates. */
  readonly #made = new Map<string, number>();

  async configure(): Promise<ConfigureResponse> {
    return {
      acceptSecrets: true,
      acceptResources: true,
      acceptOutputs: true,
      supportsPreview: this.supportsPreview,
      supportsAutonamingConfiguration: false,
    };
  }

  /** A change of the provider input `region` is another place, where nothing of the old one is. */
  async diffConfig({ oldInputs, newInputs }: DiffRequest): Promise<DiffResponse> {
    const replaces = equalValues(oldInputs.region, newInputs.region) ? [] : ['region'];
    const changes = equalValues(oldInputs, newInputs) ? 'none' : 'some';
    return { changes, replaces, stables: [], deleteBeforeReplace: false, diffs: replaces };
  }

  async check({ news, name }: CheckRequest): Promise<CheckResponse> {
    await this.onCall(`check ${name}`);
    const failures = news.invalid === true ? [{ property: 'invalid', reason: 'must not be true' }] : [];
    return { inputs: news, failures };
  }

  async diff({ oldInputs, newInputs }: DiffRequest): Promise<DiffResponse> {
    const none = { changes: 'none', replaces: [], stables: [], deleteBeforeReplace: false, diffs: [] } as const;
    if (newInputs.vague === true) return { ...none, changes: 'unknown' };
    const difference = diffProperties(plain(oldInputs), plain(newInputs));
    if (!difference) return none;
    const diffs = [difference.adds, difference.deletes, difference.updates].flatMap((part) => Object.keys(part)).sort();
    const detailedDiff = Object.fromEntries(diffs.map((key) => [key, differenceOf(key, difference)]));
    const replaces = diffs.filter((key) => key.startsWith('replace'));
    return {
      ...none,
      changes: 'some',
      diffs,
      replaces,
      detailedDiff,
      deleteBeforeReplace: newInputs.exclusive === true,
    };
  }

  async create({ urn, name, type, inputs, preview }: CreateRequest): Promise<CreateResponse> {
    if (preview) return { id: '', outputs: { ...inputs, made: new Unknown() } };
    const failure = await this.#call('create', name);
    this.#refuseUnknowns(inputs);
    const count = (this.#made.get(name) ?? 0) + 1;
    this.#made.set(name, count);
    const id = `${name}-${count}`;
    this.things.set(id, { type, urn, inputs });
    const outputs = { ...inputs, made: id };
    if (failure) throw partial({ id, outputs, inputs });
    return { id, outputs };
  }

  async read({ id, name, inputs }: ReadRequest): Promise<ReadResponse> {
    const failure = await this.#call('read', name);
    const thing = this.things.get(id);
    if (!thing) return { id: '', outputs: {}, inputs: undefined };
    const outputs = { ...thing.inputs, made: id };
    if (failure) throw partial({ id, outputs, inputs });
    return { id, outputs, inputs: thing.inputs };
  }

  async update({ id, name, newInputs, preview }: UpdateRequest): Promise<UpdateResponse> {
    if (preview) return { outputs: { ...newInputs, made: id } };
    const failure = await this.#call('update', name);
    this.#refuseUnknowns(newInputs);
    const thing = this.things.get(id);
    if (!thing) throw new ProviderError(`${id} does not exist`);
    thing.inputs = newInputs;
    const outputs = { ...newInputs, made: id };
    if (failure) throw partial({ id, outputs, inputs: newInputs });
    return { outputs };
  }

  async delete({ id, name }: DeleteRequest): Promise<void> {
    const failure = await this.#call('delete', name);
    if (failure) throw new ProviderError(`${name} does not want to go`);
    if (!this.things.delete(id)) throw new ProviderError(`${id} was deleted twice`);
  }

  async invoke(): Promise<InvokeResponse> {
    return { result: {}, failures: [] };
  }

  async close(): Promise<void> {}

  /** The failure is left to the caller where the thing has to be done first. */
  async #call(method: string, name: string): Promise<Failure | undefined> {
    const call = `${method} ${name}`;
    this.calls.push(call);
    await this.onCall(call);
    const failure = this.failures.get(call);
    this.failures.delete(call);
    if (failure?.kind === 'clean') throw new ProviderError(`${call} failed`);
    if (failure?.kind === 'unknown') throw new ProviderError(`${call} may have failed`, { status: 'unknown' });
    return failure;
  }

  #refuseUnknowns(inputs: PropertyMap): void {
    if (containsUnknowns(inputs)) throw new ProviderError('unknown values outside of a preview');
  }
}

function differenceOf(key: string, difference: ObjectDiff): PropertyDiff {
  const kind = key in difference.adds ? 'add' : key in difference.deletes ? 'delete' : 'update';
  return { kind: key.startsWith('replace') ? `${kind}-replace` : kind, inputDiff: true };
}

function plain(map: PropertyMap): PropertyMap {
  return withoutSecrets(map as PropertyValue) as PropertyMap;
}

function partial(state: {
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly inputs: PropertyMap;
}): ProviderError {
  return new ProviderError('did not become ready', { partial: { ...state, reasons: ['not ready'] } });
}
