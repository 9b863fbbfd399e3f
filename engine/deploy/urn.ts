/** The type of the resource that stands for the stack itself. */
export const rootStackType = 'pulumi:pulumi:Stack';

export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  /** Types of the parents and of the resource itself, joined with `$`. */
  readonly qualifiedType: string;
  readonly type: string;
  readonly name: string;
}

/** Splits `urn:pulumi:<stack>::<project>::<qualified type>::<name>`. The name may hold `::`. Throws on anything else. */
export function parseUrn(urn: string): UrnParts {
  const parts = urn.split('::');
  const [head, project, qualifiedType] = parts;
  if (!head?.startsWith('urn:pulumi:') || project === undefined || qualifiedType === undefined || parts.length < 4) {
    throw new Error(`"${urn}" is not a URN`);
  }
  return {
    stack: head.slice('urn:pulumi:'.length),
    project,
    qualifiedType,
    type: qualifiedType.slice(qualifiedType.lastIndexOf('$') + 1),
    name: parts.slice(3).join('::'),
  };
}

/** The URN of a resource (facts 3.1): the parent's types come first unless the parent is absent or the root stack. */
export function makeUrn(resource: {
  readonly stack: string;
  readonly project: string;
  readonly parent: string;
  readonly type: string;
  readonly name: string;
}): string {
  const { stack, project, type, name } = resource;
  const parentType = resource.parent === '' ? '' : parseUrn(resource.parent).qualifiedType;
  const prefix = parentType === '' || parentType === rootStackType ? '' : `${parentType}$`;
  return `urn:pulumi:${stack}::${project}::${prefix}${type}::${name}`;
}

export function urnName(urn: string): string {
  return parseUrn(urn).name;
}

/** Whether `urn` is that of the root stack resource. */
export function isRootStack(urn: string): boolean {
  return urn !== '' && parseUrn(urn).qualifiedType === rootStackType;
}

const providerPrefix = 'pulumi:providers:';

export function isProviderType(type: string): boolean {
  return type.startsWith(providerPrefix);
}

/** Default providers are made by the engine, not by the program; their steps are not counted (facts 1.5). */
export function isDefaultProvider(urn: string): boolean {
  const { type, name } = parseUrn(urn);
  return isProviderType(type) && name.startsWith('default');
}
