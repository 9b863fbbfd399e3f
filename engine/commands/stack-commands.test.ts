import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createDemoProject, type DemoProject } from '../automation/testing/demo-project.ts';
import type { Terminal } from '../display/terminal.ts';
import { createEngineServices } from '../operations/engine-services.ts';
import { runCommand } from './run-command.ts';

interface Exported {
  readonly urn: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

describe('commands of a stack', () => {
  const services = createEngineServices({ warm: false });
  let project: DemoProject;

  before(async () => {
    project = await createDemoProject();
    await pulumi(['stack', 'init', 'dev']);
  });
  after(async () => {
    await services.close();
    await project.remove();
  });

  async function pulumi(args: readonly string[], more: { readonly input?: string; readonly passphrase?: string } = {}) {
    let output = '';
    const terminal: Terminal = {
      write: (text) => {
        output += text;
      },
      writeError: (text) => {
        output += text;
      },
      columns: undefined,
      ask: () => Promise.reject(new Error('nobody is asked')),
      readInput: async () => more.input ?? '',
    };
    const environment = {
      ...project.environment,
      ...(more.passphrase && { PULUMI_CONFIG_PASSPHRASE: more.passphrase }),
    };
    const code = await runCommand({
      args: [...args, '--non-interactive'],
      directory: project.directory,
      environment,
      terminal,
      signal: new AbortController().signal,
      services,
    });
    return { code, output };
  }

  /** A state with a secret and two resources, put there without a program. */
  async function importState(passphrase?: string): Promise<void> {
    const urn = (name: string) => `urn:pulumi:dev::demo::test:index:Group::${name}`;
    const root = {
      urn: 'urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev',
      custom: false,
      type: 'pulumi:pulumi:Stack',
    };
    const secret = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', plaintext: '"hunter2"' };
    const group = { custom: false, type: 'test:index:Group', parent: root.urn };
    const resources = [
      { ...root, outputs: { key: secret } },
      { ...group, urn: urn('a') },
      { ...group, urn: urn('b'), dependencies: [urn('a')] },
    ];
    const manifest = { time: '2026-01-01T00:00:00Z', magic: '', version: '' };
    const text = JSON.stringify({ version: 3, deployment: { manifest, resources } });
    const { code, output } = await pulumi(['stack', 'import'], { input: text, passphrase });
    assert.equal(code, 0, output);
  }

  test('a graph has every resource once, with parents and dependencies', async () => {
    await importState();
    assert.equal((await pulumi(['stack', 'graph', 'stack.dot', '--short-node-name'])).code, 0);
    assert.equal(
      await readFile(join(project.directory, 'stack.dot'), 'utf8'),
      `strict digraph {
    Resource0 [label="demo-dev"];
    Resource1 [label="a"];
    Resource2 [label="b"];
    Resource1 -> Resource0 [color = "#AA6639"];
    Resource2 -> Resource1 [color = "#246C60"];
    Resource2 -> Resource0 [color = "#AA6639"];
}
`,
    );
  });

  test('a stack is shown as a tree, with URNs and identifiers below their resources where asked for', async () => {
    await importState();
    const { output } = await pulumi(['stack', '--show-urns', '--show-ids']);
    const tree = output.split('\n').slice(3, 11);
    assert.deepEqual(tree, [
      'Current stack resources (3):',
      '    TYPE                 NAME',
      '    pulumi:pulumi:Stack  demo-dev',
      '    │  URN: urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev',
      '    ├─ test:index:Group  a',
      '    │     URN: urn:pulumi:dev::demo::test:index:Group::a',
      '    └─ test:index:Group  b',
      '          URN: urn:pulumi:dev::demo::test:index:Group::b',
    ]);
  });

  test('settings are copied to another stack, and not to the stack itself', async () => {
    assert.match(
      (await pulumi(['config', 'cp', '--dest', 'dev'])).output,
      /current stack and destination stack are the same/,
    );
    await pulumi(['stack', 'init', 'target', '--no-select']);
    await pulumi(['config', 'set', 'copied', 'as it is']);
    const { code, output } = await pulumi(['config', 'cp', '--dest', 'target']);
    assert.equal(code, 0, output);
    assert.equal((await pulumi(['config', 'get', 'copied', '--stack', 'target'])).output, 'as it is\n');
    await pulumi(['stack', 'rm', 'target', '--yes']);
  });

  test('an import file brings providers, components, and resources with what they are', async () => {
    await pulumi(['state', 'delete', '--all', '--yes']);
    await pulumi(['config', 'set', '--secret', 'password', 'hunter2']);
    const up = await pulumi(['up', '--yes', '--skip-preview']);
    assert.equal(up.code, 0, up.output);
    const exported = async (...flags: string[]) => {
      const { output } = await pulumi(['stack', 'export', ...flags]);
      return (JSON.parse(output) as { deployment: { resources: Exported[] } }).deployment.resources;
    };
    const { type, inputs, outputs } = (await exported()).find(({ urn }) => urn.endsWith('::secret'))!;
    assert.match(JSON.stringify(inputs), /ciphertext/);
    const resources = [
      { type, name: 'copy', id: 'copy-id', inputs, outputs, parent: 'group', provider: 'own' },
      { type: 'test:index:Group', name: 'group', component: true, inputs: { size: 1 } },
      { type: 'test:index:Group', name: 'remote', component: true, remote: true, provider: 'own' },
      { type: 'pulumi:providers:pulumi-nodejs', name: 'own', inputs: { region: 'here' } },
    ];
    await project.write('import.json', JSON.stringify({ resources }));
    const { code, output } = await pulumi(['import', '--file', 'import.json', '--yes', '--generate-code=false']);
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /hunter2/);
    const found = await exported('--show-secrets');
    const named = (name: string) => found.find(({ urn }) => urn.endsWith(`::${name}`))!;
    const own = `${named('own').urn}::${named('own').id}`;
    assert.deepEqual(named('own').inputs, { region: 'here' });
    assert.deepEqual(
      [named('copy').id, named('copy').parent, named('copy').provider],
      ['copy-id', named('group').urn, own],
    );
    assert.match(JSON.stringify(named('copy').inputs), /hunter2/);
    assert.deepEqual([named('group').inputs, named('group').provider], [{ size: 1 }, undefined]);
    assert.deepEqual([named('remote').provider, named('remote').custom], [own, false]);
    assert.deepEqual((await project.calls()).toSorted(), ['create a', 'create b', 'create secret'], 'made by up alone');
    await pulumi(['state', 'unprotect', '--all', '--yes']);
  });

  test('a graph takes text for Graphviz; help is there as a command; parts of a setting that are no secret are shown', async () => {
    await pulumi(['stack', 'graph', 'stack.dot', '--dot-fragment', 'rankdir=LR']);
    assert.match(
      await readFile(join(project.directory, 'stack.dot'), 'utf8'),
      /^strict digraph \{\nrankdir=LR\n +Resource0/,
    );
    const [help, flag] = [await pulumi(['help', 'stack', 'graph']), await pulumi(['stack', 'graph', '--help'])];
    assert.deepEqual(help, flag);
    assert.match((await pulumi(['help'])).output, /Available Commands/);
    await pulumi(['config', 'set', '--path', 'mixed.plain', 'seen']);
    await pulumi(['config', 'set', '--path', '--secret', 'mixed.hidden[0]', 'unseen']);
    assert.match((await pulumi(['config'])).output, /^mixed +\{"plain":"seen","hidden":\["\[secret\]"\]\}$/m);
    assert.match((await pulumi(['config', '--show-secrets'])).output, /^mixed .*unseen/m);
    await pulumi(['config', 'rm', 'mixed']);
  });

  test('a preview writes what it would create as an import file, and nothing where it fails', async () => {
    await pulumi(['state', 'delete', '--all', '--yes']);
    await project.write('package.json', '{ "main": "index.js" }');
    await project.write(
      'index.js',
      `const pulumi = require('@pulumi/pulumi');
       const config = new pulumi.Config();
       const Group = class extends pulumi.ComponentResource {};
       const above = new Group('test:index:Group', 'above');
       if (config.get('more')) {
         const own = new pulumi.ProviderResource('pulumi-nodejs', 'own', { key: pulumi.secret('hunter2') });
         const below = { parent: new Group('test:index:Group', 'below', {}, { parent: above }) };
         new Group('test:index:Other', 'above', {}, below);
         if (config.get('more') === 'bad') throw new Error('no more');
       }`,
    );
    const { code, output } = await pulumi(['up', '--yes', '--skip-preview']);
    assert.equal(code, 0, output);
    await pulumi(['config', 'set', 'more', 'bad']);
    assert.equal((await pulumi(['preview', '--import-file', 'planned.json'])).code, 1);
    await assert.rejects(readFile(join(project.directory, 'planned.json')), /ENOENT/);
    await pulumi(['config', 'set', 'more', 'yes']);
    const preview = await pulumi(['preview', '--import-file', 'planned.json']);
    assert.equal(preview.code, 0, preview.output);
    const text = await readFile(join(project.directory, 'planned.json'), 'utf8');
    assert.doesNotMatch(text, /hunter2/);
    const planned = JSON.parse(text) as { nameTable: object; resources: { type: string; name: string }[] };
    assert.deepEqual(planned.nameTable, { above: 'urn:pulumi:dev::demo::test:index:Group::above' });
    assert.deepEqual(
      planned.resources.filter(({ type }) => type.startsWith('test:')).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { type: 'test:index:Other', name: 'aboveOther', parent: 'below', component: true, logicalName: 'above' },
        { type: 'test:index:Group', name: 'below', parent: 'above', component: true },
      ],
    );
    await pulumi(['config', 'rm', 'more']);
    const imported = await pulumi(['import', '--file', 'planned.json', '--yes', '--generate-code=false']);
    assert.equal(imported.code, 0, imported.output);
    const { output: exported } = await pulumi(['stack', 'export', '--show-secrets']);
    assert.match(exported, /test:index:Group\$test:index:Group\$test:index:Other::above"/);
    assert.match(exported, /hunter2/);
    await pulumi(['state', 'unprotect', '--all', '--yes']);
  });

  test('a destroy says what is kept, unless it was of some resources', async () => {
    await importState();
    const some = await pulumi(['destroy', '--yes', '--skip-preview', '--target', '**::b']);
    assert.equal(some.code, 0, some.output);
    assert.doesNotMatch(some.output, /stack rm/);
    const all = await pulumi(['destroy', '--yes', '--skip-preview']);
    assert.match(all.output, /history and the settings of the stack are kept.*pulumi stack rm dev\n/);
  });

  test('a state that is not of the official form is not imported, and the error says where it is wrong', async () => {
    await importState();
    const before = (await pulumi(['stack', 'export'])).output;
    const resources = [{ urn: 'urn:pulumi:dev::demo::a:b:C::x', type: 'a:b:C', custom: false, dependencies: 'all' }];
    const manifest = { time: '2026-01-01T00:00:00Z', magic: '', version: '' };
    for (const [deployment, place] of [
      [{ manifest, resources }, /resources\.0\.dependencies/],
      [{ manifest, resources: [], future: {} }, /future/],
    ] as const) {
      const { code, output } = await pulumi(['stack', 'import'], { input: JSON.stringify({ version: 3, deployment }) });
      assert.equal(code, 1, output);
      assert.match(output, place);
      assert.match(output, /the state is as it was/);
      assert.doesNotMatch(output, /\n\s+at /, 'no stack trace');
    }
    assert.equal((await pulumi(['stack', 'export'])).output, before);
  });

  test('another passphrase opens state and settings, the old one neither', async () => {
    await importState();
    await pulumi(['config', 'set', '--secret', 'password', 'sesame']);
    await pulumi(['config', 'set', '--secret', '--path', 'deep.list[0]', 'sesame too']);
    const before = await readFile(join(project.directory, 'Pulumi.dev.yaml'), 'utf8');
    const none = await pulumi(['stack', 'change-secrets-provider', 'passphrase']);
    assert.notEqual(none.code, 0);
    assert.match(none.output, /standard input/);
    const wrong = await pulumi(['stack', 'change-secrets-provider', 'passphrase'], {
      input: 'new words',
      passphrase: 'wrong',
    });
    assert.match(wrong.output, /incorrect passphrase/);
    assert.equal(await readFile(join(project.directory, 'Pulumi.dev.yaml'), 'utf8'), before, 'nothing has changed');
    const cloud = await pulumi(['stack', 'change-secrets-provider', 'awskms://alias/x'], { input: 'new words' });
    assert.match(cloud.output, /"awskms:\/\/alias\/x".*only "passphrase"/s);

    const changed = await pulumi(['stack', 'change-secrets-provider', 'passphrase'], { input: 'new words\n' });
    assert.equal(changed.code, 0, changed.output);
    const passphrase = 'new words';
    assert.match((await pulumi(['config', 'get', 'password'], { passphrase })).output, /^sesame\n$/);
    assert.match((await pulumi(['config', 'get', '--path', 'deep.list[0]'], { passphrase })).output, /^sesame too\n$/);
    assert.match((await pulumi(['stack', 'output', 'key', '--show-secrets'], { passphrase })).output, /hunter2/);
    assert.match((await pulumi(['config', 'get', 'password'])).output, /incorrect passphrase/);
    assert.match((await pulumi(['stack', 'output', 'key', '--show-secrets'])).output, /incorrect passphrase/);
  });

  test('change-secrets-provider that was killed between state and stack file is finished when it is given again', async () => {
    await importState('new words');
    await pulumi(['config', 'set', '--secret', 'password', 'sesame'], { passphrase: 'new words' });
    const file = join(project.directory, 'Pulumi.dev.yaml');
    const before = await readFile(file, 'utf8');
    const change = ['stack', 'change-secrets-provider', 'passphrase'];
    const given = { input: 'newer words', passphrase: 'new words' };
    assert.equal((await pulumi(change, given)).code, 0);
    await writeFile(file, before);
    const half = await pulumi(['stack', 'output', 'key', '--show-secrets'], { passphrase: 'new words' });
    assert.match(half.output, /incorrect passphrase/, 'the state is under the new one already');
    const stranger = await pulumi(change, { input: 'other words', passphrase: 'new words' });
    assert.match(stranger.output, /incorrect passphrase/);
    const again = await pulumi(change, given);
    assert.equal(again.code, 0, again.output);
    const passphrase = 'newer words';
    assert.match((await pulumi(['config', 'get', 'password'], { passphrase })).output, /^sesame\n$/);
    assert.match((await pulumi(['stack', 'output', 'key', '--show-secrets'], { passphrase })).output, /hunter2/);
  });
});
