import type { PendingOperation } from './pending-operations.ts';

/** What a deployment needs to have for this; all else in it stays as it is. */
export interface PendingDeployment {
  readonly resources?: readonly StoredResource[];
  readonly pending_operations?: readonly PendingOperation[];
}

interface StoredResource {
  readonly urn: string;
  readonly id?: string;
  readonly delete?: boolean;
}

/** A create that was interrupted, and the id that its object has if it was made. */
export interface FindableCreate {
  readonly operation: PendingOperation;
  readonly id: string;
}

/**
 * The deployment with the objects of interrupted creates taken for made, so that a refresh reads them: what is there is then known, ready or not,
 * and what is not there is forgotten and made. The operations stay pending until that has been done: whoever is killed in between does it again.
 */
export function supposeMade<Deployment extends PendingDeployment>(
  deployment: Deployment,
  creates: readonly FindableCreate[],
): Deployment {
  const known = deployment.resources ?? [];
  const isKnown = ({ operation: { resource }, id }: FindableCreate) =>
    known.some((each) => each.urn === resource.urn && each.id === id && !each.delete);
  const supposed = creates.filter((create) => !isKnown(create));
  const urns = new Set(supposed.map(({ operation }) => operation.resource.urn));
  return {
    ...deployment,
    resources: [
      // What was being replaced is deleted by the next update, as it would have been by the interrupted one.
      ...known.map((each) => (urns.has(each.urn) ? { ...each, delete: true } : each)),
      ...supposed.map(({ operation: { resource }, id }) => ({ ...resource, id })),
    ],
  };
}

/** The deployment with nothing pending. */
export function withoutPending<Deployment extends PendingDeployment>(deployment: Deployment): Deployment {
  return { ...deployment, pending_operations: [] };
}
