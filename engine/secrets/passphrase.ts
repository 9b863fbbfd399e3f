import { createCipheriv, createDecipheriv, createHash, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { userError } from '../../foundation/errors.ts';
import type { SecretsManager } from './secrets-manager.ts';

/** The official parameters (sdk/go/common/resource/config/crypt.go): PBKDF2 with HMAC-SHA-256, AES-256-GCM. */
const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const SALT_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Encrypted in the salt text, so that a wrong passphrase is found out. */
const CHECK_WORD = 'pulumi';

const derive = promisify(pbkdf2);

/** Derived keys, in memory only: a derivation takes a tenth of a second. Named by a hash, so that no passphrase is kept. */
const keys = new Map<string, Promise<Buffer>>();

function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  const name = createHash('sha256').update(salt).update(passphrase).digest('hex');
  const known = keys.get(name) ?? derive(passphrase, salt, ITERATIONS, KEY_BYTES, 'sha256');
  keys.set(name, known);
  return known;
}

/** Forgets every derived key of this process. */
export function forgetKeys(): void {
  keys.clear();
}

/** `v1:<nonce>:<ciphertext and tag>`, base64. */
function encryptWith(key: Buffer, plaintext: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString('base64')}:${sealed.toString('base64')}`;
}

function decryptWith(key: Buffer, text: string): string {
  const [version, nonce = '', sealed = ''] = text.split(':');
  if (version !== 'v1') throw new Error('the value is not encrypted in a form that this engine knows');
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
}

function manager(key: Buffer, salt: string): SecretsManager {
  return {
    type: 'passphrase',
    state: { salt },
    encrypt: (plaintext) => encryptWith(key, plaintext),
    decrypt(ciphertext) {
      try {
        return decryptWith(key, ciphertext);
      } catch (cause) {
        throw userError(
          'Cannot decrypt a value as it was not encrypted with this stack’s passphrase and salt. Set the secret again.',
          { cause },
        );
      }
    },
  };
}

const saltForm = /^v1:([A-Za-z0-9+/=]+):(v1:.*)$/;

/** Whether a text has the form of an `encryptionsalt`. */
export function isSalt(text: string): boolean {
  return saltForm.test(text);
}

/** The manager of a stack that has a salt. Throws a user error "incorrect passphrase" if the passphrase is not the stack's. */
export async function openPassphraseManager(passphrase: string, salt: string): Promise<SecretsManager> {
  const match = saltForm.exec(salt);
  if (!match)
    throw userError(
      'Cannot read the salt of the secrets as it is malformed. Restore the state from its backup, or the stack file from its history.',
    );
  const key = await keyOf(passphrase, Buffer.from(match[1]!, 'base64'));
  if (!opens(key, match[2]!)) {
    throw userError(
      'incorrect passphrase: Cannot open the stack’s secrets. Set PULUMI_CONFIG_PASSPHRASE to the passphrase that the stack was made with.',
    );
  }
  return manager(key, salt);
}

function opens(key: Buffer, check: string): boolean {
  try {
    return decryptWith(key, check) === CHECK_WORD;
  } catch {
    return false;
  }
}

/** A manager with a salt of its own, for a stack that has none. Its `state.salt` goes into the stack file. */
export async function newPassphraseManager(passphrase: string): Promise<SecretsManager> {
  const salt = randomBytes(SALT_BYTES);
  const key = await keyOf(passphrase, salt);
  return manager(key, `v1:${salt.toString('base64')}:${encryptWith(key, CHECK_WORD)}`);
}
