import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkTypes } from './check-types.ts';

const root = mkdtempSync(join(tmpdir(), 'check-types-'));
after(() => rmSync(root, { recursive: true, force: true }));

function project(name: string, files: Readonly<Record<string, string>>): string {
  const directory = join(root, name);
  mkdirSync(join(directory, 'src'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
  return directory;
}

const tsconfig = '{ "compilerOptions": { "strict": true, "types": [] }, "include": ["*.ts"] }';

test('types are checked where `main` says that the program is', async () => {
  const directory = project('main', {
    'Pulumi.yaml': 'name: a\nruntime: nodejs\nmain: src\n',
    'src/tsconfig.json': tsconfig,
    'src/index.ts': 'export const a: number = "text";\n',
    'index.ts': 'not even TypeScript',
  });
  const problems = await checkTypes(directory);
  assert.deepEqual(
    problems!.map(({ file, line, code }) => [file, line, code]),
    [[join(directory, 'src/index.ts'), 1, 'TS2322']],
  );
});

test('by the tsconfig that Pulumi.yaml names, and not at all for other runtimes or JavaScript by its wish', async () => {
  const files = { 'checks.json': tsconfig, 'index.ts': 'export const a: number = "text";\n' };
  const options = (text: string) => ({ ...files, 'Pulumi.yaml': `name: a\nruntime: { name: ${text} }\n` });
  assert.equal((await checkTypes(project('named', options('nodejs, options: { tsconfig: checks.json }'))))?.length, 1);
  const off = project('off', options('nodejs, options: { typescript: false, tsconfig: checks.json }'));
  assert.equal(await checkTypes(off), undefined);
  assert.equal(await checkTypes(project('python', options('python'))), undefined);
});

test('a folder without a project is a user error', async () => {
  await assert.rejects(checkTypes(project('none', {})), /no Pulumi\.yaml project file found/);
});
