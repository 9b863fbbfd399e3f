import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMainstayError } from '../../foundation/errors.ts';
import { createSecretsManager, openSecretsManager } from './open-secrets-manager.ts';
import { newPassphraseManager, openPassphraseManager } from './passphrase.ts';

/** Written by the official CLI 3.260 with the passphrase `correct-horse`: `pulumi config set --secret token s3cret`. */
const officialSalt = 'v1:UvVZ5Tsut2Q=:v1:ir7Yka5nZi+hbOjq:xiYWbNtbqQI3//ZAHCiDq3SN7H+Vpw==';
const officialCiphertext = 'v1:a3nQhptBBceZviEP:WXgt/hmB26GWcVpk1yyBStdpZsAy3g==';

test('decrypts what the official CLI encrypted', async () => {
  const manager = await openPassphraseManager('correct-horse', officialSalt);
  assert.equal(manager.decrypt(officialCiphertext), 's3cret');
});

test('refuses a wrong passphrase by the official words', async () => {
  await assert.rejects(openPassphraseManager('wrong-horse', officialSalt), /incorrect passphrase/);
});

test('refuses a malformed salt', async () => {
  await assert.rejects(openPassphraseManager('x', 'v2:abc'), (error) => isMainstayError(error, 'user'));
});

test('opens again what it made, and never writes the same text twice for one value', async () => {
  const made = await newPassphraseManager('open sesame');
  const opened = await openPassphraseManager('open sesame', made.state.salt as string);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const [one, two] = [made.encrypt(text), made.encrypt(text)];
      assert.notEqual(one, two);
      assert.equal(opened.decrypt(one), text.toWellFormed());
    }),
    { numRuns: 50 },
  );
});

test('refuses a ciphertext that was changed', async () => {
  const manager = await newPassphraseManager('open sesame');
  const sealed = manager.encrypt('a-hidden-text');
  const bytes = Buffer.from(sealed.split(':')[2]!, 'base64');
  bytes[0]! ^= 1;
  const changed = [...sealed.split(':').slice(0, 2), bytes.toString('base64')].join(':');
  assert.throws(
    () => manager.decrypt(changed),
    (error) => isMainstayError(error, 'user') && !error.message.includes('a-hidden-text'),
  );
});

test('takes an empty passphrase for one, and a missing one for a mistake', async () => {
  const manager = await createSecretsManager('', { PULUMI_CONFIG_PASSPHRASE: '' });
  assert.equal(manager.decrypt(manager.encrypt('x')), 'x');
  await assert.rejects(createSecretsManager('passphrase', {}), /PULUMI_CONFIG_PASSPHRASE_FILE/);
});

test('names a secrets provider that it does not have', async () => {
  await assert.rejects(createSecretsManager('awskms://alias/x', {}), /awskms:\/\/alias\/x/);
  await assert.rejects(openSecretsManager('cloud', {}, {}), /"cloud"/);
});
