import { createHash } from 'node:crypto';
import { isMainstayError, messageOf, userError } from '../../foundation/errors.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import type { RawDeployment, SecretsManagerOpener } from './backend.ts';
import type { Json, JsonObject, SecretWriter } from './property-json.ts';
import { resourceFromJson, resourceToJson, unknownFieldsIn } from './resource-json.ts';
import type { PendingOperation, PendingOperationKind, Snapshot } from './snapshot.ts';

/** The version that we sign states with: the level of the engine (engine/version.ts has the reason). */
const WRITER_VERSION = 'v3.260.0';

/** Features of version 4 states that we keep and act on. Any other is refused: acting without it could destroy something. */
const KNOWN_FEATURES = new Set(['refreshBeforeUpdate', 'hooks', 'taint', 'replaceWith']);

/** Parts of a deployment that are ours; the others are kept as they are. */
const OWN_KEYS = new Set(['manifest', 'secrets_providers', 'resources', 'pending_operations']);

/**
 * Reads a checkpoint file's text (sdk/go/common/apitype/core.go): versions 1 to 4, older ones brought up to 3. `file` is only for messages.
 * Throws a user error for anything that is not a state or that holds what this engine does not know.
 */
export function parseCheckpoint(text: string, file: string): RawDeployment {
  const json = parseJson(text, file);
  const version = typeof json.version === 'number' ? json.version : 1;
  if (version > 4 || version < 1) throw refuse(file, `is written in version ${version}`);
  const features = (json.features ?? []) as readonly string[];
  refuseUnknownFeatures(features, file);
  const checkpoint = (version < 3 && json.checkpoint === undefined ? json : json.checkpoint) as JsonObject | undefined;
  const latest = (checkpoint?.latest ?? {}) as JsonObject;
  return { version: Math.max(3, version), features, deployment: version < 3 ? migrated(latest) : latest };
}

function parseJson(text: string, file: string): JsonObject {
  try {
    const json = JSON.parse(text) as Json;
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
    throw new Error('it is not an object');
  } catch (error) {
    throw userError(
      `Cannot read the state as it is not a checkpoint: ${(error as Error).message}. Restore it from the file beside it that ends in .bak, or from .pulumi/backups.`,
      { place: { file }, cause: error },
    );
  }
}

/** Throws a user error that names the features of a state that this engine does not know. */
export function refuseUnknownFeatures(features: readonly string[], file: string): void {
  const unknown = features.filter((feature) => !KNOWN_FEATURES.has(feature));
  if (unknown.length > 0) throw refuse(file, `uses ${unknown.join(', ')}`);
}

/** What we keep and need not act on: parts of a deployment, fields of its resources. */
const KEPT = new Set(['metadata', 'snippets', 'extensions', 'snippetID', 'extensionRef']);

/** Throws a user error that names what a state holds that this engine does not know: it must not change what it may have misunderstood. */
export function refuseUnknownParts(
  { preserved, resources }: Pick<Snapshot, 'preserved' | 'resources'>,
  file: string,
): void {
  const names = new Set([...Object.keys(preserved), ...resources.flatMap(unknownFieldsIn)]);
  const unknown = [...names].filter((name) => !KEPT.has(name));
  if (unknown.length > 0) throw refuse(file, `holds ${unknown.join(', ')}`);
}

function refuse(file: string, why: string): Error {
  return userError(
    `Cannot use the state as it ${why}, which this engine does not know. Use the official pulumi CLI for this stack.`,
    { place: { file } },
  );
}

/** Versions 1 and 2 kept outputs that equal the inputs apart (pkg/resource/stack/checkpoint.go, migrations). */
function migrated(latest: JsonObject): JsonObject {
  const resources = ((latest.resources ?? []) as readonly JsonObject[]).map(({ defaults, ...resource }) => ({
    ...resource,
    custom: resource.custom === true || (resource.id !== undefined && resource.id !== ''),
    ...(typeof defaults === 'object' && {
      inputs: { ...(defaults as JsonObject), ...(resource.inputs as JsonObject) },
    }),
  }));
  return { ...latest, resources };
}

/** The snapshot in a deployment. Secrets are decrypted by the manager that the deployment itself names. */
export async function decodeDeployment(raw: RawDeployment, open: SecretsManagerOpener): Promise<Snapshot> {
  const { deployment } = raw;
  const provider = deployment.secrets_providers as
    | { readonly type?: string; readonly state?: Readonly<Record<string, unknown>> }
    | undefined;
  const secretsManager = provider?.type ? await open(provider.type, provider.state ?? {}) : undefined;
  const resources = listOf(deployment, 'resources').map((one, index) =>
    decodeResource(one, { place: `resources[${index}]`, secretsManager }),
  );
  const pending = listOf(deployment, 'pending_operations').map(
    ({ resource, type }, index): PendingOperation => ({
      kind: type as PendingOperationKind,
      resource: decodeResource(resource as JsonObject, { place: `pending_operations[${index}]`, secretsManager }),
    }),
  );
  const preserved = Object.fromEntries(Object.entries(deployment).filter(([key]) => !OWN_KEYS.has(key)));
  return { resources, pendingOperations: pending, secretsManager, preserved };
}

function listOf(deployment: RawDeployment['deployment'], key: string): readonly JsonObject[] {
  const list = deployment[key] ?? [];
  if (Array.isArray(list) && list.every((one) => typeof one === 'object' && one !== null)) return list;
  throw userError(
    `Cannot read the state as ${key} is not a list of objects. Restore the state from the file beside it that ends in .bak, or from .pulumi/backups.`,
  );
}

function decodeResource(
  json: JsonObject,
  { place, secretsManager }: { readonly place: string; readonly secretsManager: SecretsManager | undefined },
): ResourceState {
  try {
    return resourceFromJson(json, secretsManager);
  } catch (cause) {
    if (isMainstayError(cause))
      throw userError(
        `Cannot read the state at ${place}, ${String(json?.urn)}: ${cause.message} Or restore the state from the file beside it that ends in .bak.`,
        { cause },
      );
    throw userError(
      `Cannot read the state as ${messageOf(cause)}: ${place}, ${String(json?.urn)}. Restore the state from its backup, or use the official pulumi CLI for this stack.`,
      { cause },
    );
  }
}

/** What is written of a stack: its resources and what was under way. */
export interface DeploymentContent {
  readonly resources: readonly ResourceState[];
  readonly pendingOperations: readonly PendingOperation[];
  readonly secretsManager: SecretsManager | undefined;
  readonly preserved: Readonly<Record<string, unknown>>;
}

/** The official form of a deployment, version 4 only where a feature needs it. `showSecrets` writes secrets in the clear. */
export function encodeDeployment(
  content: DeploymentContent,
  options: { readonly showSecrets?: boolean } = {},
): RawDeployment {
  const { secretsManager, preserved } = content;
  const writer = writerOf(secretsManager, options.showSecrets === true);
  const resources = content.resources.map((state) => resourceToJson(state, writer));
  const pending = content.pendingOperations.map(({ kind, resource }) => ({
    resource: resourceToJson(resource, writer),
    type: kind,
  }));
  const { integrity_error: _, ...metadata } = (preserved.metadata ?? {}) as JsonObject;
  const deployment = {
    manifest: newManifest(),
    ...(secretsManager && { secrets_providers: { type: secretsManager.type, state: secretsManager.state } }),
    ...(resources.length > 0 && { resources }),
    ...(pending.length > 0 && { pending_operations: pending }),
    ...preserved,
    metadata,
  };
  const features = featuresOf(content.resources);
  return { version: features.length > 0 ? 4 : 3, ...(features.length > 0 && { features }), deployment };
}

function writerOf(manager: SecretsManager | undefined, showSecrets: boolean): SecretWriter | undefined {
  if (showSecrets) return { kind: 'plaintext' };
  return manager && { kind: 'encrypt', manager };
}

/** Time, writer and the check word: the hexadecimal SHA-256 of the writer's version. */
export function newManifest(): JsonObject {
  return { time: new Date().toISOString(), magic: magicOf(WRITER_VERSION), version: WRITER_VERSION };
}

export function magicOf(version: string): string {
  return createHash('sha256').update(version).digest('hex');
}

interface FeatureFields {
  readonly refreshBeforeUpdate?: boolean;
  readonly resourceHooks?: object;
  readonly taint?: boolean;
  readonly replaceWith?: readonly unknown[];
}

/** The features of version 4 that resources use, in memory or as the checkpoint holds them. Sorted. */
export function featuresOf(resources: readonly FeatureFields[]): string[] {
  const features = new Set<string>();
  for (const state of resources) {
    if (state.refreshBeforeUpdate) features.add('refreshBeforeUpdate');
    if (Object.keys(state.resourceHooks ?? {}).length > 0) features.add('hooks');
    if (state.taint) features.add('taint');
    if ((state.replaceWith?.length ?? 0) > 0) features.add('replaceWith');
  }
  return [...features].sort();
}

/** The checkpoint file's text for a deployment of `organization/<project>/<stack>`. Compact, as the official one. */
export function checkpointText(qualifiedName: string, raw: RawDeployment): string {
  const { version, features, deployment } = raw;
  return JSON.stringify({
    version,
    ...(features && features.length > 0 && { features }),
    checkpoint: { stack: qualifiedName, latest: deployment },
  });
}
