/** A type that Pulumi.yaml declares for a configuration value (sdk/go/common/workspace/project.go, `ProjectConfigType`). */
export interface ConfigType {
  readonly type: string;
  /** Of a list: the type of what is in it. */
  readonly items: ConfigType | undefined;
}

export const configTypeNames = ['string', 'integer', 'boolean', 'array', 'object'] as const;

/** Whether decrypted data is of the type. Scalars of stack files are texts: `5` and `"5"` are both text and integer. */
export function isOfType(data: unknown, { type, items }: ConfigType): boolean {
  const isObject = typeof data === 'object' && data !== null;
  switch (type) {
    case 'string':
      return data !== null && !isObject;
    case 'integer':
      return typeof data === 'number' ? Number.isInteger(data) : typeof data === 'string' && /^[+-]?\d+$/.test(data);
    case 'boolean':
      return typeof data === 'boolean' || data === 'true' || data === 'false';
    case 'object':
      return isObject && !Array.isArray(data);
    default:
      return Array.isArray(data) && items !== undefined && data.every((item) => isOfType(item, items));
  }
}

/** `array<array<string>>`. */
export function typeName({ type, items }: ConfigType): string {
  return items === undefined ? type : `${type}<${typeName(items)}>`;
}
