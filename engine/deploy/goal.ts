import type { PropertyMap, PropertyValue } from '../../protocol/property-value.ts';
import type { CustomTimeouts } from '../../protocol/provider.ts';
import type { StackFrame } from './resource-state.ts';

/** An earlier name of a resource: its URN, or the parts that differed. */
export type Alias = { readonly urn: string } | AliasSpec;

/** Absent parts are those of the resource itself. `parent` '' with `noParent` says that it had none. */
export interface AliasSpec {
  readonly name?: string;
  readonly type?: string;
  readonly stack?: string;
  readonly project?: string;
  readonly parentUrn?: string;
  readonly noParent?: boolean;
}

/**
 * What the program wants one resource to be: the result of the monitor's work (options inherited, transforms applied, provider
 * resolved) and the input of the step generator.
 */
export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly inputs: PropertyMap;
  /** Parent URN, '' for none. */
  readonly parent: string;
  readonly protect: boolean | undefined;
  readonly dependencies: readonly string[];
  /** `urn::id`, '' for none. */
  readonly provider: string;
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly Alias[];
  /** Import id, '' for none. */
  readonly importId: string;
  readonly customTimeouts: CustomTimeouts | undefined;
  readonly replaceOnChanges: readonly string[];
  readonly retainOnDelete: boolean | undefined;
  readonly deletedWith: string;
  readonly replaceWith: readonly string[];
  readonly replacementTrigger: PropertyValue | undefined;
  readonly hideDiff: readonly string[];
  readonly sourcePosition: string;
  /** Where the registration was made, the outermost call first. */
  readonly stackTrace: readonly StackFrame[];
  readonly resourceHooks: Readonly<Record<string, readonly string[]>>;
}

/** A goal with what a program says of a custom resource that it gives no options: `fields` say the rest. */
export function plainGoal(fields: Pick<Goal, 'type' | 'name'> & Partial<Goal>): Goal {
  return {
    custom: true,
    inputs: {},
    parent: '',
    protect: undefined,
    dependencies: [],
    provider: '',
    propertyDependencies: {},
    deleteBeforeReplace: undefined,
    ignoreChanges: [],
    additionalSecretOutputs: [],
    aliases: [],
    importId: '',
    customTimeouts: undefined,
    replaceOnChanges: [],
    retainOnDelete: undefined,
    deletedWith: '',
    replaceWith: [],
    replacementTrigger: undefined,
    hideDiff: [],
    sourcePosition: '',
    stackTrace: [],
    resourceHooks: {},
    ...fields,
  };
}

/** A resource that the program looks up and does not manage (`Resource.get`). */
export interface ReadGoal {
  readonly type: string;
  readonly name: string;
  /** The id to read; an unknown id (preview) is ''. */
  readonly id: string;
  readonly idUnknown: boolean;
  readonly inputs: PropertyMap;
  readonly parent: string;
  readonly dependencies: readonly string[];
  readonly provider: string;
  readonly additionalSecretOutputs: readonly string[];
  readonly sourcePosition: string;
  readonly stackTrace: readonly StackFrame[];
}

/** What the program is told of a resource. */
export interface RegisterResult {
  readonly urn: string;
  /** '' where unknown (a create in a preview) and for components. */
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly stables: readonly string[];
  readonly result: 'success' | 'fail' | 'skip';
  /** The outputs are not known as the resource was left out of this run. */
  readonly unknown: boolean;
}

/**
 * The engine as the program's side sees it: implemented by the deployment, called by the monitor. Every method waits until the
 * resource's steps are done. Rejects with `DeploymentAborted` once the deployment stops taking work; the monitor answers
 * UNAVAILABLE then.
 */
export interface Registrar {
  registerResource(goal: Goal): Promise<RegisterResult>;
  registerResourceOutputs(urn: string, outputs: PropertyMap): Promise<void>;
  readResource(goal: ReadGoal): Promise<RegisterResult>;
  /**
   * Ends the deployment for a failure outside of any resource's steps, such as that of a remote component; the user is told. Returns what
   * the program's call is to be answered with.
   */
  abandon(message: string): DeploymentAborted;
  /** URN that a resource of this type, name and parent has. Throws if the parent is not registered. */
  urnOf(type: string, name: string, parent: string): string;
}

/** Thrown to the monitor when the deployment no longer takes registrations. */
export class DeploymentAborted extends Error {
  constructor(message = 'the deployment was stopped') {
    super(message);
    this.name = 'DeploymentAborted';
  }
}
