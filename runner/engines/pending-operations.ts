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
  /** Safe to do again: an update again, a delete of what may be gone, a create of what has a name of its own. */
  readonly repeatable: readonly PendingOperation[];
  /** Creates whose result, if there is one, nobody could find again. */
  readonly unclear: readonly PendingOperation[];
}

/**
 * Sorts pending operations. Engines repeat all but creates by themselves, as the resource is still in the state; a create may have
 * happened without its id being known, and doing it again would make a second one, except where the resource is known by a name that
 * its inputs fix.
 */
export function judgePending(operations: readonly PendingOperation[]): PendingVerdict {
  const unclear = operations.filter((operation) => operation.type === 'creating' && !hasFixedIdentity(operation));
  return { repeatable: operations.filter((operation) => !unclear.includes(operation)), unclear };
}

/** Kubernetes objects are their names: applying one again finds it, unless the name was made up. */
function hasFixedIdentity({ resource }: PendingOperation): boolean {
  if (!resource.type.startsWith('kubernetes:')) return false;
  const metadata = resource.inputs?.metadata;
  if (typeof metadata !== 'object' || metadata === null) return false;
  const { name, annotations } = metadata as {
    readonly name?: unknown;
    readonly annotations?: Readonly<Record<string, unknown>>;
  };
  return typeof name === 'string' && annotations?.['pulumi.com/autonamed'] !== 'true';
}
