import { redactor } from '../../foundation/redact.ts';
import { existingSecrets, type OpenStack, openStack } from '../operations/open-stack.ts';
import { type ConfigData, isSecure } from '../project/stack-file.ts';
import { checkSecretsProvider } from '../secrets/open-secrets-manager.ts';
import { newPassphraseManager, openPassphraseManager } from '../secrets/passphrase.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { encodeDeployment } from '../state/checkpoint.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import { stackFlag } from './shared-flags.ts';

/** Encrypts everything of a stack anew, under a passphrase that comes on standard input. The old one comes from the environment, as ever. */
export const stackChangeSecretsProvider: Command = {
  name: 'change-secrets-provider',
  summary: 'Change the passphrase of a stack: the new one is read from standard input',
  usage: '<passphrase>',
  arguments: { minimum: 1, maximum: 1 },
  flags: [stackFlag],
  async run(context, [provider = ''], flags) {
    checkSecretsProvider(provider);
    const passphrase = await newPassphrase(context);
    const stack = underEither(await openStack(context, { name: flags.text('stack') }), passphrase);
    const manager = await newPassphraseManager(passphrase);
    const lock = await stack.backend.lock(stack.identity);
    try {
      await encryptAnew(stack, manager);
    } finally {
      await lock.release();
    }
    context.terminal.write(
      `The secrets of stack '${stack.identity.stack}' are encrypted anew. Set PULUMI_CONFIG_PASSPHRASE to the new passphrase.\n`,
    );
    return undefined;
  },
};

/** Never asked for on a terminal, where it would be seen. */
async function newPassphrase(context: CommandContext): Promise<string> {
  const passphrase = (await context.terminal.readInput()).replace(/\r?\n$/, '');
  if (passphrase === '')
    throw new CommandFailure(
      'Cannot change the passphrase as there is none on standard input. Pipe the new one in: `pulumi stack change-secrets-provider passphrase < file`.',
      exitCodes.configuration,
    );
  redactor.add(passphrase);
  return passphrase;
}

/**
 * State and stack file are written one after the other. After a kill in between one is under the new passphrase, the other under the old
 * one: the same command given again reads both, and finishes.
 */
function underEither(stack: OpenStack, passphrase: string): OpenStack {
  return {
    ...stack,
    async openSecrets(type, state) {
      try {
        return await stack.openSecrets(type, state);
      } catch (error) {
        if (type !== 'passphrase' || typeof state.salt !== 'string') throw error;
        return await openPassphraseManager(passphrase, state.salt).catch(() => {
          throw error;
        });
      }
    },
  };
}

/** Everything is decrypted before anything is written, so that a wrong passphrase changes nothing. */
async function encryptAnew(stack: OpenStack, manager: SecretsManager): Promise<void> {
  const snapshot = await stack.backend.readSnapshot(stack.identity, stack.openSecrets);
  const old = await existingSecrets(stack);
  const config = [...stack.file.config()].map(([key, data]) => [key, reencrypted(data, old, manager)] as const);
  const deployment = encodeDeployment({ ...snapshot, secretsManager: manager });
  await stack.backend.importDeployment(stack.identity, deployment, { force: false });
  for (const [key, data] of config) stack.file.setConfig(key, data);
  stack.file.setText('secretsprovider', undefined);
  stack.file.setText('encryptionsalt', String(manager.state.salt));
  await stack.file.save();
}

function reencrypted(data: ConfigData, old: SecretsManager | undefined, manager: SecretsManager): ConfigData {
  if (isSecure(data)) {
    if (!old)
      throw new CommandFailure(
        'Cannot decrypt the settings of the stack as its file names no encryptionsalt. Restore it.',
      );
    return { secure: manager.encrypt(old.decrypt(data.secure)) };
  }
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map((part: ConfigData) => reencrypted(part, old, manager));
  return Object.fromEntries(
    Object.entries(data).map(([key, part]) => [key, reencrypted(part as ConfigData, old, manager)]),
  );
}
