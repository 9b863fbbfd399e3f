import type { FindableCreate } from './settle-creates.ts';

/** An operation that an interrupted update had begun and not recorded as ended (`pending_operations` of a deployment). */
export interface PendingOperation {
  readonly type: 'creating' | 'updating' | 'deleting' | 'reading' | 'importing';
  readonly resource: {
    readonly urn: string;
    readonly type: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
  };
}

/** What to do about them. */
export interface PendingVerdict {
  /** Safe to do again: an update again, a delete of what may be gone, a create that only applies. */
  readonly repeatable: readonly PendingOperation[];
  /** Creates whose result can be looked for, by the id that it has. */
  readonly findable: readonly FindableCreate[];
  /** Creates whose result, if there is one, nobody could find again. */
  readonly unclear: readonly PendingOperation[];
}

/**
 * Sorts pending operations. Engines repeat all but creates by themselves, as the resource is still in the state; a create may have
 * happened without anybody knowing its id, and doing it again would make a second one, except where the inputs already say what the
 * object is called.
 */
export function judgePending(operations: readonly PendingOperation[]): PendingVerdict {
  const verdict = {
    repeatable: [] as PendingOperation[],
    findable: [] as FindableCreate[],
    unclear: [] as PendingOperation[],
  };
  for (const operation of operations) {
    const id = idOf(operation);
    if (operation.type !== 'creating' || isPatch(operation)) verdict.repeatable.push(operation);
    else if (id === undefined) verdict.unclear.push(operation);
    else verdict.findable.push({ operation, id });
  }
  return verdict;
}

/** A patch is applied to an object that is there: once more changes nothing. */
function isPatch({ resource: { type } }: PendingOperation): boolean {
  return type.startsWith('kubernetes:') && type.endsWith('Patch');
}

/** Kubernetes objects are their names, made up ones too: the inputs that were recorded have them. */
function idOf({ resource }: PendingOperation): string | undefined {
  if (!resource.type.startsWith('kubernetes:')) return undefined;
  const metadata = resource.inputs?.metadata;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { name, namespace } = metadata as { readonly name?: unknown; readonly namespace?: unknown };
  if (typeof name !== 'string' || (namespace !== undefined && typeof namespace !== 'string')) return undefined;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
