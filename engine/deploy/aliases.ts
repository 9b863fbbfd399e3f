import type { DeploymentContext } from './deployment-context.ts';
import type { Alias } from './goal.ts';
import type { ResourceState } from './resource-state.ts';
import { isRootStack, makeUrn, parseUrn, urnName } from './urn.ts';

/** The parts of a registration that its aliases are worked out from. */
export interface AliasedResource {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly parent: string;
  readonly aliases: readonly Alias[];
}

export interface AliasMatch {
  readonly old: ResourceState | undefined;
  /** The old URN, where it is not the resource's own; otherwise ''. */
  readonly alias: string;
  /** Two resources claim one old resource: reported, and the registration fails. */
  readonly conflict: boolean;
}

type Names = Pick<DeploymentContext, 'options' | 'ledger'>;

/** The URNs that a resource may have had, in the order in which they are tried (facts 3.1). */
export function formerUrns(names: Names, resource: AliasedResource): string[] {
  const own = resource.aliases.map((alias) => collapse(names, resource, alias));
  const parentAlias = names.ledger.formerUrn.get(resource.parent);
  if (resource.parent === '' || parentAlias === undefined) return [...new Set(own)];
  const inherit = (type: string, name: string): string => inheritedUrn(names, { ...resource, type, name }, parentAlias);
  const inherited = own.map((urn) => {
    const { type, name } = parseUrn(urn);
    return inherit(type, name);
  });
  return [...new Set([...own, inherit(resource.type, resource.name), ...inherited])];
}

/** Finds the old resource: by its own URN first, then by its aliases; the first hit counts. */
export function matchOldResource(context: DeploymentContext, resource: AliasedResource): AliasMatch {
  const { ledger, base, reporter } = context;
  const { urn } = resource;
  let conflict = false;
  const claimant = ledger.claimedBy.get(urn);
  if (claimant !== undefined) {
    conflict = true;
    reporter.error(urn, `Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${claimant}'`);
  }
  for (const candidate of [urn, ...formerUrns(context, resource)]) {
    const old = base.find(candidate);
    if (!old) continue;
    if (candidate === urn) return { old, alias: '', conflict };
    return { old, alias: candidate, conflict: claim(context, urn, candidate) || conflict };
  }
  return { old: undefined, alias: '', conflict };
}

/** True: somebody else has the old URN. */
function claim({ ledger, reporter }: DeploymentContext, urn: string, alias: string): boolean {
  const rivals = [ledger.urns.has(alias) ? urn : undefined, ledger.claimedBy.get(alias)];
  let conflict = false;
  for (const rival of rivals) {
    if (rival === undefined) continue;
    conflict = true;
    reporter.error(
      urn,
      `Duplicate resource alias '${alias}' applied to resource with URN '${urn}' conflicting with resource with URN '${rival}'`,
    );
  }
  ledger.claimedBy.set(alias, urn);
  ledger.formerUrn.set(urn, alias);
  return conflict;
}

function collapse({ options, ledger }: Names, resource: AliasedResource, alias: Alias): string {
  if ('urn' in alias) return alias.urn;
  const given = alias.parentUrn ?? '';
  const parent = given === '' ? resource.parent : (ledger.formerUrn.get(given) ?? given);
  return makeUrn({
    name: alias.name || resource.name,
    type: alias.type || resource.type,
    parent: alias.noParent || isRootStack(parent) ? '' : parent,
    project: alias.project || options.project,
    stack: alias.stack || options.stack,
  });
}

/**
 * The URN that a child had under its parent's old one. A name that starts with the parent's is taken to be made from it, so the
 * parent's old name takes that place.
 */
function inheritedUrn({ options }: Names, child: AliasedResource, parentAlias: string): string {
  const { type, name } = child;
  const parentName = urnName(child.parent);
  return makeUrn({
    stack: options.stack,
    project: options.project,
    parent: parentAlias,
    type,
    name: name.startsWith(parentName) ? urnName(parentAlias) + name.slice(parentName.length) : name,
  });
}
