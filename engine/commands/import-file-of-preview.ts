import type { PropertyMap } from '../../protocol/property-value.ts';
import type { EngineEvent } from '../deploy/events.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import { isDefaultProvider, isProviderType, isRootStack, parseUrn } from '../deploy/urn.ts';
import { parseProviderReference } from '../plugins/provider-registry.ts';

/** A resource of an import file, empty parts left out. Inputs are those of a provider that the file declares. */
export interface PlannedImport {
  readonly type: string;
  readonly name: string;
  readonly id?: string;
  readonly parent?: string;
  readonly provider?: string;
  readonly version?: string;
  readonly pluginDownloadUrl?: string;
  readonly component?: true;
  readonly remote?: true;
  readonly inputs?: PropertyMap;
  readonly logicalName?: string;
}

/** What is to be imported in the place of being created. */
export interface PlannedImports {
  readonly nameTable: Readonly<Record<string, string>>;
  readonly resources: readonly PlannedImport[];
}

/** The place for an id that only a person knows, as the official CLI writes it. */
const PLACEHOLDER = '<PLACEHOLDER>';

/** Gathers, from the events of a preview, the resources that it would create (`preview --import-file`). */
export class ImportFileOfPreview {
  /** The last state of everything that the preview came to. */
  readonly #seen = new Map<string, ResourceState>();
  readonly #created = new Map<string, ResourceState>();

  add(event: EngineEvent): void {
    if (event.kind !== 'resource-pre') return;
    const { op, urn, old, new: next } = event.step;
    const state = next ?? old;
    if (state) this.#seen.set(urn, state);
    if (op === 'create' && next && !isRootStack(urn)) this.#created.set(urn, next);
  }

  content(): PlannedImports {
    const names = uniqueNames([...this.#seen.keys()]);
    const nameTable: Record<string, string> = {};
    /** What is not declared in the file itself is found by the table. */
    const named = (urn: string): string => {
      const name = names.get(urn) ?? parseUrn(urn).name;
      if (!this.#created.has(urn)) nameTable[name] = urn;
      return name;
    };
    const declared = [...this.#created].filter(([urn]) => !isDefaultProvider(urn));
    const resources = declared.map(([urn, state]) => this.#planned(state, names.get(urn)!, named));
    return { nameTable, resources };
  }

  #planned(state: ResourceState, name: string, named: (urn: string) => string): PlannedImport {
    const { urn, type, custom, parent } = state;
    const logical = parseUrn(urn).name;
    const isProvider = isProviderType(type);
    return {
      type,
      name,
      ...(custom && !isProvider && { id: PLACEHOLDER }),
      ...(parent !== '' && !isRootStack(parent) && { parent: named(parent) }),
      ...this.#providerParts(state, named),
      ...(!custom && { component: true as const }),
      ...(!custom && state.provider !== '' && { remote: true as const }),
      ...(isProvider && Object.keys(state.inputs).length > 0 && { inputs: state.inputs }),
      ...(name !== logical && { logicalName: logical }),
    };
  }

  #providerParts({ provider }: ResourceState, named: (urn: string) => string): Partial<PlannedImport> {
    if (provider === '') return {};
    const { urn } = parseProviderReference(provider);
    const { version, __internal: internal } = (this.#seen.get(urn)?.inputs ?? {}) as Readonly<Record<string, unknown>>;
    const url = (internal as { readonly pluginDownloadURL?: unknown } | undefined)?.pluginDownloadURL;
    return {
      ...(!isDefaultProvider(urn) && { provider: named(urn) }),
      ...(typeof version === 'string' && version !== '' && { version }),
      ...(typeof url === 'string' && url !== '' && { pluginDownloadUrl: url }),
    };
  }
}

/** The first resource of a name has it; others have their type behind it, and a number where that is not enough. */
function uniqueNames(urns: readonly string[]): ReadonlyMap<string, string> {
  const parts = urns.map((urn) => [urn, parseUrn(urn)] as const);
  const own = new Set(parts.map(([, { name }]) => name));
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const [urn, { name, type }] of parts) {
    const last = type.split(':').at(-1)!;
    const base = `${name}${last.charAt(0).toUpperCase()}${last.slice(1)}`;
    let chosen = taken.has(name) ? base : name;
    for (let count = 2; taken.has(chosen) || (chosen !== name && own.has(chosen)); count += 1)
      chosen = `${base}${count}`;
    taken.add(chosen);
    names.set(urn, chosen);
  }
  return names;
}
