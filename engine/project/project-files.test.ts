import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { isMainstayError } from '../../foundation/errors.ts';
import { openPassphraseManager } from '../secrets/passphrase.ts';
import { findProjectFile, type Project, programOf, readProject, stackFilePath } from './project-file.ts';
import { resolveConfig } from './stack-config.ts';
import { type ConfigData, StackFile } from './stack-file.ts';

async function newFolder(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-project-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function newStack(t: TestContext, project: string, stack: string): Promise<readonly [Project, StackFile]> {
  const folder = await newFolder(t, { 'Pulumi.yaml': project, 'Pulumi.dev.yaml': stack });
  const read = await readProject(folder);
  return [read, await StackFile.read(stackFilePath(read, 'dev'), read.name)];
}

const noSecrets = () => assert.fail('nothing is encrypted');
const header = 'name: demo\nruntime: nodejs\n';

test('finds the project above, its program and its stack files', async (t) => {
  const folder = await newFolder(t, {
    'Pulumi.yaml':
      'name: demo\nruntime: {name: nodejs, options: {typescript: false}}\nmain: infra/\nstackConfigDir: stacks\n',
    'infra/index.ts': '',
    'infra/deep/x': '',
  });
  const project = await readProject(join(folder, 'infra/deep'));
  assert.equal(findProjectFile(folder), project.file);
  assert.deepEqual(project.runtimeOptions, { typescript: false });
  assert.equal(programOf(project).directory, join(folder, 'infra'));
  assert.equal(stackFilePath(project, 'dev'), join(folder, 'stacks/Pulumi.dev.yaml'));
  const named = (name: string) => stackFilePath({ ...project, file: join(folder, name) }, 'dev');
  // It ends as the project's file does.
  assert.equal(named('Pulumi.yml'), join(folder, 'stacks/Pulumi.dev.yml'));
  assert.equal(named('Pulumi.json'), join(folder, 'stacks/Pulumi.dev.json'));
  await assert.rejects(readProject(tmpdir()), /no Pulumi\.yaml project file found/);
});

test('says what is wrong with a project, and where', async (t) => {
  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ['name: demo\nruntime: nodejs\nmian: x\n', /Pulumi\.yaml:3:1 .*"mian"/],
    ['runtime: nodejs\n', /no name/],
    ['name: demo\nruntime: nodejs\noptions: {refresh: sometimes}\n', /Pulumi\.yaml:3:11 .*refresh: always/],
    ['name: demo\nruntime: nodejs\noptions: {speed: high}\n', /Pulumi\.yaml:3:11 .*"speed"/],
    ['name: demo\nruntime: [1\n', /Pulumi\.yaml:\d+:\d+ .*not YAML/],
    [`${header}main: 5\n`, /Pulumi\.yaml:3:1 .*main is not a text: 5/],
    [`${header}config:\n  size: {type: number}\n`, /Pulumi\.yaml:4:3 .*'size'.*unknown type, "number"/],
    [`${header}config:\n  list: {type: array}\n`, /4:3 .*no 'items'/],
    [`${header}config:\n  size: {type: integer, default: big}\n`, /4:3 .*not of the type 'integer'/],
    [`${header}config:\n  aws:region: {default: x}\n`, /4:3 .*use 'value'/],
    [`${header}config:\n  a: {default: x, value: y}\n`, /4:3 .*both/],
  ];
  for (const [text, message] of wrong) {
    const folder = await newFolder(t, { 'Pulumi.yaml': text });
    await assert.rejects(
      readProject(folder),
      (error) => isMainstayError(error, 'user') && message.test(error.message),
      `${text} ${message}`,
    );
  }
});

test('completes a stack by what the project declares', async (t) => {
  const [project, file] = await newStack(
    t,
    `${header}config:
  size: {type: integer, default: 3}
  names: {type: array, items: {type: string}, default: [a, b]}
  nested.deep: {default: x}
  aws:region: eu-west-1
  given: {type: boolean}
`,
    'config:\n  demo:given: true\n  demo:nested: {other: 1}\n  demo:html: {z: 1, a: "<b>"}\n',
  );
  const { values, objectKeys, secretKeys } = resolveConfig(project, file, noSecrets);
  assert.deepEqual(values, {
    'demo:size': '3',
    'demo:names': '["a","b"]',
    'demo:nested': '{"deep":"x","other":1}',
    'aws:region': 'eu-west-1',
    'demo:given': 'true',
    'demo:html': String.raw`{"a":"\u003cb\u003e","z":1}`,
  });
  assert.deepEqual([...objectKeys].sort(), ['demo:html', 'demo:names', 'demo:nested']);
  assert.deepEqual(secretKeys, []);
});

test('names everything that a stack misses at once, and what has the wrong type, never its value', async (t) => {
  const declared = `${header}config:\n  a: {type: integer}\n  b: {type: string}\n  c: {type: string, secret: true}\n`;
  const attempt = async (stack: string, message: RegExp) => {
    const [project, file] = await newStack(t, declared, stack);
    assert.throws(
      () => resolveConfig(project, file, noSecrets),
      (error) =>
        isMainstayError(error, 'user') && message.test(error.message) && !error.message.includes('not-for-logs'),
      String(message),
    );
  };
  await attempt('{}\n', /Stack 'dev' is missing configuration values 'a', 'b' and 'c'/);
  await attempt('config:\n  demo:b: x\n  demo:c: x\n', /missing configuration value 'a'/);
  await attempt(
    'config:\n  demo:a: not-for-logs\n  demo:b: x\n  demo:c: x\n',
    /dev\.yaml:2:3 .*'a' must be of type 'integer'/,
  );
  await attempt('config:\n  demo:a: 1\n  demo:b: x\n  demo:c: not-for-logs\n', /dev\.yaml:4:3 .*'c' must be encrypted/);
});

/** Written by the official CLI 3.260 under the passphrase `correct-horse`. */
test('reads a stack file of the official CLI, and decrypts what is inside of objects', async () => {
  const fixtures = join(import.meta.dirname, 'fixtures');
  const file = await StackFile.read(join(fixtures, 'Pulumi.official.yaml'), 'demo');
  const manager = await openPassphraseManager('correct-horse', file.text('encryptionsalt')!);
  file.setConfig('demo:login', { user: 'me', password: { secure: manager.encrypt('deep-secret') } });
  const project = { name: 'demo', config: {}, file: 'Pulumi.yaml' } as unknown as Project;
  const { values, secretKeys } = resolveConfig(project, file, (text) => manager.decrypt(text));
  assert.equal(values['demo:token'], 's3cret');
  assert.equal(values['demo:a'], '{"b":["x"]}');
  assert.equal(values['demo:login'], '{"password":"deep-secret","user":"me"}');
  assert.deepEqual(secretKeys, ['demo:login', 'demo:token']);
});

test('keeps comments and layout outside of what it changes', async (t) => {
  const text = `# the stack\nencryptionsalt: v1:x # salt\nconfig:\n  # why\n  demo:a: "1" # one\n\n  aws:region:   eu-west-1\n  demo:list:\n    - x # first\n    - y\n`;
  const [, file] = await newStack(t, header, text);
  assert.equal(file.toString().replaceAll(/ +/g, ' '), text.replaceAll(/ +/g, ' '));
  file.setConfig('demo:a', '2');
  file.setConfig('demo:list', 'z', [1]);
  file.setConfig('demo:new', true, ['deep', 0, 'er']);
  await file.save();
  const saved = await readFile(file.path, 'utf8');
  for (const comment of ['# the stack', '# salt', '# why', '# first']) assert.ok(saved.includes(comment), comment);
  const again = await StackFile.read(file.path, 'demo');
  assert.deepEqual(Object.fromEntries(again.config()), {
    'demo:a': '2',
    'aws:region': 'eu-west-1',
    'demo:list': ['x', 'z'],
    'demo:new': { deep: [{ er: true }] },
  });
});

test('takes a key with and without its namespace for the same, and removes the section with its last value', async (t) => {
  const [, file] = await newStack(t, header, 'config:\n  size: 1\n');
  file.setConfig('demo:size', 2);
  assert.deepEqual([...file.config()], [['demo:size', 2]]);
  assert.equal(file.removeConfig('demo:size'), true);
  assert.equal(file.removeConfig('demo:size'), false);
  assert.equal(file.toString(), '{}\n');
});

test('says what is wrong with a stack file, and where', async (t) => {
  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ['config:\n  a: 1\nconfg: {}\n', /dev\.yaml:3:1 .*"confg"/],
    ['config: [1]\n', /dev\.yaml:1:1 .*not a mapping/],
    ['config:\n  a:b:c:d: 1\n', /dev\.yaml:2:3 .*a:b:c:d/],
    ['config:\n  a: [\n', /dev\.yaml:\d+:\d+ .*not YAML/],
    ['- x\n', /dev\.yaml:1:1 .*not a mapping/],
  ];
  for (const [text, message] of wrong) await assert.rejects(newStack(t, header, text), message, text);
});

test('reads back every value that it writes', async (t) => {
  const [, file] = await newStack(t, header, 'config:\n  demo:first: x\n');
  const data = fc.letrec<{ readonly value: ConfigData }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.integer(),
      fc.constantFrom('', 'null', 'true', '1e3', '0x10', '~', '- x', ': y', '# z', ' lead', 'multi\nline\n'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  await fc.assert(
    fc.asyncProperty(data, async (value) => {
      file.setConfig('demo:value', value);
      await file.save();
      const again = await StackFile.read(file.path, 'demo');
      assert.deepEqual(again.config().get('demo:value'), value);
    }),
    { numRuns: 60 },
  );
});

test('takes providers from plugins and from packages that are folders, and refuses what another engine needs', async (t) => {
  const folder = await newFolder(t, {
    'Pulumi.yaml': `${header}plugins:\n  providers:\n    - {name: echo, path: ../bin, version: 1.2.3}\n    - {name: any, path: /opt/any}\npackages:\n  mine: ./sdks/mine\n  full: {source: ../full, version: 1.0.0}\n  random: terraform-provider@0.9.0\n`,
  });
  assert.deepEqual((await readProject(folder)).plugins, [
    { name: 'echo', path: join(dirname(folder), 'bin'), version: '1.2.3' },
    { name: 'any', path: '/opt/any', version: '' },
    { name: 'mine', path: join(folder, 'sdks/mine'), version: '' },
    { name: 'full', path: join(dirname(folder), 'full'), version: '' },
  ]);
  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    [
      'plugins:\n  languages:\n    - {name: go, path: x}\n',
      /Pulumi\.yaml:4:3 .*plugins\.languages .*official Pulumi CLI/,
    ],
    ['plugins:\n  analyzers:\n    - {name: a, path: x}\n', /plugins\.analyzers/],
    ['plugins:\n  providers:\n    - {path: x}\n', /Pulumi\.yaml:5:7 .*it has no name/],
    ['plugins:\n  providers:\n    - {name: echo}\n', /echo has no path/],
    ['plugins:\n  providers:\n    - {name: echo, path: x, version: new}\n', /the version of echo is none, "new"/],
    ['packages:\n  mine: {version: 1.0.0}\n', /Pulumi\.yaml:4:3 .*mine has no source/],
  ];
  for (const [text, message] of wrong) {
    const bad = await newFolder(t, { 'Pulumi.yaml': header + text });
    await assert.rejects(readProject(bad), message, text);
  }
});
