import type { PropertyMap } from '../../protocol/property-value.ts';
import type { ResourceState } from './resource-state.ts';

/** Keys of `ResourceState.resourceHooks` (sdk/go/common/resource/resource_hooks.go). */
export type HookType =
  | 'BeforeCreate'
  | 'AfterCreate'
  | 'BeforeUpdate'
  | 'AfterUpdate'
  | 'BeforeDelete'
  | 'AfterDelete'
  | 'OnError';

/** What a hook is told of the resource. Properties are undefined where the operation has none. */
export interface HookRequest {
  readonly urn: string;
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly old: ResourceState | undefined;
  readonly new: ResourceState | undefined;
  readonly oldInputs: PropertyMap | undefined;
  readonly newInputs: PropertyMap | undefined;
  readonly oldOutputs: PropertyMap | undefined;
  readonly newOutputs: PropertyMap | undefined;
}

export interface ErrorHookRequest extends HookRequest {
  readonly failedOperation: 'create' | 'update' | 'delete';
  /** Every failure so far, the newest first. */
  readonly errors: readonly string[];
}

/** Runs the hooks that the program registered by name. Implemented by the monitor, over the program's Callbacks service. */
export interface ResourceHookRunner {
  /** Undefined: no hook of this name is registered. */
  find(name: string): { readonly onDryRun: boolean; readonly ignoreErrors: boolean } | undefined;
  /** Rejects where the hook fails. */
  run(name: string, request: HookRequest): Promise<void>;
  /** Whether an error hook of this name is registered. */
  hasErrorHook(name: string): boolean;
  /** True: the operation is to be tried again. Rejects where the hook fails. */
  runErrorHook(name: string, request: ErrorHookRequest): Promise<boolean>;
}
