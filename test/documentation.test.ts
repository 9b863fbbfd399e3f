import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

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

test('every npm script and file that the README calls is there', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [, name = ''] of readme.matchAll(/`?npm run ([a-z:]+)/g)) assert.ok(name in scripts, `npm run ${name}`);
  for (const [, file = ''] of readme.matchAll(/\b(engine\/bin\/pulumi|test\/[\w/-]+\.ts)\b/g))
    assert.ok(existsSync(join(ROOT, file)), relative(ROOT, file));
});
