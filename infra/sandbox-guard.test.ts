import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { sandboxProblem } from './sandbox-guard';

const SANDBOX = join(__dirname, '../providers/sandbox/bin');
const real = mkdtempSync(join(tmpdir(), 'mainstay-plugins-'));
writeFileSync(join(real, 'pulumi-resource-aws'), '');
after(() => rmSync(real, { recursive: true }));

/** A project that names no plugins. */
const NOWHERE = real;

const path = (...folders: readonly string[]) => ({ PATH: folders.join(delimiter) });

describe('a stack that asks for the sandbox', () => {
  it('runs on the engine that knows it, and on any other where the sandbox is found first', () => {
    assert.equal(sandboxProblem(true, { MAINSTAY_ENGINE: 'embedded' }, NOWHERE), undefined);
    assert.equal(sandboxProblem(true, path(SANDBOX, real), NOWHERE), undefined);
    assert.equal(sandboxProblem(['aws'], path('/nowhere', SANDBOX), NOWHERE), undefined);
  });

  it('does not run where it would touch what is real, and says what to do', () => {
    assert.match(sandboxProblem(true, path(real, SANDBOX), NOWHERE)!, /: aws would be real\. Name \S+ in Pulumi\.yaml/);
    assert.match(sandboxProblem(true, {}, NOWHERE)!, /: aws and kubernetes would be real/);
    assert.match(sandboxProblem(['kubernetes'], path(real), NOWHERE)!, /: kubernetes would be real/);
  });

  it('runs where Pulumi.yaml gives the sandbox, whatever is on the PATH', () => {
    assert.equal(sandboxProblem(true, path(real), join(__dirname, '..')), undefined);
  });

  it('is not asked about where a stack is real', () => {
    assert.equal(sandboxProblem(false, path(real), NOWHERE), undefined);
  });
});
