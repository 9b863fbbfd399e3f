import { isMainstayError, messageOf, userError } from '../../foundation/errors.ts';
import type { RawDeployment, SecretsManagerOpener } from './backend.ts';
import { decodeDeployment, featuresOf, magicOf, refuseUnknownParts } from './checkpoint.ts';
import { checkDeploymentShape } from './deployment-shape.ts';
import { checkIntegrity, IntegrityError } from './integrity.ts';
import type { JsonObject } from './property-json.ts';

/** A deployment as a person edits it: the part that `pulumi stack export` has under `deployment`, secrets encrypted. */
export function editableText(raw: RawDeployment): string {
  return `${JSON.stringify(raw.deployment, undefined, 4)}\n`;
}

/**
 * The deployment that a person has made of `editableText`: readable as a state, complete, and only with what this engine knows. Throws a user error with the
 * first fault. `stack` is the name that its URNs have to be of.
 */
export async function editedDeployment(
  text: string,
  { open, stack }: { readonly open: SecretsManagerOpener; readonly stack: string },
): Promise<RawDeployment> {
  const deployment = parsed(text);
  const untyped: RawDeployment = { version: 3, deployment };
  asUserError(() => checkDeploymentShape(untyped));
  checkManifest(deployment);
  const snapshot = await decodeDeployment(untyped, open);
  refuseUnknownParts(snapshot, 'the edited state');
  asUserError(() => checkIntegrity(snapshot.resources));
  const foreign = snapshot.resources.find(({ urn }) => !urn.startsWith(`urn:pulumi:${stack}::`));
  if (foreign)
    throw userError(`Cannot use the edited state as a resource belongs to another stack: ${foreign.urn}. Correct it.`);
  const features = featuresOf(snapshot.resources);
  return features.length > 0 ? { version: 4, features, deployment } : untyped;
}

function parsed(text: string): JsonObject {
  try {
    const json = JSON.parse(text) as unknown;
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
  } catch (cause) {
    throw userError(`Cannot use the edited state as it is not JSON: ${messageOf(cause)}. Correct it.`, { cause });
  }
  throw userError('Cannot use the edited state as it is not an object. Correct it.');
}

/** The check word that guards against what no Pulumi has written. */
function checkManifest(deployment: JsonObject): void {
  const { version, magic } = deployment.manifest as { readonly version: string; readonly magic: string };
  // A stack that was never updated, and states of old, have none.
  if (magic !== '' && magic !== magicOf(version))
    throw userError(`Cannot use the edited state as its manifest was changed: ${version}. Leave manifest as it was.`);
}

function asUserError(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (isMainstayError(error) || !(error instanceof IntegrityError)) throw error;
    throw userError(`Cannot use the edited state as it cannot be right: ${error.message}. Correct it.`, {
      cause: error,
    });
  }
}
