import { z } from 'zod';
import { settingsSchema } from './settings-schema';

/** A JSON schema, as far as this folder looks into one. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  /** Ours: the value is encrypted in the file. */
  readonly encrypted?: boolean;
}

/** The settings as JSON schema, encrypted values as the file has them (`secure: ...`). */
export function settingsJsonSchema(): JsonSchema {
  return z.toJSONSchema(settingsSchema, {
    io: 'input',
    override({ jsonSchema }) {
      if (jsonSchema.encrypted !== true) return;
      jsonSchema.type = 'object';
      jsonSchema.properties = { secure: { type: 'string' } };
      jsonSchema.required = ['secure'];
      jsonSchema.additionalProperties = false;
    },
  }) as JsonSchema;
}

/** The JSON schema of a whole `Pulumi.<stack>.yaml`, for editors. Keys of other namespaces (`aws:region`) may hold anything. */
export function stackFileJsonSchema(): Record<string, unknown> {
  const settings = settingsJsonSchema();
  const own = Object.entries(settings.properties ?? {}).map(([key, schema]) => [`mainstay:${key}`, asTopLevel(schema)]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: "An environment's settings: stacks/Pulumi.<stack>.yaml",
    type: 'object',
    properties: {
      config: {
        type: 'object',
        properties: Object.fromEntries(own),
        patternProperties: { '^(?!mainstay:)[\\w-]+:.+$': {} },
        additionalProperties: false,
      },
      encryptionsalt: { type: 'string', description: 'Written by Pulumi.' },
      secretsprovider: { type: 'string' },
      encryptedkey: { type: 'string', description: 'Written by Pulumi.' },
      environment: {},
    },
    additionalProperties: false,
  };
}

/** `pulumi config set` puts quotes around top-level truth values; both are the same to Pulumi. */
function asTopLevel(schema: JsonSchema): JsonSchema {
  if (schema.anyOf) return { ...schema, anyOf: schema.anyOf.map(asTopLevel) };
  if (schema.type !== 'boolean') return schema;
  const { type: _, ...others } = schema;
  return { ...others, enum: [true, false, 'true', 'false'] };
}
