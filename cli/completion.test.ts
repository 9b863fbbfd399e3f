import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { completionScript } from './completion.ts';
import { PACKAGE_FOLDER } from './data-folder.ts';
import { commandLineReference } from './generate-reference.ts';
import { createProgram } from './program.ts';

function missing(shell: string): string | false {
  return spawnSync(shell, ['--version']).error ? `${shell} is not on this machine` : false;
}

/** The script in a file of its own. */
function scriptFor(shell: string, context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-completion-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, '_mainstay');
  writeFileSync(file, completionScript(createProgram(), shell));
  return file;
}

function complete(shell: string, ...args: readonly string[]): readonly string[] {
  return execFileSync(shell, args, { encoding: 'utf8' }).trim().split(/\s*\n/);
}

test('bash completes commands and their options', { skip: missing('bash') }, (context) => {
  const file = scriptFor('bash', context);
  const words = (...typed: readonly string[]) =>
    complete(
      'bash',
      '-c',
      `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mainstay; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ...[file, 'mainstay', ...typed],
    );
  assert.deepEqual(words('sta'), ['status']);
  assert.deepEqual(words('unlock', '--j'), ['--json']);
});

test('fish completes commands and their options', { skip: missing('fish') }, (context) => {
  const file = scriptFor('fish', context);
  const words = (typed: string) =>
    complete('fish', '--no-config', '-c', `source ${file}; complete -C '${typed}'`).map((line) => line.split('\t')[0]);
  assert.deepEqual(words('mainstay statu'), ['status']);
  assert.ok(words('mainstay unlock --j').includes('--json'));
});

test('zsh takes the script, and has it for mainstay', { skip: missing('zsh') }, (context) => {
  const file = scriptFor('zsh', context);
  const setUp = 'autoload -U compinit; compinit -u -D';
  assert.deepEqual(complete('zsh', '-f', '-c', `${setUp}; source ${file}; print $_comps[mainstay]`), ['_mainstay']);
});

test('refuses a shell that it knows nothing of, by name', () => {
  assert.throws(() => completionScript(createProgram(), 'tcsh'), /none of bash, zsh, fish: tcsh/);
});

test('the reference says what the commands say', () => {
  const file = join(PACKAGE_FOLDER, 'docs/reference/command-line.md');
  assert.equal(readFileSync(file, 'utf8'), commandLineReference(), 'run `node cli/generate-reference.ts`');
});

test('every command but those that serve or print a script takes --json', () => {
  const without = createProgram()
    .commands.filter(({ options }) => !options.some(({ long }) => long === '--json'))
    .map((command) => command.name());
  assert.deepEqual(without, ['serve', 'completion']);
});
