import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createEmbeddedPulumi } from './pulumi-command.ts';
import { createDemoProject, type DemoProject } from './testing/demo-project.ts';

const program = `
import * as pulumi from '@pulumi/pulumi';
const log = process.cwd() + '/calls.log';
const provider: pulumi.dynamic.ResourceProvider = {
  async create() { return { id: 'one', outs: {} }; },
  async read(id: string) { require('node:fs').appendFileSync(log, 'read ' + id + '\\n'); return { id, props: {} }; },
};
class Thing extends pulumi.dynamic.Resource {
  constructor(name: string) { super(provider, name, {}); }
}
new Thing('one');
`;

describe('options of Pulumi.yaml', () => {
  const pulumi = createEmbeddedPulumi({ environment: {} });
  let project: DemoProject;
  const run = (...args: string[]) => pulumi.run(args, project.directory, { ...project.environment });
  const settings = (more: string) => project.write('Pulumi.yaml', `name: demo\nruntime: nodejs\n${more}`);
  const reads = async () => (await project.calls()).length;
  before(async () => {
    project = await createDemoProject();
    await project.write('index.ts', program);
    await run('stack', 'init', 'dev');
    await run('up', '--yes', '--skip-preview');
  });
  after(async () => {
    await pulumi.close();
    await project.remove();
  });

  test('options.refresh: always refreshes first, unless the command line says otherwise', async () => {
    await run('preview');
    assert.equal(await reads(), 0);
    await settings('options:\n  refresh: always\n');
    await run('preview');
    assert.equal(await reads(), 1);
    await run('up', '--yes', '--skip-preview');
    assert.equal(await reads(), 2);
    await run('preview', '--refresh=false');
    assert.equal(await reads(), 2);
  });

  test('requiredPulumiVersion refuses another version before anything is done, by name', async () => {
    await settings('requiredPulumiVersion: ">=3.0.0 <4.0.0"\n');
    await run('preview');
    await settings('requiredPulumiVersion: ">=99.0.0"\n');
    for (const command of ['preview', 'up', 'refresh', 'destroy'])
      await assert.rejects(
        run(command, ...(command === 'preview' ? [] : ['--yes'])),
        /Pulumi\.yaml .*Pulumi CLI version 3\.\d+\.\d+ does not satisfy the version range ">=99\.0\.0"/s,
      );
    await settings('requiredPulumiVersion: newest\n');
    await assert.rejects(run('preview'), /"newest" is not a range/);
  });
});
