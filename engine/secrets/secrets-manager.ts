/**
 * Encrypts and decrypts texts under one key. `state` is what the checkpoint and the stack file keep so that the manager can be
 * made again (for the passphrase provider: the salt). Made by `openSecretsManager`.
 */
export interface SecretsManager {
  /** `passphrase`, ... as in `secrets_providers.type`. */
  readonly type: string;
  readonly state: Readonly<Record<string, unknown>>;
  encrypt(plaintext: string): string;
  /** Throws a user error where the text was not encrypted under this key. */
  decrypt(ciphertext: string): string;
}
