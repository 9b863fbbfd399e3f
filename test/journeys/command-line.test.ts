import assert from 'node:assert/strict';
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
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
  return mainstayWith({}, ...args);
}

function mainstayWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Finished> {
  const env = {
    PATH: process.env.PATH,
    HOME: estate.folder,
    MAINSTAY_DATA: join(estate.folder, 'data'),
    MAINSTAY_ENGINE: 'embedded',
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase of the journey',
    ...environment,
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

test('says where every stack is, and exits with 3 while one is not there', async () => {
  const status = await mainstay('status');
  assert.equal(status.code, 0, status.errors);
  assert.match(status.output, /^estate {2}main is [0-9a-f]{8}\n {2}dev +journey\/dev +aligned \(sandbox\)/);
  assert.match(
    status.output,
    /journey\/dev +aligned \(sandbox\) +[0-9a-f]{8} +healthy +(no drift|drift unknown) +succeeded: /,
  );
  const one = await json<{ id: string; alignment: string }>('status', 'dev');
  assert.deepEqual([one.id, one.alignment], ['journey/dev', 'aligned']);
  const wrong = await mainstay('status', 'deev');
  assert.equal(wrong.code, 1);
  assert.match(wrong.errors, /no stack of that name: deev\. Did you mean dev\?/);
});

test('says why a stack is touched, property by property, and what happened in a run', async () => {
  const why = await mainstay('why', 'journey/dev');
  assert.match(why.output, /last update u-[0-9a-f]+ succeeded: /);
  assert.match(why.output, /change estate\/mine: Deletes or replaces resources in journey\/dev\./);
  const diff = await mainstay('diff', 'mine');
  assert.match(diff.output, /± kubernetes:core\/v1:ConfigMap two .*\n {6}data\.value: b → c/);
  const [run] = await json<{ id: string; state: string }[]>('runs', '--stack', 'dev', '--kind', 'update');
  const logs = await mainstay('logs', run!.id);
  assert.equal(logs.code, 0, logs.errors);
  assert.match(logs.output, /^\d\d:\d\d:\d\d {2}.*running/);
  assert.match(logs.output, /create kubernetes:core\/v1:ConfigMap one done/);
  const followed = await mainstay('logs', '--follow', run!.id, '--json');
  assert.equal(followed.code, 0, 'a run that has ended is followed to its end');
  const events = followed.output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { number: number });
  assert.deepEqual(
    events.map(({ number }) => number),
    [...events.keys()].map((index) => index + 1),
  );
});

test('gives a script a token that can read and not decide', async () => {
  const { url } = JSON.parse(readFileSync(join(estate.folder, 'data', 'runner.json'), 'utf8')) as { url: string };
  // The first account is made by whoever opens the one-time link; tokens are its.
  const link = new URL((await mainstay('sign-in')).output.trim());
  assert.equal(link.origin, url);
  const signedIn = await fetch(new URL('/api/session', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ link: link.hash.slice(1), name: 'Ada' }),
  });
  assert.equal(signedIn.status, 201);
  const { output: token, errors } = await mainstay('token', 'dashboard', '--days', '1');
  assert.equal(errors, '');
  const as = (...args: readonly string[]) => mainstayWith({ MAINSTAY_URL: url, MAINSTAY_TOKEN: token.trim() }, ...args);
  const status = await as('status');
  assert.equal(status.code, 0, `${token} ${status.errors}`);
  const refused = await as('sync');
  assert.equal(refused.code, 1);
  assert.match(refused.errors, /^Cannot /);
  assert.equal((await mainstayWith({ MAINSTAY_URL: url, MAINSTAY_TOKEN: 'nonsense' }, 'status')).code, 1);
  assert.equal((await mainstayWith({ MAINSTAY_URL: 'http://127.0.0.1:1' }, 'status')).code, 75);
});

test('shows the settings with their places, and the trail of decisions', async () => {
  const settings = await mainstay('settings', 'estate');
  assert.match(settings.output, /environments\[0\]\.name +dev +stacks\/mainstay\.yaml:2/);
  assert.doesNotMatch(settings.output, /a passphrase of the journey/);
  assert.equal((await mainstay('audit')).code, 0);
  assert.equal((await mainstay('rollouts')).code, 0);
});

test('has an exit code of its own for what is wrongly called, and for a runner that is not there', async () => {
  assert.equal((await mainstay('previw')).code, 2);
  assert.match((await mainstay('previw')).errors, /unknown command 'previw'.*\n.*Did you mean preview/);
  assert.equal((await mainstay('status')).code, 0);
});

test('says that a repository cannot be looked at, and that what is known of it is old', async () => {
  renameSync(estate.repository, `${estate.repository}.away`);
  const away = await estate.until('the problem', async () => {
    await mainstay('sync');
    const status = await mainstay('status');
    return status.code === 3 ? status : undefined;
  });
  assert.match(away.output, /^estate {2}main is [0-9a-f]{8}\n {2}cannot be looked at, and what follows is old: \S/);
  assert.match(away.output, /journey\/dev +aligned/);
  renameSync(`${estate.repository}.away`, estate.repository);
  await estate.until('its end', async () => {
    await mainstay('sync');
    return (await mainstay('status')).code === 0 || undefined;
  });
});
