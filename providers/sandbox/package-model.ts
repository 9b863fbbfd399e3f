import type { PropertyMap } from '../../protocol/property-value.ts';
import type { CheckFailure, InvokeRequest } from '../../protocol/provider.ts';
import type { SdkFacts } from './facts/sdk-facts.ts';
import type { JsonMap, World, WorldObject } from './world.ts';

/** What a model is told about one resource. `inputs` are complete: names and defaults are filled in. */
export interface Draft {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly inputs: PropertyMap;
}

export interface NamingContext {
  /** Inputs of the last update, undefined for a new resource. */
  readonly previous: PropertyMap | undefined;
  /** Eight hexadecimal digits, the same for preview and update where the engine says so. */
  readonly suffix: string;
}

/** What exists already, for rules. Never changed by a rule. */
export interface Surroundings {
  readonly realm: string;
  readonly world: World;
}

/** What a model is made with. */
export interface ModelContext {
  readonly facts: SdkFacts;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** How one package's cloud behaves. Models decide over plain data; `provider.ts` alone changes the world. */
export interface PackageModel {
  /** Keeps apart what equal ids do not: called with the provider's configuration. */
  realm(configuration: PropertyMap): string;
  /** Fills in defaults and names. */
  complete(draft: Draft, context: NamingContext): PropertyMap;
  /** Mistakes that the published types do not show. */
  check(draft: Draft): readonly CheckFailure[];
  /** Which of the changed paths make a replacement necessary. */
  replacing(change: {
    readonly type: string;
    readonly changed: readonly string[];
    readonly olds: PropertyMap;
    readonly news: PropertyMap;
  }): readonly string[];
  /** Whether old and new cannot exist side by side. */
  deletesFirst(type: string, olds: PropertyMap, news: PropertyMap): boolean;
  /** The id of a new object. */
  newId(draft: Draft, configuration: PropertyMap): string;
  /** Everything a program can read. `previous` are the outputs before an update. */
  outputs(
    draft: Draft & { readonly id: string },
    previous: PropertyMap | undefined,
    configuration: PropertyMap,
  ): PropertyMap;
  /** Why the cloud would refuse a creation or update; undefined if it would not. */
  refuseChange(object: WorldObject, surroundings: Surroundings): string | undefined;
  refuseDelete(object: WorldObject, surroundings: Surroundings): string | undefined;
  /** What goes away with it. */
  cascade(object: WorldObject, surroundings: Surroundings): readonly WorldObject[];
  invoke(request: InvokeRequest, configuration: PropertyMap): PropertyMap | Promise<PropertyMap>;
}

export type { JsonMap };
