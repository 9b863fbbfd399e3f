import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { createEmbeddedPulumi } from './pulumi-command.ts';
import { createDemoProject, type DemoProject } from './testing/demo-project.ts';

describe('--verbose', () => {
  const pulumi = createEmbeddedPulumi({ environment: {} });
  let project: DemoProject;
  let errors = '';
  const run = (...args: string[]) => {
    errors = '';
    return pulumi.run(args, project.directory, { ...project.environment }, undefined, (text) => {
      errors += text;
    });
  };
  before(async () => {
    project = await createDemoProject();
    await run('stack', 'init', 'dev');
    await run('config', 'set', '--secret', 'password', 'hunter22');
  });
  after(async () => {
    await pulumi.close();
    await project.remove();
  });

  test('logs to standard error what is done, with times, the failure too, and no secret', async () => {
    await run('preview', '--verbose', '3', '--logtostderr', '--config', 'value=hunter22');
    assert.match(errors, /^\[0\.\d{3}\] 20\S+ engine 3\.\d+\.\d+, Node v\d.*: preview .*--verbose.*--config/m);
    assert.match(errors, /^\[\d+\.\d{3}\] resource-pre create urn:pulumi:dev::demo::\S+::b /m);
    assert.match(errors, /^\[\d+\.\d{3}\] info \S* the program ran$/m);
    assert.match(errors, /^\[\d+\.\d{3}\] exit code 0$/m);
    assert.ok(!errors.includes('hunter22'));
    await assert.rejects(run('stack', 'select', 'nowhere', '-v', '1', '--logtostderr'));
    assert.match(errors, /^\[\d+\.\d{3}\] failed: .*no stack named 'nowhere' found/m);
  });

  test('logs to a file of its own that it names, and not at all at level 0', async () => {
    await run('stack', 'ls', '-v=1');
    const [, file] = /^Logging to (.*)$/m.exec(errors)!;
    try {
      assert.match(await readFile(file!, 'utf8'), /stack ls .*\n.*exit code 0\n$/);
      assert.equal((await stat(file!)).mode & 0o777, 0o600);
    } finally {
      await rm(file!);
    }
    await run('stack', 'ls', '--logtostderr');
    assert.equal(errors, '');
    await assert.rejects(run('stack', 'ls', '--verbose', '-1'), /levels begin at 0/);
    await run('whoami', '--verbose');
  });
});
