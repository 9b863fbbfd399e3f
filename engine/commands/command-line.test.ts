import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from './command.ts';
import { parseCommandLine } from './command-line.ts';
import { commandTable } from './command-table.ts';

const parse = (line: string) => parseCommandLine(commandTable, line === '' ? [] : line.split(' '));

test('finds commands by name and alias, with flags before, between and behind', () => {
  for (const line of [
    'stack init dev --no-select',
    '--non-interactive stack new --no-select dev',
    '-C /tmp stack create dev --no-select=true',
  ]) {
    const { path, args, flags } = parse(line);
    assert.deepEqual(path, ['stack', 'init'], line);
    assert.deepEqual(args, ['dev'], line);
    assert.equal(flags.boolean('no-select'), true, line);
  }
});

test('a boolean flag takes its value only behind a sign of equality', () => {
  const { flags, args } = parse('stack rm --force false');
  assert.equal(flags.boolean('force'), true);
  assert.deepEqual(args, ['false']);
  assert.equal(parse('up --run-program=false').flags.boolean('run-program', true), false);
  assert.throws(() => parse('up --diff=perhaps'), /invalid argument "perhaps" for "--diff"/);
});

test('repeated flags add up, and comma lists are split', () => {
  const { flags } = parse('up -t a,b --target c --policy-pack x,y --policy-pack z');
  assert.deepEqual(flags.list('target'), ['a,b', 'c']);
  assert.deepEqual(flags.list('policy-pack'), ['x', 'y', 'z']);
});

test('--refresh stands alone or has a value behind a sign of equality', () => {
  assert.equal(parse('up --refresh --yes').flags.text('refresh'), 'true');
  assert.equal(parse('up -r --yes').flags.text('refresh'), 'true');
  assert.equal(parse('up --refresh=false').flags.text('refresh'), 'false');
});

test('short flags take a value beside them, behind a sign of equality, or as the next word', () => {
  for (const line of ['up -s dev -p=4 -f', 'up -sdev -p4 -f=true', 'up -s=dev -p 4 -f'])
    assert.deepEqual(
      [
        parse(line).flags.text('stack'),
        parse(line).flags.integer('parallel'),
        parse(line).flags.boolean('skip-preview'),
      ],
      ['dev', 4, true],
      line,
    );
  assert.deepEqual(parse('config set key -- -s=dev').args, ['key', '-s=dev']);
});

test('everything behind two dashes is a value', () => {
  const { args, flags } = parse('config set key --stack dev --plaintext --non-interactive -- --value');
  assert.deepEqual(args, ['key', '--value']);
  assert.equal(flags.text('stack'), 'dev');
});

test('an unknown flag fails, naming the flag, the command and the official CLI', () => {
  assert.throws(() => parse('up --tarrget urn'), /--tarrget.*\n?.*pulumi up.*|official Pulumi CLI/s);
  assert.throws(() => parse('up -Z'), /-Z/);
});

test('a flag that is not supported fails, naming it and the official CLI', () => {
  assert.throws(() => parse('preview --remote'), /"pulumi preview" with --remote .*official Pulumi CLI/);
  assert.throws(() => parse('up --ignore-protect'), /--ignore-protect/);
});

test('a command that is unknown or not supported fails, naming it and the official CLI', () => {
  assert.throws(() => parse('frobnicate'), /"pulumi frobnicate".*official Pulumi CLI/);
  assert.throws(() => parse('stack frobnicate'), /"pulumi stack frobnicate"/);
  assert.throws(() => parse('convert --from yaml'), /"pulumi convert".*official Pulumi CLI/);
});

test('too few and too many arguments fail', () => {
  assert.throws(() => parse('stack rename'), /takes <new name>/);
  assert.throws(() => parse('whoami you'), /takes no arguments: "you"/);
  assert.throws(() => parse('up --message'), /flag needs an argument: --message/);
  assert.throws(() => parse('up --parallel 1.1'), /invalid argument "1.1" for "--parallel"/);
});

function commandsOf(command: Command, path: readonly string[] = []): readonly (readonly [string, Command])[] {
  const own = [...path, command.name];
  return [[own.join(' '), command], ...(command.commands ?? []).flatMap((child) => commandsOf(child, own))];
}

for (const [name, command] of commandsOf(commandTable)) {
  test(`${name}: flags and names are given once`, () => {
    const flags = [...(command.flags ?? []), ...(commandTable.sharedFlags ?? [])];
    const names = (command.flags ?? []).map((flag) => flag.name);
    assert.equal(new Set(names).size, names.length, names.join(' '));
    const shorts = (command.flags ?? []).flatMap((flag) => flag.short ?? []);
    assert.equal(new Set(shorts).size, shorts.length, shorts.join(' '));
    const children = (command.commands ?? []).flatMap((child) => [child.name, ...(child.aliases ?? [])]);
    assert.equal(new Set(children).size, children.length, children.join(' '));
    assert.ok(command.unsupported !== undefined || command.run || command.commands, 'it does something');
    assert.ok(
      flags.every((flag) => flag.unsupported !== ''),
      'a refusal says why',
    );
  });
}

test('every flag that the Automation API gives to an operation is known', () => {
  const common =
    '--message m --diff --target a --target-dependents --exclude-dependents --parallel 2 --exec-agent x --color never --exec-kind auto.inline --client=127.0.0.1:1 --event-log tcp://127.0.0.1:2 --stack s --logflow --verbose 3 --logtostderr --debug --suppress-outputs --suppress-progress --config-file f';
  parse(
    `up --yes --skip-preview ${common} --expect-no-changes --refresh --replace r --policy-pack p --policy-pack-config c --plan f --continue-on-error --run-program=true`,
  );
  parse(`preview ${common} --expect-no-changes --refresh --replace r --save-plan f --run-program=false`);
  parse(`refresh --skip-preview --yes ${common} --expect-no-changes --clear-pending-creates --run-program=true`);
  parse(`refresh --preview-only ${common}`);
  parse(
    `destroy --yes --skip-preview ${common.replace('--exclude-dependents', '--exclude e')} --exclude-protected --continue-on-error --refresh --run-program=true`,
  );
  parse('import --yes --skip-preview --message m --file f --generate-code=false --protect=false --stack s');
});
