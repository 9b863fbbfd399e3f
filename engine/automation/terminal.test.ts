import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
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
});
