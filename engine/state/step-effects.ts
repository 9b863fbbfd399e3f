import { equalTexts, equalValues } from '../../protocol/property-equality.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step, StepOp } from '../deploy/step.ts';
import type { PendingOperationKind } from './snapshot.ts';

/** What is under way while a step of this kind runs; undefined for those that call no provider. */
export const pendingKinds: Partial<Readonly<Record<StepOp, PendingOperationKind>>> = {
  create: 'creating',
  'create-replacement': 'creating',
  update: 'updating',
  delete: 'deleting',
  'delete-replaced': 'deleting',
  read: 'reading',
  'read-replacement': 'reading',
  import: 'importing',
  'import-replacement': 'importing',
};

/** What a step that succeeded, or failed with the resource in existence, does to the state. */
export interface StepEffect {
  /** No longer part of the old state. */
  readonly retire: ResourceState | undefined;
  /** Goes to the end of the new one. */
  readonly add: ResourceState | undefined;
}

const nothing: StepEffect = { retire: undefined, add: undefined };

/**
 * The rules of pkg/backend/snapshot.go: a replaced resource stays until it is deleted, and a resource that waits for its replacement
 * (`pendingReplacement`) stays until that exists, so that a crash between the two never loses it.
 */
export function effectOf(step: Step): StepEffect {
  switch (step.op) {
    case 'same':
    case 'update':
    case 'read':
    case 'refresh':
      return { retire: step.old, add: step.new };
    case 'create':
    case 'create-replacement':
      return { retire: step.old?.pendingReplacement ? step.old : undefined, add: step.new };
    case 'import':
    case 'import-replacement':
    case 'read-replacement':
      return { retire: undefined, add: step.new };
    case 'delete':
    case 'delete-replaced':
    case 'discard':
    case 'discard-replaced':
      return { retire: step.old?.pendingReplacement ? undefined : step.old, add: undefined };
    case 'remove-pending-replace':
      return { retire: step.old, add: undefined };
    default:
      return nothing;
  }
}

/** Whether a resource that no provider touched differs in what matters: what does not (source positions, ...) need not be recorded at once. */
export function differsSemantically(old: ResourceState, next: ResourceState): boolean {
  const plain = [
    'urn',
    'type',
    'custom',
    'id',
    'provider',
    'parent',
    'protect',
    'taint',
    'retainOnDelete',
    'deletedWith',
    'external',
    'delete',
  ] as const;
  if (plain.some((field) => old[field] !== next[field])) return true;
  if (
    !equalTexts([...old.dependencies].sort(), [...next.dependencies].sort()) ||
    !equalTexts(old.replaceWith, next.replaceWith)
  )
    return true;
  const data = ['customTimeouts', 'resourceHooks', 'propertyDependencies', 'aliases', 'initErrors'] as const;
  if (data.some((field) => JSON.stringify(old[field]) !== JSON.stringify(next[field]))) return true;
  return (
    !equalValues(old.inputs, next.inputs) ||
    !equalValues(old.outputs, next.outputs) ||
    !equalValues(old.replacementTrigger, next.replacementTrigger)
  );
}
