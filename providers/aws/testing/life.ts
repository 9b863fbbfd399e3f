import type { PropertyMap } from '../../../protocol/property-value.ts';
import type { TestResource } from './test-provider.ts';
import type { World } from './world.ts';

/** The life of one resource type, for the suite that takes every one through it (lives.servers.test.ts). */
export interface Life {
  readonly type: string;
  /** What the program gives. May first make what it needs through the SDK. */
  inputs(world: World): Promise<PropertyMap>;
  /** What is there, asked through the SDK and not through our code; undefined if nothing is. */
  live(world: World, resource: TestResource): Promise<unknown>;
  /** Inputs that change in place. Not given: nothing can be changed. */
  readonly change?: (world: World, inputs: PropertyMap) => Promise<PropertyMap> | PropertyMap;
  /** Inputs that make a new one, and the properties that do. */
  readonly replace?: {
    readonly inputs: (world: World) => Promise<PropertyMap> | PropertyMap;
    readonly properties: readonly string[];
  };
  /** A change by somebody else through the SDK, and the properties that a refresh then finds. */
  readonly drift?: {
    by(world: World, resource: TestResource): Promise<unknown>;
    readonly properties: readonly string[];
  };
  /** The documented id of an import; default: the resource's own. `false`: it cannot be imported. */
  readonly importId?: false | ((resource: TestResource) => string);
  /** Why something of the above is not asked of moto. */
  readonly motoLacks?: { readonly [Part in 'live' | 'change' | 'drift' | 'import' | 'gone']?: string };
  /** Outputs that change by themselves. */
  readonly moving?: readonly string[];
  /** Why it cannot be asked of a real account. */
  readonly motoOnly?: string;
  /** A change in place gives it a new id in AWS: a refresh tells of it. */
  readonly moves?: true;
  /** Stays after a delete: it was only adopted. */
  readonly remains?: true;
}
