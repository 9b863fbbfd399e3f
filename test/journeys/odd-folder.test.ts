import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');

test('the engine runs programs from a folder of its own with a space and a letter that is not English', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay földer '));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const filter = (from: string) => !/\.test\.ts$|\/(fixtures|testing)$/.test(from);
  for (const room of ['engine', 'foundation', 'protocol', 'providers', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, room), join(folder, room), { recursive: true, filter });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const project = join(folder, 'my prögram');
  mkdirSync(project);
  writeFileSync(join(project, 'Pulumi.yaml'), 'name: odd\nruntime: nodejs\n');
  writeFileSync(join(project, 'index.js'), "export const said = 'hello';\n");
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase',
    PULUMI_HOME: join(folder, 'home'),
  };
  const pulumi = (...args: readonly string[]) =>
    promisify(execFile)(join(folder, 'engine', 'bin', 'pulumi'), args, { cwd: project, env });
  await pulumi('stack', 'init', 'dev');
  const { stdout } = await pulumi('up', '--yes', '--skip-preview');
  assert.match(stdout, /said *: "hello"/);
});
