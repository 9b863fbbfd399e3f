import type { z } from 'zod';

/** The schema behind wrappers: optional, default, refinements. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  const definition = schema.def as unknown as { readonly innerType?: z.ZodType };
  return definition.innerType ? unwrapped(definition.innerType) : schema;
}

/** The schemas of the members that may stand at `path`, of every branch of a union. */
export function schemasAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly z.ZodType[] {
  const inner = unwrapped(schema);
  const definition = inner.def as unknown as {
    readonly type: string;
    readonly options?: readonly z.ZodType[];
    readonly shape?: Readonly<Record<string, z.ZodType>>;
    readonly valueType?: z.ZodType;
    readonly element?: z.ZodType;
  };
  if (definition.type === 'union') return (definition.options ?? []).flatMap((option) => schemasAt(option, path));
  const [first, ...rest] = path;
  if (first === undefined) return [inner];
  const shape = definition.shape ?? {};
  // Own members only: a file may have a key `valueOf`.
  const member = Object.hasOwn(shape, String(first)) ? shape[String(first)] : undefined;
  const next = member ?? definition.valueType ?? definition.element;
  return next ? schemasAt(next, rest) : [];
}

/** The keys that may stand below `path`. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const shapes = schemasAt(schema, path).map(
    (found) => (found.def as unknown as { readonly shape?: Readonly<Record<string, unknown>> }).shape ?? {},
  );
  return [...new Set(shapes.flatMap((shape) => Object.keys(shape)))];
}

/** The values that may stand at `path`, where the schema lists them. */
export function valuesAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const values = schemasAt(schema, path).flatMap((found) => {
    const definition = found.def as unknown as {
      readonly values?: readonly unknown[];
      readonly entries?: Readonly<Record<string, unknown>>;
    };
    return definition.values ?? Object.values(definition.entries ?? {});
  });
  return [...new Set(values.map(String))];
}

/** Whether values at `path` are encrypted in the file. */
export function isEncryptedAt(schema: z.ZodType, path: readonly PropertyKey[]): boolean {
  return schemasAt(schema, path).some((found) => found.meta()?.encrypted === true);
}
