import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ConcurrentUpdateError,
  type EngineEvent,
  LocalWorkspace,
  type LocalWorkspaceOptions,
  type Stack,
  StackAlreadyExistsError,
  StackNotFoundError,
} from '@pulumi/pulumi/automation/index.js';
import { openBackend } from '../state/open-backend.ts';
import { createEmbeddedPulumi, type EmbeddedPulumi } from './pulumi-command.ts';
import { createDemoProject, type DemoProject } from './testing/demo-project.ts';

let pulumi: EmbeddedPulumi;
const projects: DemoProject[] = [];

async function newProject(): Promise<DemoProject> {
  const project = await createDemoProject();
  projects.push(project);
  return project;
}

function optionsFor(project: DemoProject): LocalWorkspaceOptions {
  return { pulumiCommand: pulumi as never, envVars: { ...project.environment } };
}

function openStack(project: DemoProject, stackName = 'dev'): Promise<Stack> {
  return LocalWorkspace.createOrSelectStack({ stackName, workDir: project.directory }, optionsFor(project));
}

describe('the embedded command behind the Automation API', () => {
  before(() => {
    pulumi = createEmbeddedPulumi();
  });
  after(async () => {
    await pulumi.close();
    await Promise.all(projects.map((project) => project.remove()));
  });

  test('leads a stack through its life', async () => {
    const project = await newProject();
    const stack = await openStack(project);
    await stack.setConfig('value', { value: 'first' });
    await stack.setConfig('password', { value: 'hunter22', secret: true });
    assert.deepEqual(await stack.getConfig('password'), { value: 'hunter22', secret: true });

    const events: EngineEvent[] = [];
    const preview = await stack.preview({ onEvent: (event) => events.push(event) });
    assert.deepEqual(preview.changeSummary, { create: 4 });
    assert.match(preview.stdout, /Previewing update \(dev\).*the program ran.*\+ 4 to create/s);
    assert.deepEqual(await project.calls(), [], 'a preview changes nothing');
    assert.ok(events.at(-1)?.cancelEvent, 'the cancel event is the last one');
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, index) => index),
    );
    assert.ok(!JSON.stringify(events).includes('hunter22'), 'no secret is in an event');

    const up = await stack.up();
    assert.equal(up.summary.result, 'succeeded');
    assert.deepEqual(up.summary.resourceChanges, { create: 4 });
    assert.deepEqual(up.outputs.value, { value: 'first', secret: false });
    assert.deepEqual(up.outputs.password, { value: 'hunter22', secret: true });
    assert.deepEqual(up.outputs.nested?.value, { list: [1, { two: true }] });
    assert.ok(!up.stdout.includes('hunter22'));
    const calls = await project.calls();
    assert.ok(calls.indexOf('create a') < calls.indexOf('create b'), calls.join());

    assert.deepEqual((await stack.preview({ expectNoChanges: true })).changeSummary, { same: 4 });
    await stack.setConfig('value', { value: 'second' });
    await assert.rejects(stack.preview({ expectNoChanges: true }), /no changes were expected for preview/);
    assert.deepEqual((await stack.up()).summary.resourceChanges, { same: 3, update: 1 });
    assert.equal((await stack.refresh()).summary.kind, 'refresh');
    const history = await stack.history();
    assert.deepEqual(
      history.map(({ kind }) => kind),
      ['refresh', 'update', 'update'],
    );

    await stack.destroy();
    assert.ok((await project.calls()).slice(-3).every((call) => call.startsWith('delete')));
    await stack.workspace.removeStack('dev');
    assert.deepEqual(await stack.workspace.listStacks(), []);
  });

  test('fails with the error classes of the SDK', async () => {
    const project = await newProject();
    await openStack(project);
    const args = { workDir: project.directory };
    await assert.rejects(
      LocalWorkspace.selectStack({ ...args, stackName: 'nope' }, optionsFor(project)),
      StackNotFoundError,
    );
    await assert.rejects(
      LocalWorkspace.createStack({ ...args, stackName: 'dev' }, optionsFor(project)),
      StackAlreadyExistsError,
    );
    const stack = await openStack(project);
    const backend = await openBackend(project.environment.PULUMI_BACKEND_URL!, { environment: {} });
    const lock = await backend.lock({ project: 'demo', stack: 'dev' });
    await assert.rejects(
      stack.up(),
      (error: Error) => error instanceof ConcurrentUpdateError && /pulumi cancel/.test(error.message),
    );
    await stack.cancel();
    await lock.release();
    assert.equal((await stack.up()).summary.result, 'succeeded');
  });

  test('runs inline programs', async () => {
    const project = await newProject();
    const stack = await LocalWorkspace.createOrSelectStack(
      {
        stackName: 'inline',
        projectName: 'inline',
        program: async () => {
          const { Config } = await import('@pulumi/pulumi');
          return { greeting: new Config().require('greeting'), secret: new Config().requireSecret('word') };
        },
      },
      optionsFor(project),
    );
    await stack.setAllConfig({ greeting: { value: 'hello' }, word: { value: 'abracadabra', secret: true } });
    assert.deepEqual((await stack.preview()).changeSummary, { create: 1 });
    const { outputs, stdout } = await stack.up();
    assert.deepEqual(outputs, {
      greeting: { value: 'hello', secret: false },
      secret: { value: 'abracadabra', secret: true },
    });
    assert.ok(!stdout.includes('abracadabra'));
    await stack.destroy();
  });

  test('keeps two projects apart that run at the same time', async () => {
    const pair = await Promise.all([newProject(), newProject()]);
    const results = await Promise.all(
      pair.map(async (project, index) => {
        const stack = await openStack(project, `side${index}`);
        await stack.setConfig('value', { value: `value ${index}` });
        return stack.up();
      }),
    );
    assert.deepEqual(
      results.map(({ outputs }) => outputs.value?.value),
      ['value 0', 'value 1'],
    );
    for (const project of pair) assert.equal((await project.calls()).length, 3);
  });

  test('a failed resource fails the update, and the next one goes on from there', async () => {
    const project = await newProject();
    const stack = await openStack(project);
    await stack.setConfig('second', { value: 'fail' });
    await assert.rejects(stack.up(), /cannot create as asked/);
    const [last] = await stack.history();
    assert.equal(last?.result, 'failed');
    await stack.setConfig('second', { value: 'y' });
    const { summary } = await stack.up();
    assert.equal(summary.resourceChanges?.create, 1, JSON.stringify(summary.resourceChanges));
    assert.equal((await project.calls()).filter((call) => call === 'create a').length, 1);
  });

  test('an aborted update ends cleanly: what was made is kept, the lock is gone', async () => {
    const project = await newProject();
    const stack = await openStack(project);
    await stack.setConfig('value', { value: 'slow' });
    const controller = new AbortController();
    const running = stack.up({ signal: controller.signal });
    running.catch(() => {});
    while (!(await project.calls()).includes('create a')) await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await project.write('go', '');
    await assert.rejects(running);
    await stack.setConfig('value', { value: 'x' });
    assert.equal((await stack.up()).summary.result, 'succeeded');
  });

  test('exports, imports and renames', async () => {
    const project = await newProject();
    const stack = await openStack(project);
    await stack.setConfig('password', { value: 'hunter22', secret: true });
    await stack.up();
    const exported = await stack.exportStack();
    assert.ok(JSON.stringify(exported).includes('hunter22'), 'export shows secrets');
    await stack.importStack(exported);
    assert.equal((await stack.outputs()).password?.secret, true);
    await stack.rename({ stackName: 'other' });
    const renamed = await openStack(project, 'other');
    assert.deepEqual((await renamed.preview({ expectNoChanges: true })).changeSummary, { same: 4 });
    assert.deepEqual(
      (await renamed.workspace.listStacks()).map(({ name }) => name),
      ['other'],
    );
  });
});
