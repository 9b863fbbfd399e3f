import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { openLocalCheckout } from './local-checkout.ts';
import { type LocalPreview, previewLocally } from './preview-locally.ts';
import { previewLines } from './preview-text.ts';
import { proposeSettings } from './propose-settings.ts';
import { validateRepository } from './validate-repository.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const PROGRAM = `
const pulumi = require('@pulumi/pulumi');
const config = new pulumi.Config();
class Part extends pulumi.ComponentResource {
  constructor(name) { super('test:index:Part', name, {}); this.registerOutputs({}); }
}
for (let index = 0; index < config.requireNumber('parts'); index += 1) new Part('part-' + index);
exports.parts = config.requireNumber('parts');
`;

const FILES = {
  'Pulumi.yaml': 'name: shop\nruntime: nodejs\nmain: program\n',
  'package-lock.json': '{"name":"shop","lockfileVersion":3,"packages":{}}',
  'program/index.js': PROGRAM,
  'Pulumi.dev.yaml': 'config:\n  shop:parts: "1"\n',
  'Pulumi.eu-prod.yaml': 'config:\n  shop:parts: "2"\n',
  '.gitignore': 'node_modules\n*.log\n',
};

/** A checkout with its base branch at `files`. */
function repository(files: Readonly<Record<string, string>> = FILES): string {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-local-'));
  folders.push(folder);
  write(folder, files);
  git(folder, 'init', '-q', '-b', 'main');
  commit(folder, 'Begin');
  symlinkSync(join(import.meta.dirname, '..', '..', 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function git(folder: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@localhost', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8' });
}

function commit(folder: string, message: string): void {
  git(folder, 'add', '--all');
  git(folder, 'commit', '-q', '-m', message);
}

test('takes what is in the folder, without what is ignored, and leaves the index and the branch as they are', async () => {
  const folder = repository();
  write(folder, { 'new.txt': 'new', 'noise.log': 'noise', 'Pulumi.dev.yaml': 'config: {}\n' });
  const before = [git(folder, 'status', '--porcelain'), git(folder, 'rev-parse', 'HEAD')];
  const checkout = await openLocalCheckout(join(folder, 'program'));
  try {
    const tree = await checkout.tree(await checkout.snapshot());
    assert.deepEqual([...tree.files.keys()].sort(), [...Object.keys(FILES), 'new.txt'].sort());
    assert.equal(await tree.read('Pulumi.dev.yaml'), 'config: {}\n');
  } finally {
    await checkout.close();
  }
  assert.deepEqual([git(folder, 'status', '--porcelain'), git(folder, 'rev-parse', 'HEAD')], before);
});

test('has packages of the repository be those of the commit, not those in the folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-local-'));
  folders.push(folder);
  write(folder, { 'package.json': '{}', 'packages/net/index.js': 'committed', '.gitignore': 'node_modules\n' });
  write(folder, { 'node_modules/@acme/other/index.js': 'installed', 'node_modules/plain/index.js': 'installed' });
  symlinkSync('../../packages/net', join(folder, 'node_modules/@acme/net'));
  git(folder, 'init', '-q', '-b', 'main');
  commit(folder, 'Begin');
  write(folder, { 'packages/net/index.js': 'changed' });
  const checkout = await openLocalCheckout(folder);
  try {
    const made = await checkout.materialise('main');
    const read = (name: string) => readFileSync(join(made.folder, 'node_modules', name, 'index.js'), 'utf8');
    assert.deepEqual(['@acme/net', '@acme/other', 'plain'].map(read), ['committed', 'installed', 'installed']);
    made.remove();
    assert.equal(readFileSync(join(folder, 'node_modules/plain/index.js'), 'utf8'), 'installed');
  } finally {
    await checkout.close();
  }
});

test('refuses a folder that is in no repository', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-local-'));
  folders.push(folder);
  await assert.rejects(openLocalCheckout(folder), /as the folder is in none: .*mainstay-local-/);
  await assert.rejects(openLocalCheckout(join(folder, 'nowhere')), /as there is no such folder/);
});

async function previewIn(
  folder: string,
  { stacks = [], state }: { readonly stacks?: readonly string[]; readonly state: string },
): Promise<readonly LocalPreview[]> {
  const checkout = await openLocalCheckout(folder);
  try {
    return await previewLocally(checkout, {
      stacks,
      base: 'main',
      backendUrl: `file://${state}`,
      environment: { PATH: process.env.PATH, HOME: state, PULUMI_CONFIG_PASSPHRASE: 'x', MAINSTAY_ENGINE: 'embedded' },
      signal: new AbortController().signal,
      begun() {},
      ended() {},
    });
  } finally {
    await checkout.close();
  }
}

test('previews only the affected stack, without a trace in the state or the folder', async () => {
  const folder = repository();
  const state = mkdtempSync(join(tmpdir(), 'mainstay-local-'));
  folders.push(state);
  assert.deepEqual(await previewIn(folder, { state }), []);
  write(folder, { 'Pulumi.dev.yaml': 'config:\n  shop:parts: "3"\n' });
  const [preview, ...others] = await previewIn(folder, { state });
  assert.deepEqual(others, []);
  assert.equal(preview?.stack, 'shop/dev');
  assert.deepEqual(preview?.reasons, ['Pulumi.dev.yaml']);
  assert.equal(preview?.problem, undefined);
  assert.equal(preview?.outcome?.counts.create, 4);
  const text = previewLines(preview!).join('\n');
  assert.match(text, /^shop\/dev {2}4 to create {2}digest [0-9a-f]{16}/);
  assert.match(text, /\+ test:index:Part part-2/);
  const again = await previewIn(folder, { state, stacks: ['dev'] });
  assert.equal(again[0]?.outcome?.digest, preview?.outcome?.digest);
  assert.equal(git(folder, 'status', '--porcelain').trim(), 'M Pulumi.dev.yaml');
  // The stack was in no state before and is in none now.
  assert.throws(() => readFileSync(join(state, '.pulumi', 'stacks', 'shop', 'dev.json')), /ENOENT/);
});

test('says which files conflict with the base branch', async () => {
  const folder = repository();
  git(folder, 'checkout', '-q', '-b', 'mine');
  write(folder, { 'Pulumi.dev.yaml': 'config:\n  shop:parts: "3"\n' });
  commit(folder, 'Three');
  git(folder, 'checkout', '-q', 'main');
  write(folder, { 'Pulumi.dev.yaml': 'config:\n  shop:parts: "4"\n' });
  commit(folder, 'Four');
  git(folder, 'checkout', '-q', 'mine');
  await assert.rejects(previewIn(folder, { state: folder }), /conflicts with the base branch in Pulumi\.dev\.yaml/);
  await assert.rejects(
    previewIn(repository(), { state: folder, stacks: ['dv'] }),
    /none of that name: dv\. Did you mean dev\?/,
  );
});

async function validationOf(files: Readonly<Record<string, string>>) {
  const checkout = await openLocalCheckout(repository({ ...FILES, ...files }));
  try {
    return await validateRepository(await checkout.tree(await checkout.snapshot()));
  } finally {
    await checkout.close();
  }
}

test('names every mistake with its file, line and column', async () => {
  const schema =
    '{"type":"object","properties":{"config":{"type":"object","properties":{"shop:parts":{"type":"string","pattern":"^[0-9]+$"}},"additionalProperties":false}}}';
  const comment = '# yaml-language-server: $schema=stack.schema.json\n';
  const { mistakes, stacks } = await validationOf({
    'stack.schema.json': schema,
    'Pulumi.dev.yaml': `${comment}config:\n  shop:part: "1"\n`,
    'Pulumi.eu-prod.yaml': `${comment}config:\n  shop:parts: many\n`,
    'mainstay.yaml': 'environments:\n  - name: dev\n    stacks: [dv]\n',
  });
  assert.match(mistakes[0]!, /mainstay\.yaml:3:\d+ environments\.0\.stacks\.0 .*Did you mean/);
  assert.equal(mistakes[1], 'Pulumi.dev.yaml:3:3 config.shop:part is unknown. Did you mean shop:parts?');
  assert.match(mistakes[2]!, /^Pulumi\.eu-prod\.yaml:3:15 config\.shop:parts "many" must match pattern/);
  assert.equal(mistakes.length, 3);
  assert.deepEqual(stacks, []);
});

test('finds a valid repository valid, and a program missing', async () => {
  const valid = await validationOf({});
  assert.deepEqual(valid.mistakes, []);
  assert.deepEqual(
    valid.stacks.map(({ id }) => id),
    ['shop/dev', 'shop/eu-prod'],
  );
  const missing = await validationOf({ 'Pulumi.yaml': 'name: shop\nruntime: nodejs\nmain: nowhere\n' });
  assert.match(missing.mistakes[0]!, /^Pulumi\.yaml Cannot run the project as there is no program at nowhere/);
});

test('proposes environments by the names of the stacks, and its proposal is valid', async () => {
  const folder = repository({ ...FILES, 'Pulumi.local.yaml': '', 'Pulumi.blue.yaml': '' });
  const checkout = await openLocalCheckout(folder);
  try {
    const proposal = await proposeSettings(await checkout.tree(await checkout.snapshot()));
    assert.equal(proposal.file, 'mainstay.yaml');
    assert.match(proposal.explanation.join('\n'), /blue \(shop\/blue\) → dev \(shop\/dev\) → prod \(shop\/eu-prod\)/);
    assert.match(proposal.explanation.join('\n'), /Left to people's own machines: shop\/local/);
    assert.match(proposal.text, /# Its place is a guess.*\n.*name: blue/);
    write(folder, { [proposal.file]: proposal.text });
    const tree = await checkout.tree(await checkout.snapshot());
    const { mistakes, stacks } = await validateRepository(tree);
    assert.deepEqual(mistakes, []);
    assert.deepEqual(
      stacks.map(({ environment }) => environment),
      ['blue', 'dev', 'prod'],
    );
    await assert.rejects(proposeSettings(tree), /mainstay\.yaml Cannot write settings as there are some already/);
  } finally {
    await checkout.close();
  }
});
