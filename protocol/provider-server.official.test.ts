import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder of the official CLI with its Node language host: MAINSTAY_OFFICIAL_PULUMI, or on the PATH. */
const official = [process.env.MAINSTAY_OFFICIAL_PULUMI ?? '', ...(process.env.PATH ?? '').split(delimiter)].find(
  (folder) => folder !== '' && ['pulumi', 'pulumi-language-nodejs'].every((name) => existsSync(join(folder, name))),
);
const skip = official === undefined && 'needs the official pulumi CLI on the PATH or in MAINSTAY_OFFICIAL_PULUMI';

const program = `
const pulumi = require('@pulumi/pulumi');
const config = new pulumi.Config();
class Thing extends pulumi.CustomResource {
  constructor(name, args, kind = 'Thing') { super('demo:index:' + kind, name, { password: undefined, ...args }); }
}
const twice = pulumi.runtime.invoke('demo:index:double', { of: 21 }).then((result) => result.twice);
const thing = new Thing('a', { size: config.requireNumber('size'), colour: config.get('colour'), token: config.requireSecret('token') });
if (config.get('flaky')) new Thing('f', {}, 'Flaky');
module.exports = { twice, password: thing.password };
`;

async function workspace(test: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'mainstay-official-'));
  test.after(() => rm(directory, { recursive: true, force: true }));
  const bin = join(directory, 'bin');
  await mkdir(bin);
  const main = fileURLToPath(new URL('./fixtures/demo-provider.ts', import.meta.url));
  const plugin = join(bin, 'pulumi-resource-demo');
  await writeFile(plugin, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(plugin, 0o755);
  await writeFile(join(directory, 'Pulumi.yaml'), 'name: proj\nruntime: nodejs\n');
  await writeFile(join(directory, 'package.json'), '{"main":"index.js"}');
  await writeFile(join(directory, 'index.js'), program);
  await symlink(fileURLToPath(new URL('../node_modules', import.meta.url)), join(directory, 'node_modules'));
  const environment = {
    PATH: [bin, official, process.env.PATH].join(delimiter),
    HOME: directory,
    PULUMI_HOME: join(directory, 'home'),
    PULUMI_BACKEND_URL: `file://${directory}`,
    PULUMI_CONFIG_PASSPHRASE: 'p',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    DEMO_LOG: join(directory, 'log'),
  };
  const pulumi = async (...args: string[]) => {
    const options = { cwd: directory, env: environment, maxBuffer: 2 ** 26 };
    const ended = await run('pulumi', [...args, '--non-interactive'], options).catch((error: unknown) => error);
    const { code = 0, stdout, stderr } = ended as { code?: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr, stdout };
  };
  const calls = async () => {
    const lines = (await readFile(environment.DEMO_LOG, 'utf8')).trim().split('\n');
    await writeFile(environment.DEMO_LOG, '');
    return lines.map((line) => JSON.parse(line) as unknown[]);
  };
  return { pulumi, calls };
}

interface Exported {
  readonly deployment: {
    readonly resources: readonly {
      readonly type: string;
      readonly id?: string;
      readonly initErrors?: readonly string[];
    }[];
  };
}

describe('a provider of ours under the official CLI', { skip }, () => {
  it('creates, replaces, updates and deletes, keeps secrets and half-made resources', async (test) => {
    const { pulumi, calls } = await workspace(test);
    await pulumi('stack', 'init', 'dev');
    for (const [key, value] of [
      ['size', '1'],
      ['colour', 'red'],
    ])
      await pulumi('config', 'set', key!, value!);
    await pulumi('config', 'set', '--secret', 'token', 't0p');

    const first = await pulumi('up', '--yes');
    assert.equal(first.code, 0, first.text);
    assert.match(first.text, /made a/);
    assert.match(first.text, /twice\s*: 42/);
    assert.doesNotMatch(first.text, /pw-a|t0p/);
    const made = (await calls()).filter(([call]) => call !== 'configure');
    assert.deepEqual(made, [
      ['create', 'a', true],
      ['create', 'a', false],
    ]);

    await pulumi('config', 'set', 'colour', 'green');
    assert.match((await pulumi('up', '--yes', '--skip-preview')).text, /~ 1 updated/);
    await pulumi('config', 'set', 'size', '2');
    await pulumi('config', 'set', 'flaky', 'yes');
    const third = await pulumi('up', '--yes', '--skip-preview');
    assert.notEqual(third.code, 0);
    assert.match(third.text, /1 error occurred:\s+\* still waiting/);
    const { deployment } = JSON.parse((await pulumi('stack', 'export')).stdout) as Exported;
    const flaky = deployment.resources.find(({ type }) => type === 'demo:index:Flaky');
    assert.deepEqual([flaky?.id, flaky?.initErrors], ['half-f', ['still waiting']]);

    await pulumi('config', 'set', 'size', '13');
    assert.match((await pulumi('preview')).text, /property size value \{?13\}? has a problem: unlucky/);
    await calls();
    const end = await pulumi('destroy', '--yes', '--skip-preview');
    assert.equal(end.code, 0, end.text);
    const deleted = (await calls()).filter(([call]) => call === 'delete').map(([, name]) => name);
    assert.deepEqual(new Set(deleted), new Set(['a', 'f']));
  });
});
