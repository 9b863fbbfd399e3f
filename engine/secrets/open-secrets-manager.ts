import { readFile } from 'node:fs/promises';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { type SourcePlace, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { newPassphraseManager, openPassphraseManager } from './passphrase.ts';
import type { SecretsManager } from './secrets-manager.ts';

/** Makes the manager that a state or a stack file names. Only `passphrase` is served; any other is a user error that names it. */
export async function openSecretsManager(
  type: string,
  state: Readonly<Record<string, unknown>>,
  environment: Environment,
): Promise<SecretsManager> {
  if (type !== 'passphrase') throw unsupported(type);
  if (typeof state.salt !== 'string')
    throw userError('Cannot open the secrets of the state as it names no salt. Restore the state from its backup.');
  return openPassphraseManager(await readPassphrase(environment), state.salt);
}

/** A new manager for `secretsProvider` (`passphrase`, `default` or '' for the default, which is the passphrase on these backends). */
export async function createSecretsManager(secretsProvider: string, environment: Environment): Promise<SecretsManager> {
  if (!['', 'default', 'passphrase'].includes(secretsProvider)) throw unsupported(secretsProvider);
  return newPassphraseManager(await readPassphrase(environment));
}

/** Refuses a stack file's `secretsprovider` that is not served, before anything is done. */
export function checkSecretsProvider(secretsProvider: string | undefined, place?: SourcePlace): void {
  if (secretsProvider !== undefined && !['', 'default', 'passphrase'].includes(secretsProvider))
    throw unsupported(secretsProvider, place);
}

function unsupported(type: string, place?: SourcePlace): Error {
  return userError(
    `Cannot use the secrets provider ${JSON.stringify(type)} as the embedded engine has only "passphrase". Use the official pulumi CLI for this stack, ` +
      'or change it there with `pulumi stack change-secrets-provider passphrase`.',
    place && { place },
  );
}

/** From PULUMI_CONFIG_PASSPHRASE (which may be empty) or the file PULUMI_CONFIG_PASSPHRASE_FILE. The redactor learns it. */
export async function readPassphrase(environment: Environment): Promise<string> {
  const given = environment.PULUMI_CONFIG_PASSPHRASE;
  const file = new EnvironmentReader(environment).text('PULUMI_CONFIG_PASSPHRASE_FILE');
  if (given === undefined && file === undefined) {
    throw userError(
      'passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables',
    );
  }
  const passphrase = given !== undefined ? given : await readPassphraseFile(file!);
  // A short one is a common word, and nobody prints it: masking it would only spoil names that hold it.
  if (passphrase.length >= 8) redactor.add(passphrase);
  return passphrase;
}

async function readPassphraseFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw userError(
      `Cannot read the passphrase file: ${(cause as Error).message}. Correct PULUMI_CONFIG_PASSPHRASE_FILE.`,
      { place: { file }, cause },
    );
  }
}
