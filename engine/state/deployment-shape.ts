import { z } from 'zod';
import { secretSignature, signatureKey } from '../../protocol/signatures.ts';
import type { RawDeployment } from './backend.ts';
import { IntegrityError } from './integrity.ts';

/**
 * The form of a deployment as Pulumi's JSON schemas describe it (sdk/go/common/apitype/deployments.json, resources.json, property-values.json), with the fields that
 * the types beside them have gained since (core.go). Fields that it does not know are let through, as a newer CLI may have written them.
 */
const urn = z.string().startsWith('urn:pulumi:');
const urns = z.array(urn);
const texts = z.array(z.string());

const propertyValue: z.ZodType<unknown> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(propertyValue), z.record(z.string(), propertyValue)]),
);

const secret = z.union([
  z.strictObject({ [signatureKey]: z.string(), ciphertext: z.string().regex(/^v1:[^:]+:[^:]+$/) }),
  z.strictObject({ [signatureKey]: z.string(), plaintext: z.string() }),
]);

const resourceFields = {
  urn,
  custom: z.boolean(),
  type: z.string().min(1),
  delete: z.boolean().optional(),
  id: z.string().optional(),
  inputs: z.record(z.string(), propertyValue).optional(),
  outputs: z.record(z.string(), propertyValue).optional(),
  parent: urn.optional(),
  protect: z.boolean().optional(),
  taint: z.boolean().optional(),
  external: z.boolean().optional(),
  dependencies: urns.optional(),
  initErrors: texts.optional(),
  provider: z
    .string()
    .regex(/^urn:pulumi:.*::.*$/)
    .optional(),
  propertyDependencies: z.record(z.string(), urns.nullable()).optional(),
  pendingReplacement: z.boolean().optional(),
  additionalSecretOutputs: texts.optional(),
  aliases: urns.optional(),
  customTimeouts: z
    .record(z.enum(['create', 'update', 'delete', 'read']), z.number())
    .or(z.object({}))
    .optional(),
  importID: z.string().optional(),
  retainOnDelete: z.boolean().optional(),
  deletedWith: urn.optional(),
  replaceWith: urns.optional(),
  created: z.iso.datetime({ precision: undefined }).optional(),
  modified: z.iso.datetime({ precision: undefined }).optional(),
  sourcePosition: z.string().optional(),
  stackTrace: z.array(z.object({})).optional(),
  ignoreChanges: texts.optional(),
  hideDiff: texts.optional(),
  replaceOnChanges: texts.optional(),
  replacementTrigger: propertyValue.optional(),
  refreshBeforeUpdate: z.boolean().optional(),
  viewOf: urn.optional(),
  resourceHooks: z.record(z.string(), texts).optional(),
  extensionRef: z.string().optional(),
  snippetID: z.string().optional(),
};
const resource = z.looseObject(resourceFields);

const deployment = z.strictObject({
  manifest: z.strictObject({ time: z.string(), magic: z.string(), version: z.string() }),
  secrets_providers: z.strictObject({ type: z.string(), state: z.unknown() }).optional(),
  resources: z.array(resource).optional(),
  pending_operations: z
    .array(z.strictObject({ resource, type: z.enum(['creating', 'updating', 'deleting', 'reading', 'importing']) }))
    .optional(),
  metadata: z.object({}).optional(),
  snippets: z.array(z.unknown()).optional(),
  extensions: z.unknown().optional(),
});

/** Fields of resources that nobody described: there are none in a state that this engine made from nothing. */
export function unknownFieldsOf(raw: RawDeployment): readonly string[] {
  const resources = (raw.deployment.resources ?? []) as readonly object[];
  return [
    ...new Set(resources.flatMap((one) => Object.keys(one).filter((key) => !Object.hasOwn(resourceFields, key)))),
  ];
}

/** Throws an `IntegrityError` that names the place of the first fault in a deployment's form. */
export function checkDeploymentShape(raw: RawDeployment): void {
  const { error } = deployment.safeParse(raw.deployment);
  const [issue] = error?.issues ?? [];
  if (issue)
    throw new IntegrityError(`the deployment is not of the official form at ${issue.path.join('.')}: ${issue.message}`);
  checkSecrets(raw.deployment);
}

/** A secret mark holds a ciphertext, or the plaintext of an export that was asked for. */
function checkSecrets(json: unknown): void {
  if (typeof json !== 'object' || json === null) return;
  const signature = (json as Readonly<Record<string, unknown>>)[signatureKey];
  if (signature === secretSignature && !secret.safeParse(json).success)
    throw new IntegrityError('a secret is neither encrypted nor marked as plain');
  for (const part of Object.values(json)) checkSecrets(part);
}
