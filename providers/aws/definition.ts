import type { AwsCalls } from './clients.ts';

/** Plain JSON-like data: property values with secrets unwrapped and nothing unknown. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain | undefined };
export type PlainMap = { readonly [key: string]: Plain | undefined };

/** What the table says of one property of a resource. */
export interface PropertyRule {
  readonly kind: 'string' | 'boolean' | 'number' | 'list' | 'map' | 'object';
  readonly required?: boolean;
  /** A change makes a new resource: any change, or those that the function says, which may look at the other old inputs. */
  readonly replaces?: boolean | ((old: Plain | undefined, next: Plain | undefined, oldInputs: PlainMap) => boolean);
  /** Taken where the program gives none. */
  readonly default?: Plain;
  /** Only the cloud sets it: giving it is an error. */
  readonly output?: boolean;
  /** May be given; where it is not, the cloud's value is not a difference. */
  readonly computed?: boolean;
  /** Names in its structures that are served: any other is refused. Not given: it is not looked into. */
  readonly parts?: readonly string[];
  /** Parts of a structure that AWS chooses where the program does not: left out of what an import gives. */
  readonly computedParts?: readonly string[];
  /** Parts of its structures that are false or 0 are as if they were not there. */
  readonly zeroParts?: boolean;
  /** Masked in state and output. */
  readonly secret?: boolean;
  /** The order of a list says nothing. */
  readonly unordered?: boolean;
  /** JSON text: compared as data, not as text (policies). */
  readonly json?: boolean;
  /** The API never gives it back (passwords, flags of our own): the last input stands for it. */
  readonly writeOnly?: boolean;
  /** Name in the API, where it is not the property's own in PascalCase. */
  readonly api?: string;
  /** Not part of the create call: `updates` sets it right after. */
  readonly afterCreate?: boolean;
  readonly oneOf?: readonly string[];
}

/** What every function of a table gets. */
export interface ResourceCall {
  readonly aws: AwsCalls;
  readonly inputs: PlainMap;
  /** Seconds left for the whole operation; waiting past it fails. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Tells the user what is waited for. */
  readonly progress: (message: string) => void;
}

export interface ExistingCall extends ResourceCall {
  readonly id: string;
  /** Outputs of the last update or read; empty at an import. */
  readonly state: PlainMap;
}

/**
 * How a create is found again whose answer was lost, for APIs that know no client token. `id`: where it must be, if it is there; it is
 * taken if it is then exactly what was asked for. `mark`: by a tag that the create call carries and that is taken away afterwards.
 */
export type LostCreate =
  | {
      id(call: ResourceCall & { readonly started: number }): string | undefined | Promise<string | undefined>;
    }
  | { mark(call: ResourceCall & { readonly mark: string }): Promise<string | undefined> };

/** Changes properties in place. Called if one of `properties` changed, and after a create for those marked `afterCreate`. */
export interface UpdateRule {
  readonly properties: readonly string[];
  apply(call: ExistingCall & { readonly old: PlainMap }): Promise<void>;
}

/** How the tags of a resource are written; the tags read come with `read` as `tags`. */
export interface TagRule {
  /** Adds or overwrites. */
  set(call: ExistingCall, tags: Readonly<Record<string, string>>): Promise<void>;
  remove(call: ExistingCall, keys: readonly string[]): Promise<void>;
  /** True: the create call takes `allTags` itself. False: they are set right after. */
  readonly atCreate: boolean;
}

/** A name made from the resource's own name and random digits where the program gives none. */
export interface AutonameRule {
  readonly property: string;
  readonly maxLength: number;
  /** Begins the name, as in `alias/main`. */
  readonly prefix?: string;
  /** Some names are lower case only. */
  readonly lowerCase?: boolean;
  /** Ends the name, as in `queue.fifo`. */
  readonly suffix?: (inputs: PlainMap) => string;
}

/** One resource type of the package: the table, and functions for what a table cannot say. */
export interface ResourceDefinition {
  /** `aws:ec2/vpc:Vpc`, as in the published SDK. */
  readonly type: string;
  readonly properties: Readonly<Record<string, PropertyRule>>;
  readonly tags?: TagRule;
  readonly autoname?: AutonameRule;
  /** Seconds to create, update and delete, where the user sets no customTimeouts. */
  readonly timeouts?: { readonly create?: number; readonly update?: number; readonly delete?: number };
  /** A replacement must delete first: two of them cannot exist side by side. */
  readonly deleteBeforeReplace?: boolean;
  /** The service is one for all regions (IAM, Route 53): there is no `region` to be chosen. */
  readonly global?: boolean;
  /** Rules over several properties. Each text is one failure. */
  validate?(inputs: PlainMap): readonly string[];
  /** Not given: the create call can be sent again without harm. */
  readonly lostCreate?: LostCreate;
  /** Makes it and resolves to its id; `allTags` are the resource's tags over the provider's default tags. */
  create(call: ResourceCall & { readonly allTags: Readonly<Record<string, string>> }): Promise<string>;
  /** Waits until it is really there. */
  ready?(call: ExistingCall): Promise<void>;
  readonly updates?: readonly UpdateRule[];
  /**
   * What is there, in the SDK's names, with `tags`; undefined if it is not there. An `id` in it takes the place of the one asked for:
   * where the documented id of an import is another than the one in the state.
   */
  read(call: ExistingCall): Promise<PlainMap | undefined>;
  /** Deletes it and waits until it is gone. What is gone already is no error. */
  delete(call: ExistingCall): Promise<void>;
}

/** A function of the package, called in its argument's `region` where it has one (`aws:index/getRegion:getRegion`). */
export interface FunctionDefinition {
  readonly token: string;
  /** Parts of the answer that are masked in output and state. */
  readonly secrets?: readonly string[];
  invoke(call: { readonly aws: AwsCalls; readonly args: PlainMap; readonly signal: AbortSignal }): Promise<PlainMap>;
}
