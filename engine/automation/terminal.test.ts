import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmod, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Screen } from '../display/testing/screen.ts';
import { createEmbeddedPulumi } from './pulumi-command.ts';
import { createDemoProject, type DemoProject } from './testing/demo-project.ts';
import { executable } from './testing/run-executable.ts';

/** A pseudo-terminal comes from `script` of util-linux. */
const skip = spawnSync('script', ['--version']).status !== 0 && 'needs the program script of util-linux';

/** A command on a pseudo-terminal of 100 columns and 30 lines. */
class TerminalRun {
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(project: DemoProject, command: string) {
    const shell = `trap : INT; stty cols 100 rows 30; tty; stty -g; ${command}; echo "code $?"; stty -g`;
    this.#child = spawn('script', ['-q', '-f', '-c', shell, '/dev/null'], {
      cwd: project.directory,
      env: {
        PATH: process.env.PATH,
        HOME: dirname(project.directory),
        TERM: 'xterm',
        SHELL: '/bin/sh',
        ...project.environment,
      },
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  async until(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (!pattern.test(this.output)) {
      assert.ok(Date.now() < deadline && this.#child.exitCode === null, `${pattern} does not come: ${this.output}`);
      await delay(20);
    }
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  resize(columns: number, rows: number): void {
    const [device] = /\/dev\/pts\/\d+/.exec(this.output)!;
    execFileSync('stty', ['-F', device, 'cols', String(columns), 'rows', String(rows)]);
  }

  /** What is on the screen at the end, without what the shell said before and after. */
  async end(): Promise<{ readonly screen: Screen; readonly text: string; readonly code: number }> {
    await this.#ended;
    const screen = new Screen(100);
    screen.write(this.output);
    const [, before, text, code, after] = /\/dev\/pts\/\d+\n([0-9a-f:]+)\n([\s\S]*)code (\d+)\n([0-9a-f:]+)/.exec(
      screen.text,
    )!;
    assert.equal(after, before, 'the modes of the terminal are as they were');
    assert.equal(screen.cursorHidden, false, 'the cursor is there');
    assert.doesNotMatch(text!, /^@ /m, 'nothing of the table that was redrawn is left');
    return { screen, text: text!, code: Number(code) };
  }
}

describe('engine/bin/pulumi on a terminal', { skip }, () => {
  let project: DemoProject;
  before(async () => {
    project = await createDemoProject();
    await setUp('stack', 'init', 'dev');
  });
  after(async () => {
    await pulumi.close();
    await project.remove();
  });
  const pulumi = createEmbeddedPulumi({ environment: {} });
  const setUp = (...args: string[]) => pulumi.run(args, project.directory, { ...project.environment });

  test('redraws a table while it runs, asks, and ends with the whole of it', async () => {
    const running = new TerminalRun(project, `${executable} up --emoji`);
    await running.until(/perform this update\? \[yes\/no\/details\]/);
    assert.match(running.output, /✨ Previewing update/);
    running.type('yes\n');
    const { text, code } = await running.end();
    assert.equal(code, 0, text);
    assert.match(
      text,
      /Previewing update \(dev\):\n\n +Type +Name +Plan.*\n \+ {3}pulumi:pulumi:Stack +demo-dev +create/,
    );
    assert.match(text, /Updating \(dev\):\n\n +Type +Name +Status.*\n \+ {3}pulumi:pulumi:Stack +demo-dev +created \(/);
    assert.match(text, / \+ {3}└─ pulumi-nodejs:dynamic:Resource +\S+ +created \(\d/);
    assert.match(text, /Resources:\n {4}\+ 4 created\n\nDuration: /);
    assert.equal(text.split('Status').length, 2, 'there is one table of the update');
  });

  test('takes another size of the terminal and Ctrl-C in the midst, and leaves it clean', async () => {
    await setUp('config', 'set', 'value', 'slow');
    await setUp('state', 'delete', '--yes', '--all');
    const running = new TerminalRun(project, `${executable} up --yes --skip-preview`);
    await running.until(/ a +\S*creating \(1s\)/);
    running.resize(60, 12);
    await running.until(/ a +\S*creating [^\n]*…/);
    running.type('\u0003');
    await running.until(/cancelling/);
    await project.write('go', '');
    const { text, code } = await running.end();
    assert.notEqual(code, 0);
    assert.match(text, /\^C received; cancelling/);
    assert.match(text, / a +created \(/);
    assert.equal((await setUp('up', '--yes', '--skip-preview')).code, 0);
  });

  test('ends at once at the second Ctrl-C, with the cursor in its place', async () => {
    await setUp('config', 'set', 'value', 'slow');
    await setUp('state', 'delete', '--yes', '--all');
    execFileSync('rm', ['-f', `${project.directory}/go`]);
    const running = new TerminalRun(project, `${executable} up --yes --skip-preview`);
    await running.until(/creating \(/);
    running.type('\u0003');
    await running.until(/cancelling/);
    running.type('\u0003');
    await running.until(/code 130/);
    const hidden = running.output.lastIndexOf('\u001b[?25l');
    assert.ok(running.output.lastIndexOf('\u001b[?25h') > hidden, 'the cursor is shown again');
    await project.write('go', '');
  });

  describe('pulumi state edit', () => {
    const thing = 'urn:pulumi:dev::demo::test:index:Group::thing';
    const inState = async () => {
      const { stdout } = await setUp('stack', 'export', '--show-secrets');
      return (JSON.parse(stdout) as { deployment: { resources: readonly unknown[] } }).deployment.resources;
    };
    const reset = async () => {
      await setUp('cancel', '--yes', 'dev'); // a killed process has left its lock
      const manifest = { time: '2026-01-01T00:00:00Z', magic: '', version: '' };
      const resources = [{ urn: thing, custom: false, type: 'test:index:Group', outputs: { word: 'old' } }];
      await project.write('state.json', JSON.stringify({ version: 3, deployment: { manifest, resources } }));
      assert.equal((await setUp('stack', 'import', '--file', 'state.json')).code, 0);
    };
    const writeEditor = async (commands: string) => {
      await project.write('editor', `#!/bin/sh\n${commands}`);
      await chmod(join(project.directory, 'editor'), 0o755);
    };
    const editing = (editor: string, name = 'edit') =>
      new TerminalRun(project, `EDITOR=${quoted(editor)} ${executable} state ${name}`);
    const secret =
      '{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","plaintext":"\\"hunter2\\""}';

    test('opens the editor on the state, shows what changed, and writes it when accepted', async () => {
      await reset();
      const running = editing('sed -i \'s/"old"/"new"/\'', 'modify');
      await running.until(/Do you want to perform this edit\? \[accept\/edit\/reset\/cancel\]/);
      running.type('accept\n');
      const { text, code } = await running.end();
      assert.equal(code, 0, text);
      assert.match(text, /Previewing state edit \(organization\/demo\/dev\)/);
      assert.match(text, /\n- +"word": "old"\n\+ +"word": "new"\n/);
      assert.deepEqual(await inState(), [
        { urn: thing, custom: false, type: 'test:index:Group', outputs: { word: 'new' } },
      ]);
    });

    test('encrypts a secret that is written in the clear, and does not show it', async () => {
      await reset();
      await writeEditor(`sed -i 's/"old"/${secret.replaceAll('\\', '\\\\')}/' "$1"\n`);
      const running = editing('./editor');
      await running.until(/perform this edit/);
      running.type('accept\n');
      const { text, code } = await running.end();
      assert.equal(code, 0, text);
      assert.doesNotMatch(text, /hunter2/);
      const { stdout } = await setUp('stack', 'export');
      assert.match(stdout, /"ciphertext"/);
      assert.doesNotMatch(stdout, /hunter2|plaintext/);
      assert.match(JSON.stringify(await inState()), /hunter2/);
    });

    test('does not take an invalid state, and gives the old one back to edit', async () => {
      await reset();
      const running = editing('sed -i \'s/"test:index:Group"/"another:index:Type"/\'');
      await running.until(/Received invalid state. What would you like to do\? \[edit\/reset\/cancel\]/);
      running.type('accept\n');
      await running.until(/\[edit\/reset\/cancel\][\s\S]*\[edit\/reset\/cancel\]/);
      running.type('reset\n');
      await running.until(/(\[edit\/reset\/cancel\][\s\S]*){3}/);
      running.type('cancel\n');
      const { text, code } = await running.end();
      assert.equal(code, 8, text);
      assert.match(
        text.replaceAll('\n', ''),
        /provided state is not valid: .*has the type another:index:Type, and its urn says/,
      );
      assert.match(text, /confirmation cancelled, not proceeding with the state edit/);
      assert.match(JSON.stringify(await inState()), /"word":"old"/);
    });

    test('does not overwrite what was changed while the editor was open, and keeps the edited text', async () => {
      await reset();
      const other = `${executable} state protect --yes --non-interactive ${thing}`;
      await writeEditor(`sed -i 's/"old"/"new"/' "$1"\n${other}\n`);
      const running = editing('./editor');
      await running.until(/perform this edit/);
      running.type('accept\n');
      const { text, code } = await running.end();
      assert.equal(code, 1, text);
      const [, file] = /changed meanwhile[\s\S]*What you have edited is kept in (\S+)/.exec(text)!;
      assert.match(await readFile(file!, 'utf8'), /"new"/);
      assert.match(JSON.stringify(await inState()), /"old".*"protect":true/);
      await rm(dirname(file!), { recursive: true });
    });

    test('says so where nothing was changed, where the editor fails, and where there is none', async () => {
      await reset();
      assert.match((await editing('true').end()).text, /warning: provided state was not changed/);
      const failed = await editing('false').end();
      assert.match(failed.text, /the editor ended with exit code 1; the state is as it was/);
      assert.equal(failed.code, 1);
      assert.match((await editing('').end()).text, /no EDITOR environment variable set/);
      await assert.rejects(setUp('state', 'edit'), /must be run in interactive mode/);
    });
  });
});

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
