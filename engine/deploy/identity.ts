import type { DeploymentContext } from './deployment-context.ts';
import { makeUrn } from './urn.ts';

interface Named {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
}

/** Throws if the parent has not been registered. */
export function urnOf({ options, ledger }: Pick<DeploymentContext, 'options' | 'ledger'>, resource: Named): string {
  if (resource.parent !== '' && !ledger.urns.has(resource.parent)) {
    throw new Error(`could not find parent resource ${resource.parent}`);
  }
  return makeUrn({ ...resource, stack: options.stack, project: options.project });
}

/** The URN of a new registration; one URN can be registered once. */
export function claimUrn(context: DeploymentContext, resource: Named): string {
  const urn = urnOf(context, { type: resource.type, name: resource.name, parent: resource.parent });
  if (context.ledger.urns.has(urn)) {
    throw context.reporter.fatal(urn, `Duplicate resource URN '${urn}'; try giving it a unique name`);
  }
  context.ledger.urns.add(urn);
  return urn;
}
