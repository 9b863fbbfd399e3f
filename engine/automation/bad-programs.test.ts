import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createDemoProject, type DemoProject } from './testing/demo-project.ts';
import { executable, start } from './testing/run-executable.ts';
import { createInProcess } from './testing/run-in-process.ts';
import { until } from './testing/until.ts';

const head = "const pulumi = require('@pulumi/pulumi');\n";
const component = "new pulumi.ComponentResource('test:index:Group', 'same');\n";
const good = `${head}${component}exports.value = 1;\n`;

describe('a program or a disk that misbehaves is one clear error, with the state as it was', () => {
  let project: DemoProject;
  const inProcess = createInProcess();
  const { run } = inProcess;

  before(async () => {
    project = await createDemoProject();
    await project.write('package.json', '{ "name": "demo", "main": "index.js" }\n');
    await project.write('index.js', good);
    assert.equal((await run(project, 'stack', 'init', 'dev')).code, 0);
    const up = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(up.code, 0, up.stderr + up.stdout);
  });
  after(async () => {
    await inProcess.close();
    await project.remove();
  });

  /** The state is what the good program made of it, and nobody holds it. */
  async function assertIntact(): Promise<void> {
    await project.write('index.js', good);
    const preview = await run(project, 'preview', '--expect-no-changes');
    assert.equal(preview.code, 0, preview.stderr + preview.stdout);
  }

  test('two resources of one name', async () => {
    await project.write('index.js', `${head}${component}${component}`);
    const { code, stdout } = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(code, 1, stdout);
    assert.match(stdout, /error: Duplicate resource URN 'urn:pulumi:dev::demo::test:index:Group::same'/);
    await assertIntact();
  });

  test('a program that logs errors has only said something, as under the official CLI', async () => {
    await project.write('index.js', `${good}pulumi.log.error('look at this');`);
    const { code, stdout } = await run(project, 'up', '--yes');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /error: look at this[\s\S]*Resources:\n +2 unchanged\n +1 errored/);
    await assertIntact();
  });

  test('outputs that wait for each other', async () => {
    const cycle = `
      const one = pulumi.output(new Promise((resolve) => setTimeout(() => two.apply(resolve))));
      const two = pulumi.output(new Promise((resolve) => setTimeout(() => one.apply(resolve))));
      exports.one = one;
    `;
    await project.write('index.js', head + component + cycle);
    const { code, stdout } = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(code, 1, stdout);
    assert.match(stdout, /error: Cannot take the program as finished.*outputs that wait for each other/);
    assert.doesNotMatch(stdout, /signaling shutdown/);
    await assertIntact();
  });

  test('a program that never ends is ended by Ctrl-C, with its process', async () => {
    await project.write(
      'index.js',
      `${head}${component}console.log('pid ' + process.pid);\nsetInterval(() => {}, 1000);\nexports.never = new Promise(() => {});\n`,
    );
    const running = start(project, ['up', '--yes', '--skip-preview']);
    // Once it runs, it would wait for ever.
    await until(() => running.stdout().includes('pid '));
    process.kill(running.pid, 'SIGINT');
    const { code, stdout, stderr } = await running.result;
    assert.notEqual(code, 0, stdout);
    assert.match(stderr, /cancelling/);
    const pid = Number(/pid (\d+)/.exec(stdout)![1]);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await assertIntact();
  });

  test('output without end reaches the terminal and nothing breaks', async () => {
    const flood = "for (let line = 0; line < 20000; line += 1) console.log('x'.repeat(200) + line);\n";
    await project.write('index.js', `${head}${component}${flood}throw new Error('after the flood');\n`);
    const { code, stdout } = await run(project, 'up', '--yes', '--skip-preview');
    assert.equal(code, 1);
    assert.match(stdout, /x19999/);
    assert.match(stdout, /after the flood/);
    await assertIntact();
  });

  test('a full disk', async () => {
    const many =
      "for (let n = 0; n < 60; n += 1) new pulumi.ComponentResource('test:index:Group', 'long-name-of-a-group-' + n);\n";
    await project.write('index.js', `${head}${component}${many}exports.value = 1;\n`);
    // A limit on the size of files stands in for it: writes fail in the middle as they do when nothing is left.
    const limited = ['-c', `trap '' XFSZ; ulimit -f 8; exec '${executable}' up --yes --skip-preview`];
    const { code, stdout, stderr } = await start(project, limited, { command: '/bin/sh' }).result;
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout + stderr, /EFBIG|file too large|ENOSPC|no space/i);
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
    await assertIntact();
  });
});
