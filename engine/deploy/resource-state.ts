import type { PropertyMap, PropertyValue } from '../../protocol/property-value.ts';
import type { CustomTimeouts } from '../../protocol/provider.ts';

/**
 * One resource as the checkpoint holds it (apitype.ResourceV3, sdk/go/common/apitype/core.go). Secrets are in the clear inside
 * `Secret` marks here and encrypted by `state/` when written. Fields are mutable because a resource gains its id and outputs while
 * its step runs; whoever hands a state on hands on the ownership.
 */
export interface ResourceState {
  urn: string;
  type: string;
  custom: boolean;
  /** '' while not created, and for components. */
  id: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  /** '' : none. */
  parent: string;
  protect: boolean;
  taint: boolean;
  external: boolean;
  dependencies: readonly string[];
  initErrors: readonly string[];
  /** `urn::id`, '' for components without one and for providers. */
  provider: string;
  propertyDependencies: Readonly<Record<string, readonly string[]>>;
  pendingReplacement: boolean;
  /** A replaced resource that waits for its deletion. */
  delete: boolean;
  additionalSecretOutputs: readonly string[];
  aliases: readonly string[];
  customTimeouts: CustomTimeouts | undefined;
  importId: string;
  retainOnDelete: boolean;
  deletedWith: string;
  replaceWith: readonly string[];
  replacementTrigger: PropertyValue | undefined;
  /** RFC 3339, UTC; undefined where never recorded. */
  created: string | undefined;
  modified: string | undefined;
  sourcePosition: string;
  stackTrace: readonly StackFrame[];
  ignoreChanges: readonly string[];
  hideDiff: readonly string[];
  replaceOnChanges: readonly string[];
  refreshBeforeUpdate: boolean;
  viewOf: string;
  /** Hook type (`before-create`, ...) to hook names. */
  resourceHooks: Readonly<Record<string, readonly string[]>>;
}

/** One place on the stack of the program; absent: not known (apitype.StackFrameV1). */
export interface StackFrame {
  readonly sourcePosition?: string;
}

/** A state with every field at its default but those given. */
export function newResourceState(
  fields: Pick<ResourceState, 'urn' | 'type' | 'custom'> & Partial<ResourceState>,
): ResourceState {
  return {
    id: '',
    inputs: {},
    outputs: {},
    parent: '',
    protect: false,
    taint: false,
    external: false,
    dependencies: [],
    initErrors: [],
    provider: '',
    propertyDependencies: {},
    pendingReplacement: false,
    delete: false,
    additionalSecretOutputs: [],
    aliases: [],
    customTimeouts: undefined,
    importId: '',
    retainOnDelete: false,
    deletedWith: '',
    replaceWith: [],
    replacementTrigger: undefined,
    created: undefined,
    modified: undefined,
    sourcePosition: '',
    stackTrace: [],
    ignoreChanges: [],
    hideDiff: [],
    replaceOnChanges: [],
    refreshBeforeUpdate: false,
    viewOf: '',
    resourceHooks: {},
    ...fields,
  };
}
