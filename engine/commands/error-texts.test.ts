import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CommandError,
  ConcurrentUpdateError,
  StackAlreadyExistsError,
  StackNotFoundError,
} from '@pulumi/pulumi/automation/index.js';
import { messageOf } from '../../foundation/errors.ts';
import { commandResultOf } from '../automation/command-result.ts';
import { StackNotFound } from '../state/backend.ts';
import { openBackend } from '../state/open-backend.ts';
import { errorLine, errorTexts } from './error-texts.ts';

function sdkErrorOf(stderr: string): unknown {
  try {
    return commandResultOf({ args: ['up'], code: 1, stdout: '', stderr: `${stderr}\n` });
  } catch (error) {
    return error;
  }
}

const cases = [
  { name: 'a stack that is not there', text: errorTexts.stackNotFound('dev'), error: StackNotFoundError },
  { name: 'a stack that exists', text: errorTexts.stackExists('organization/p/dev'), error: StackAlreadyExistsError },
  { name: 'a locked stack', text: errorTexts.locked(1), error: ConcurrentUpdateError },
];

for (const { name, text, error } of cases) {
  test(`the Automation API knows ${name} by its text`, () => {
    const thrown = sdkErrorOf(errorLine(new Error(text)));
    assert.ok(thrown instanceof error, String(thrown));
  });
}

test('any other failure is a plain command error with command, exit code and what was written', () => {
  const thrown = sdkErrorOf('error: something else');
  assert.ok(thrown instanceof CommandError);
  assert.equal(thrown.constructor, CommandError);
  assert.match(thrown.message, /Command failed with exit code 1: pulumi up\nerror: something else/);
});

test('the backend says the same words', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mainstay-texts-'));
  try {
    const backend = await openBackend(`file://${directory}`, { environment: {} });
    const stack = { project: 'p', stack: 'dev' };
    await backend.createStack(stack);
    await assert.rejects(backend.createStack(stack), { message: errorTexts.stackExists('organization/p/dev') });
    const lock = await backend.lock(stack);
    await assert.rejects(backend.lock(stack), (error) => messageOf(error).startsWith(errorTexts.locked(1)));
    await lock.release();
  } finally {
    await rm(directory, { recursive: true });
  }
  assert.equal(new StackNotFound('dev').message, errorTexts.stackNotFound('dev'));
});
