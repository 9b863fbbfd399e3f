import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type EngineEvent, LocalWorkspace } from '@pulumi/pulumi/automation/index.js';
import { createEmbeddedPulumi, type EmbeddedPulumi } from '../automation/pulumi-command.ts';
import { createDemoProject, type DemoProject } from '../automation/testing/demo-project.ts';

/** The provider of dynamic resources is told all settings. */
const CHANGED = ['update a', 'update default'];

let pulumi: EmbeddedPulumi;
let project: DemoProject;

before(async () => {
  pulumi = createEmbeddedPulumi();
  project = await createDemoProject();
});
after(async () => {
  await pulumi.close();
  await project.remove();
});

const open = (command: Pick<EmbeddedPulumi, 'run'>) =>
  LocalWorkspace.createOrSelectStack(
    { stackName: 'dev', workDir: project.directory },
    { pulumiCommand: command as never, envVars: { ...project.environment } },
  );

async function previewed(command: Pick<EmbeddedPulumi, 'run'>, value: string): Promise<readonly string[]> {
  const stack = await open(command);
  await stack.setConfig('value', { value });
  const steps: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op, urn } = resourcePreEvent?.metadata ?? {};
    if (op !== undefined && op !== 'same') steps.push(`${op} ${urn!.split('::').at(-1)}`);
  };
  await stack.preview({ onEvent });
  return steps.sort();
}

test('previews that build on each other: what one would make is there for the next, and nothing is written', async () => {
  const stack = await open(pulumi);
  await stack.setConfig('password', { value: 'hunter22', secret: true });
  const unreal = pulumi.foreseeing();
  assert.deepEqual(await previewed(unreal, 'one'), [
    'create a',
    'create b',
    'create default',
    'create demo-dev',
    'create secret',
  ]);
  assert.deepEqual(await previewed(unreal, 'one'), [], 'the next finds it all there');
  assert.deepEqual(await previewed(unreal, 'two'), CHANGED);
  assert.deepEqual(await previewed(unreal, 'one'), CHANGED, 'and back');
  assert.equal((await previewed(pulumi, 'one')).length, 5, 'nothing of it is real');
  assert.deepEqual(await project.calls(), []);
});

test('starts from what is, with ids and outputs that are known', async () => {
  const stack = await open(pulumi);
  await stack.setConfig('value', { value: 'one' });
  await stack.up();
  assert.deepEqual(await previewed(pulumi, 'two'), CHANGED);
  const made = await project.calls();
  const unreal = pulumi.foreseeing();
  assert.deepEqual(await previewed(unreal, 'two'), CHANGED);
  assert.deepEqual(await previewed(unreal, 'one'), CHANGED);
  assert.deepEqual(await previewed(unreal, 'one'), []);
  assert.deepEqual(await project.calls(), made);
});
