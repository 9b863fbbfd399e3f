import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createDemoProject, type DemoProject } from './testing/demo-project.ts';
import { executable, run as runExecutable, start } from './testing/run-executable.ts';
import { createInProcess } from './testing/run-in-process.ts';
import { until } from './testing/until.ts';

let project: DemoProject;
/** What comes before and after; only what concerns the process itself runs in one of its own. */
const inProcess = createInProcess();
const { run, runWith } = inProcess;

/** The process and everything that it started, directly or through others. */
async function familyOf(pid: number): Promise<readonly number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = new Map(
    await Promise.all(names.map(async (name) => [Number(name), (await statOf(name)).parent] as const)),
  );
  const belongs = (one: number): boolean => one === pid || (one > 1 && belongs(parents.get(one) ?? 0));
  return [...parents.keys()].filter(belongs);
}

async function statOf(pid: number | string): Promise<{ readonly state: string; readonly parent: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, state = '', parent = '0'] = /\) (\S) (\d+)/.exec(stat) ?? [];
  return { state, parent: Number(parent) };
}

async function runsStill(pid: number): Promise<boolean> {
  return !['', 'Z', 'X'].includes((await statOf(pid)).state);
}

/** The part of a checkpoint that tests spoil. */
interface Latest {
  readonly resources: unknown[];
}

const stateFolder = () => join(dirname(project.directory), 'state/.pulumi/stacks/demo');

describe('engine/bin/pulumi', () => {
  before(async () => {
    project = await createDemoProject();
    const { code, stderr } = await run(project, 'stack', 'init', 'dev');
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    await inProcess.close();
    await project.remove();
  });

  const set = async (key: string, value: string | undefined) => {
    const args = value === undefined ? ['rm', key] : ['set', key, value];
    assert.equal((await run(project, 'config', ...args)).code, 0);
  };

  test('previews and updates from a command line, and through a symbolic link', async () => {
    const links = await mkdtemp(join(tmpdir(), 'mainstay-link-'));
    try {
      await symlink(executable, join(links, 'target'));
      await symlink('target', join(links, 'pulumi'));
      const version = await start(project, ['version'], { command: join(links, 'pulumi') }).result;
      assert.match(version.stdout, /^v3\.\d+\.\d+\n$/);
    } finally {
      await rm(links, { recursive: true });
    }
    const up = await runExecutable(project, 'up', '--yes');
    assert.equal(up.code, 0, up.stderr + up.stdout);
    assert.match(up.stdout, /Previewing update \(dev\):.*\+ 4 to create.*Updating \(dev\):.*\+ 4 created/s);
    assert.equal((await run(project, 'preview', '--expect-no-changes')).code, 0);
    const json = await runExecutable(project, 'preview', '--json');
    assert.deepEqual((JSON.parse(json.stdout) as { changeSummary: unknown }).changeSummary, { same: 4 });
  });

  test('exit codes tell what went wrong', async () => {
    assert.equal((await runExecutable(project, 'stack', 'select', 'nope')).code, 6);
    assert.equal((await run(project, 'up')).code, 2, 'nobody can be asked');
    assert.equal((await run(project, 'up', '--tarrget', 'x', '--yes')).code, 1);
    await set('value', 'changed');
    const preview = await runExecutable(project, 'preview', '--expect-no-changes', '--diff');
    assert.equal(preview.code, 7);
    assert.match(preview.stdout, /~ value: "x" => "changed"/);
    await set('value', undefined);
  });

  test('the first Ctrl-C ends cleanly', async () => {
    await set('value', 'slow');
    await run(project, 'state', 'delete', '--yes', '--all');
    const running = start(project, ['up', '--yes', '--skip-preview']);
    await until(async () => (await project.calls()).length > 3);
    process.kill(running.pid, 'SIGINT');
    await project.write('go', '');
    const { code, stderr } = await running.result;
    assert.notEqual(code, 0);
    assert.match(stderr, /cancelling/);
    await set('value', undefined);
    const again = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(again.code, 0, again.stderr + again.stdout);
    await rm(join(project.directory, 'go'));
  });

  test('a provider that hangs: the first Ctrl-C waits for it, the second ends all, and no process is left', async () => {
    await set('value', 'slow');
    await run(project, 'state', 'delete', '--yes', '--all');
    const before = (await project.calls()).length;
    const running = start(project, ['up', '--yes', '--skip-preview']);
    await until(async () => (await project.calls()).length > before);
    const family = await familyOf(running.pid);
    assert.ok(family.length >= 3, 'there are the engine, the program and the provider');
    process.kill(running.pid, 'SIGINT');
    await until(() => running.stderr().includes('cancelling'));
    assert.equal(await runsStill(running.pid), true, 'it waits for what was begun');
    process.kill(running.pid, 'SIGINT');
    assert.equal((await running.result).code, 130);
    await until(async () => !(await Promise.all(family.map(runsStill))).includes(true));
    await project.write('go', '');
    await set('value', undefined);
    assert.equal((await run(project, 'cancel', '--yes')).code, 0);
    const again = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(again.code, 0, again.stderr + again.stdout);
    await rm(join(project.directory, 'go'));
  });

  test('kill -9 inside a provider call: the state loads, and the next update finishes', async () => {
    await set('value', 'slow');
    await run(project, 'state', 'delete', '--yes', '--all');
    const before = (await project.calls()).length;
    const running = start(project, ['up', '--yes', '--skip-preview']);
    await until(async () => (await project.calls()).length > before);
    process.kill(-running.pid, 'SIGKILL');
    await running.result;
    await project.write('go', '');
    await set('value', undefined);
    const locked = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(locked.code, 1);
    assert.match(locked.stderr, /the stack is currently locked by 1 lock.*pulumi cancel/s);
    assert.equal((await run(project, 'cancel', '--yes')).code, 0);
    const again = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(again.code, 0, again.stderr + again.stdout);
    assert.match(again.stdout, /pending|interrupted/i, 'it says what was under way');
    assert.equal((await run(project, 'preview', '--expect-no-changes')).code, 0);
    await rm(join(project.directory, 'go'));
  });

  test('a provider whose process ends is one error', async () => {
    await set('second', 'exit');
    await run(project, 'state', 'delete', '--yes', '--all');
    const up = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(up.code, 1);
    assert.match(up.stdout, /Thing|Resource.*\(b\)/s);
    await set('second', undefined);
    assert.equal((await run(project, 'up', '--yes', '--skip-preview')).code, 0);
  });

  for (const [key, pattern] of [
    ['throw', /the program does not want to/],
    ['leave', /exit/i],
  ] as const) {
    test(`a program that ends early (${key}) fails the update and deletes nothing`, async () => {
      await set(key, 'true');
      const before = (await project.calls()).length;
      const up = await run(project, 'up', '--yes', '--skip-preview');
      assert.equal(up.code, 1, up.stdout);
      assert.match(up.stdout, pattern);
      assert.ok((await project.calls()).slice(before).every((call) => !call.startsWith('delete')));
      await set(key, undefined);
      assert.equal((await run(project, 'preview', '--expect-no-changes')).code, 0);
    });
  }

  describe('bad input is one error that names the file', () => {
    const cases = [
      { name: 'a Pulumi.yaml that is no YAML', file: 'Pulumi.yaml', text: 'name: [', pattern: /Pulumi\.yaml:1/ },
      {
        name: 'an unknown key in Pulumi.yaml',
        file: 'Pulumi.yaml',
        text: 'name: demo\nruntime: nodejs\nmian: x\n',
        pattern: /Pulumi\.yaml:3.*mian/s,
      },
      {
        name: 'a stack file that is no YAML',
        file: 'Pulumi.dev.yaml',
        text: 'config: {',
        pattern: /Pulumi\.dev\.yaml:1/,
      },
      {
        name: 'an unknown key in a stack file',
        file: 'Pulumi.dev.yaml',
        text: 'confg: {}\n',
        pattern: /Pulumi\.dev\.yaml:1.*confg/s,
      },
    ];
    for (const { name, file, text, pattern } of cases) {
      test(name, async () => {
        const path = join(project.directory, file);
        const good = await readFile(path, 'utf8');
        await writeFile(path, text);
        const { code, stderr } = await run(project, 'preview');
        await writeFile(path, good);
        assert.equal(code, 1, stderr);
        assert.match(stderr, pattern);
        assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
      });
    }

    test('a project whose name is not one', async () => {
      const path = join(project.directory, 'Pulumi.yaml');
      const good = await readFile(path, 'utf8');
      await writeFile(path, 'name: a b/c\nruntime: nodejs\n');
      const { code, stderr } = await run(project, 'preview', '--stack', 'dev');
      await writeFile(path, good);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /Pulumi\.yaml:1:1 Cannot read the project as its name is not one: "a b\/c"/);
    });

    test('a secret setting that is not of this stack: the error names it', async () => {
      await run(project, 'config', 'set', '--secret', 'odd', 'x');
      const path = join(project.directory, 'Pulumi.dev.yaml');
      const good = await readFile(path, 'utf8');
      await writeFile(path, good.replace(/secure: .*/, 'secure: v1:AAAA:BBBB'));
      const { code, stderr } = await run(project, 'preview');
      await writeFile(path, good);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /Pulumi\.dev\.yaml:\d+:\d+ Cannot use the setting demo:odd: Cannot decrypt/);
      await run(project, 'config', 'rm', 'odd');
    });

    test('a wrong passphrase', async () => {
      const result = await runWith(project, { PULUMI_CONFIG_PASSPHRASE: 'wrong' }, 'preview');
      assert.equal(result.code, 1);
      assert.match(result.stderr, /incorrect passphrase/);
    });

    for (const { name, change, pattern, preview = 1 } of [
      {
        name: 'a state in which a dependency is missing',
        change: ({ resources }: Latest) => resources.splice(2, 1),
        pattern: /snapshot integrity failure.*does not come before.*pulumi state repair.*dev\.json.*\.bak/s,
      },
      {
        name: 'a state with two resources of one name',
        change: ({ resources }: Latest) => resources.push(resources.at(-1)!),
        pattern: /snapshot integrity failure.*duplicate resource.*pulumi state repair/s,
      },
      {
        name: 'a state that holds more than this engine knows is not written',
        change: (latest: Latest) => Object.assign(latest, { future: {} }),
        pattern: /dev\.json Cannot use the state as it holds future, which this engine does not know/,
        preview: 0,
      },
    ]) {
      test(name, async () => {
        const path = join(stateFolder(), 'dev.json');
        const good = await readFile(path, 'utf8');
        const state = JSON.parse(good) as { checkpoint: { latest: Latest } };
        change(state.checkpoint.latest);
        const bad = JSON.stringify(state);
        await writeFile(path, bad);
        const previewed = await run(project, 'preview');
        assert.equal(previewed.code, preview, previewed.stderr + previewed.stdout);
        const { code, stderr } = await run(project, 'up', '--yes', '--skip-preview');
        const after = await readFile(path, 'utf8');
        await writeFile(path, good);
        assert.equal(code, 1, stderr);
        assert.match(stderr, pattern);
        assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
        assert.equal(after, bad, 'nothing is written');
      });
    }

    test('a broken state file', async () => {
      const folder = stateFolder();
      const path = join(folder, 'dev.json');
      assert.ok((await readdir(folder)).includes('dev.json'));
      const good = await readFile(path, 'utf8');
      await writeFile(path, good.slice(0, good.length / 2));
      const { code, stderr } = await run(project, 'preview');
      await writeFile(path, good);
      assert.equal(code, 1);
      assert.match(stderr, /dev\.json.*\.bak/s);
    });
  });
});
