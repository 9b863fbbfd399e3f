import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../core/run.ts';
import { failureText, hindranceIn, lockHolders } from './engine-failure.ts';

test('takes what a person needs from what a command said', () => {
  const said =
    'code: -2\n stdout: \n stderr: Command failed with exit code 255: pulumi up\nPreviewing\nerror: no such region: atlantis\n  try another\n err?: Error: x\n';
  assert.equal(failureText(new Error(said)), 'no such region: atlantis\n  try another');
  assert.equal(failureText(new Error('plain')), 'plain');
});

test('reads who holds a lock from the words of both engines', () => {
  const error = new Error(
    'error: the stack is currently locked by 1 lock(s).\n  file:///x: created by root@vm (pid 4711) at 2026-11-21T06:00:00Z',
  );
  assert.deepEqual(lockHolders(error), [{ host: 'vm', pid: 4711 }]);
});

test('reads from the words of both engines what keeps a deletion from being carried out', () => {
  const outcomeOf = (message: string) =>
    ({ diagnostics: [{ severity: 'error', urn: '', message }], problem: undefined }) as unknown as Outcome;
  const urn = 'urn:pulumi:dev::p::t::vault';
  const ours = `resource "${urn}" cannot be deleted as it is protected. Remove the \`protect\` option`;
  const theirs = `resource "${urn}" cannot be deleted\nbecause it is protected. To unprotect the resource,`;
  for (const text of [ours, theirs])
    assert.deepEqual(hindranceIn(outcomeOf(text)), { kind: 'protected', resources: [urn] });
  const missing = 'Cannot manage resources of the package echo as no provider for it was found: echo.';
  assert.deepEqual(hindranceIn(outcomeOf(missing)), { kind: 'provider', package: 'echo' });
  assert.equal(hindranceIn(outcomeOf('no such region')), undefined);
});
