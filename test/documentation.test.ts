import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { parseSettings } from '../runner/core/settings.ts';
import { readRunnerFile } from '../runner/repository-settings.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** README and every guide, by path. */
function guides(): ReadonlyMap<string, string> {
  const found = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name));
  return new Map(['README.md', ...found].map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));
}

test('every link of a guide leads to something', () => {
  const broken: string[] = [];
  for (const [file, text] of guides())
    for (const [, target = ''] of text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      const path = target.split('#')[0]!;
      if (/^[a-z]+:/i.test(target) || path === '') continue;
      if (!existsSync(resolve(ROOT, dirname(file), path))) broken.push(`${file}: ${target}`);
    }
  assert.deepEqual(broken, []);
});

/** Subcommands of `mainstay` with their options, as the command itself says them. */
function commands(): ReadonlyMap<string, ReadonlySet<string>> {
  const script = execFileSync(process.execPath, [join(ROOT, 'cli/main.ts'), 'completion', 'fish'], {
    encoding: 'utf8',
  });
  const found = new Map<string, Set<string>>();
  for (const [, name = ''] of script.matchAll(/-n __fish_use_subcommand -a (\S+) /g))
    found.set(name, new Set(['--help']));
  for (const [, name = '', option] of script.matchAll(/__fish_seen_subcommand_from (\S+)' -l (\S+) /g))
    found.get(name)!.add(`--${option}`);
  return found;
}

test('every mainstay command of a guide is one that there is, with options that it takes', () => {
  const known = commands();
  const wrong: string[] = [];
  for (const [file, text] of guides())
    for (const [line, name = '', rest = ''] of text.matchAll(/\bmainstay ([a-z][a-z-]*)((?: [^\n`|#)]*)?)/g)) {
      const before = text.slice(Math.max(0, text.indexOf(line) - 1), text.indexOf(line));
      if (!known.has(name)) {
        // Prose: "mainstay is"; a command stands in code.
        if (before === '`' || text.includes(`npx ${line}`)) wrong.push(`${file}: ${line.trim()}`);
        continue;
      }
      for (const [option] of rest.matchAll(/--[a-z][a-z-]*/g))
        if (!known.get(name)!.has(option)) wrong.push(`${file}: ${line.trim()} has no ${option}`);
    }
  assert.deepEqual(wrong, []);
});

/** A file of ours as guides name it: `runner/core/{gate,window}.test.ts`. */
const PLACE =
  /`((?:cli|console|components|deploy|engine|foundation|infra|providers|runner|stacks|test)\/[\w./{},-]*[\w}])(?=[`\s:])/g;
/** The component that docs/components.md makes up to show how one is made. */
const MADE_UP = /^components\/queue\b/;

function unfolded(path: string): readonly string[] {
  const [, before = '', words, after = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(path) ?? [];
  return words === undefined ? [path] : words.split(',').map((word) => before + word + after);
}

test('every npm script that a guide calls, and every file that it names, is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const lost: string[] = [];
  for (const [file, text] of guides()) {
    for (const [, name = ''] of text.matchAll(/\bnpm run (?:--silent )?([a-z][a-z:]*)/g))
      if (!(name in scripts)) lost.push(`${file}: npm run ${name}`);
    for (const [, path = ''] of text.matchAll(PLACE))
      for (const each of unfolded(path))
        if (!MADE_UP.test(each) && !existsSync(join(ROOT, each))) lost.push(`${file}: ${each}`);
  }
  assert.deepEqual(lost, []);
});

/** The blocks of a guide in one language, without the indentation that a list gives them. */
function blocks(text: string, language: string): readonly string[] {
  const found = text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'));
  return [...found].map(([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

test('every block of commands is something that a shell takes', () => {
  let count = 0;
  for (const [file, text] of guides())
    for (const block of blocks(text, 'sh')) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
      assert.equal(`${stderr}${status}`, '0', `${file}: ${block}`);
      count += 1;
    }
  assert.ok(count > 10, String(count));
});

test("every block of settings of a how-to is what the runner's own reader takes", () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-guides-'));
  let count = 0;
  try {
    writeFileSync(join(folder, 'secret'), 'https://secret.example/a');
    for (const [file, text] of guides())
      for (const block of file.startsWith('docs/how-to/') ? blocks(text, 'yaml') : []) {
        // A stack's own file, which the program reads.
        if (/^config:/m.test(block)) continue;
        count += 1;
        assert.doesNotThrow(() => readAsRunner(folder, block), `${file}: ${block}`);
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  assert.ok(count > 8, String(count));
});

/** A block is of `mainstay.yaml`, or of the runner's own file: that has repositories, credentials, notifications or access. */
function readAsRunner(folder: string, block: string): void {
  if (!/^(repositories|credentials|registries|notifications|access):/m.test(block)) {
    parseSettings('stacks/mainstay.yaml', block);
    return;
  }
  const whole = /^repositories:/m.test(block)
    ? block
    : `repositories: [{name: shop, forge: plain-git, url: /srv/shop.git}]\n${block}`;
  const environment = Object.fromEntries(
    [...whole.matchAll(/\{ ?env: ?(\w+) ?\}/g)].map(([, name = '']) => [name, 'https://secret.example/a']),
  );
  const path = join(folder, 'runner.yaml');
  // Packs of a guide are not on this machine.
  for (const [, pack = ''] of whole.matchAll(/folder: ([\w/]+)/g)) {
    mkdirSync(join(folder, pack), { recursive: true });
    writeFileSync(join(folder, pack, 'PulumiPolicy.yaml'), 'runtime: nodejs\n');
  }
  writeFileSync(path, whole.replaceAll(/\{ ?file: ?[^}]+\}/g, `{file: ${JSON.stringify(join(folder, 'secret'))}}`));
  readRunnerFile(path, environment);
}

test('every variable of ours that a guide names is one that something reads', () => {
  const sources = ['cli', 'runner', 'engine', 'foundation', 'providers', 'test', 'console'];
  const read = new Set(
    execFileSync('grep', ['-rhoE', '--include=*.ts', '--include=*.mjs', 'MAINSTAY_[A-Z_]+', ...sources], {
      cwd: ROOT,
      encoding: 'utf8',
    }).split('\n'),
  );
  const unknown: string[] = [];
  for (const [file, text] of guides())
    for (const [name] of text.matchAll(/MAINSTAY_[A-Z_]+/g)) if (!read.has(name)) unknown.push(`${file}: ${name}`);
  assert.deepEqual(unknown, []);
});

test('every message that failures.md explains is one that the sources say', () => {
  const [, section = ''] = readFileSync(join(ROOT, 'docs/failures.md'), 'utf8').split('## What a message means');
  const rooms = ['cli', 'runner', 'engine', 'foundation', 'providers'];
  const args = [
    '-rhE',
    '--include=*.ts',
    '--exclude=*.test.ts',
    '(Cannot|may only look|Set PULUMI_CONFIG|as it does|as the|submodules)',
    ...rooms,
  ];
  const said = execFileSync('grep', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  const messages = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!),
  );
  assert.ok(messages.length > 30, String(messages.length));
  assert.deepEqual(
    messages.filter((text) => !said.includes(text)),
    [],
  );
});
