import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandResultOf } from './command-result.ts';

test('the error of a failed command shows its command line without secrets', () => {
  const shown = (...args: readonly string[]) => {
    try {
      commandResultOf({ args, code: 1, stdout: '', stderr: '' });
    } catch (error) {
      return /: (pulumi .*)$/m.exec((error as Error).message)![1];
    }
    return undefined;
  };
  assert.equal(
    shown('config', 'set', 'key', '--stack', 'dev', '--secret', '--non-interactive', '--', '-x1'),
    'pulumi config set key --stack dev --secret --non-interactive -- "[secret]"',
  );
  assert.equal(shown('config', 'set', 'key', 'abc', '--secret'), 'pulumi config set key "[secret]" --secret');
  assert.equal(shown('config', 'set', 'key', 'abc', '--plaintext'), 'pulumi config set key abc --plaintext');
  assert.equal(
    shown('config', 'set-all', '--secret', 'k=v', '--plaintext', 'a=b', '--secret=c=d', '--json', '{}'),
    'pulumi config set-all --secret "[secret]" --plaintext "a=b" "--secret=[secret]" --json "[secret]"',
  );
  assert.equal(
    shown('plugin', 'install', 'resource', 'a', '1.0.0', '--server', 'https://me:word@mirror/x'),
    'pulumi plugin install resource a 1.0.0 --server "https://me:[secret]@mirror/x"',
  );
});
