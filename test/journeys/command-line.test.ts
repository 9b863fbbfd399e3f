import assert from 'node:assert/strict';
import { type ExecFileException, execFile } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, type Estate, stackFile } from './estate.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A runner, and a person with a clone of its repository and the `mainstay` command. */
let estate: Estate;
let clone: string;

before(async () => {
  estate = await createEstate();
  // PostgreSQL runs as another user where we are root.
  chmodSync(estate.folder, 0o755);
  await estate.start();
  clone = join(estate.folder, 'clone');
  await git(estate.folder, 'clone', '--quiet', estate.repository, clone);
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
});

after(() => estate.close());

interface Finished {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function mainstay(...args: readonly string[]): Promise<Finished> {
  const env = {
    PATH: process.env.PATH,
    HOME: estate.folder,
    MAINSTAY_DATA: join(estate.folder, 'data'),
    MAINSTAY_ENGINE: 'embedded',
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase of the journey',
  };
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], { cwd: clone, env }, (error, output, errors) =>
      done({ code: codeOf(error), output, errors }),
    );
  });
}

function codeOf(error: ExecFileException | null): number {
  return typeof error?.code === 'number' ? error.code : error ? 1 : 0;
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, output, errors } = await mainstay(...args, '--json');
  assert.equal(code, 0, errors);
  return JSON.parse(output) as T;
}

test('prints on a laptop the digest that the runner puts under the change', async () => {
  const text = stackFile({ one: 'a', two: 'c', three: 'd' });
  writeFileSync(join(clone, 'stacks/Pulumi.dev.yaml'), text);
  const [local, ...others] = await json<{ stack: string; digest: string; steps: unknown[] }[]>('preview');
  assert.deepEqual(others, []);
  assert.equal(local!.stack, 'journey/dev');
  assert.equal(local!.steps.length, 2);
  const change = await estate.previewed('mine', await estate.push('mine', { 'stacks/Pulumi.dev.yaml': text }));
  assert.equal(change.runs[0]!.digest, local!.digest);
});

test('previews nothing where the folder is as the base branch', async () => {
  await git(clone, 'checkout', '--quiet', '.');
  const { code, output } = await mainstay('preview');
  assert.equal(code, 0);
  assert.match(output, /^Affects no stack/);
});

test('fails a preview of a broken program, with the place', async () => {
  writeFileSync(join(clone, 'infra/labels.ts'), "throw new Error('out of labels');\n");
  const { code, output } = await mainstay('preview', 'dev');
  await git(clone, 'checkout', '--quiet', '.');
  assert.equal(code, 1);
  assert.match(output, /journey\/dev.* failed/);
  assert.match(output, /out of labels[\s\S]*infra\/labels\.ts:1/);
});

test('says where the first settings of another repository come from', async () => {
  const other = join(estate.folder, 'other');
  mkdirSync(other);
  await git(other, 'init', '--quiet');
  writeFileSync(join(other, 'Pulumi.yaml'), 'name: other\nruntime: nodejs\n');
  writeFileSync(join(other, 'index.js'), '');
  writeFileSync(join(other, 'Pulumi.qa.yaml'), '');
  const written = await mainstay('init', other);
  assert.equal(written.code, 0, written.errors);
  assert.match(written.output, /Order of promotion: test \(other\/qa\)/);
  assert.equal((await mainstay('validate', other)).code, 0);
  const again = await mainstay('init', other);
  assert.equal(again.code, 1);
  assert.match(again.errors, /^mainstay\.yaml Cannot write settings as there are some already/);
});

test('has an exit code of its own for what is wrongly called, and for a runner that is not there', async () => {
  assert.equal((await mainstay('previw')).code, 2);
  assert.match((await mainstay('previw')).errors, /unknown command 'previw'.*\n.*Did you mean preview/);
  assert.equal((await mainstay('status')).code, 0);
});
