import { messageOf } from '../../foundation/errors.ts';
import type { PropertyMap, PropertyValue } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { type Backend, type SecretsManagerOpener, type StackIdentity, StackNotFound } from '../state/backend.ts';

/** What programs may read of other stacks. */
export interface StackOutputsReader {
  /**
   * The outputs of a stack by its name in any of the three forms. Empty if it was never updated. With a `decryptionError` secrets
   * that could not be decrypted are empty objects. Rejects with a `ProviderError` where there is no such stack.
   */
  outputs(name: string): Promise<{ readonly outputs: PropertyMap; readonly decryptionError?: string }>;
  /** `{ <urn>: { type, outputs } }` of every resource that is not about to be deleted. */
  resources(name: string): Promise<PropertyMap>;
}

export interface StackOutputsOptions {
  readonly backend: Pick<Backend, 'readSnapshot'>;
  readonly openSecrets: SecretsManagerOpener;
  /** The project of stack names that name none. */
  readonly project: string;
  /** The resources that a preview proposes for a stack, in the place of those in its state. Default: none are proposed. */
  readonly proposed?: ((stack: StackIdentity) => readonly ResourceState[] | undefined) | undefined;
}

const rootStackType = 'pulumi:pulumi:Stack';

/** Reads other stacks of the same backend (backendClient in pkg/backend/backend.go). */
export function createStackOutputsReader(options: StackOutputsOptions): StackOutputsReader {
  return {
    async outputs(name) {
      let decryptionError: string | undefined;
      const open: SecretsManagerOpener = async (type, state) =>
        elidingSecrets(await options.openSecrets(type, state), (error) => {
          decryptionError = messageOf(error);
        });
      const resources = await readResources(name, open, options);
      const root = resources.find(({ type, delete: dying }) => type === rootStackType && !dying);
      return { outputs: root?.outputs ?? {}, decryptionError };
    },
    async resources(name) {
      const resources = await readResources(name, options.openSecrets, options);
      const outputs: Record<string, PropertyValue> = {};
      for (const resource of resources) {
        if (!resource.delete) outputs[resource.urn] = { type: resource.type, outputs: resource.outputs };
      }
      return outputs;
    },
  };
}

async function readResources(
  name: string,
  open: SecretsManagerOpener,
  options: StackOutputsOptions,
): Promise<readonly ResourceState[]> {
  const stack = parseStackName(name, options.project);
  const proposed = options.proposed?.(stack);
  if (proposed) return proposed;
  try {
    return (await options.backend.readSnapshot(stack, open)).resources;
  } catch (error) {
    if (error instanceof StackNotFound) throw new ProviderError(`unknown stack "${name}"`, { cause: error });
    throw new ProviderError(`Cannot read the stack ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** Values that cannot be decrypted become empty objects (errorCatchingSecretsManager in pkg/backend/secrets.go). */
function elidingSecrets(manager: SecretsManager, onError: (error: unknown) => void): SecretsManager {
  return {
    type: manager.type,
    state: manager.state,
    encrypt: (plaintext) => manager.encrypt(plaintext),
    decrypt(ciphertext) {
      try {
        return manager.decrypt(ciphertext);
      } catch (error) {
        onError(error);
        return '{}';
      }
    },
  };
}

/**
 * `<stack>`, `organization/<stack>` or `organization/<project>/<stack>` (pkg/backend/diy/store.go, ParseReference). Throws a
 * `ProviderError` for anything else.
 */
export function parseStackName(name: string, project: string): StackIdentity {
  const parts = name.split('/');
  const stack = parts.at(-1);
  if (name === '' || stack === undefined || stack === '') throw new ProviderError('stack name must not be empty');
  if (parts.length > 3) {
    throw new ProviderError(
      `Cannot read another stack as its name has too many parts: "${name}". Write organization/project/stack.`,
    );
  }
  if (parts.length > 1 && parts[0] !== 'organization') {
    throw new ProviderError(
      `Cannot read the stack ${name} as organization name must be 'organization': "${parts[0]}".`,
    );
  }
  return { project: parts.length === 3 ? parts[1]! : project, stack };
}
