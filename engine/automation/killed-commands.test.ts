import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createDemoProject, type DemoProject } from './testing/demo-project.ts';
import { killedBeforeChange } from './testing/killed-before-change.ts';
import { type Result, start } from './testing/run-executable.ts';
import { createInProcess } from './testing/run-in-process.ts';

const inProcess = createInProcess();
const { run, runWith } = inProcess;
const oldWords = 'correct horse';
const newWords = 'battery staple';
const urn = (name: string) => `urn:pulumi:dev::demo::pulumi-nodejs:dynamic:Resource::${name}`;

/** A project with a stack `dev` that has resources, secrets in its state and in its settings, and an empty stack `other`. */
async function createLivingProject(): Promise<DemoProject> {
  const project = await createDemoProject();
  const commands = [
    ['stack', 'init', 'other'],
    ['stack', 'init', 'dev'],
    ['config', 'set', '--secret', 'password', 'sesame'],
    ['up', '--yes', '--skip-preview'],
  ];
  for (const args of commands) {
    const { code, stderr, stdout } = await run(project, ...args);
    assert.equal(code, 0, stderr + stdout);
  }
  return project;
}

async function copyOf(project: DemoProject): Promise<DemoProject> {
  const root = await mkdtemp(join(tmpdir(), 'mainstay-killed-'));
  await cp(dirname(project.directory), root, { recursive: true, verbatimSymlinks: true });
  const environment = {
    ...project.environment,
    PULUMI_HOME: join(root, 'home'),
    PULUMI_BACKEND_URL: `file://${join(root, 'state')}`,
  };
  const copy = {
    ...project,
    directory: join(root, 'project'),
    environment,
    remove: () => rm(root, { recursive: true, force: true }),
  };
  assert.equal((await run(copy, 'stack', 'select', 'dev')).code, 0);
  return copy;
}

/** Names of the resources, whose secrets can all be decrypted. Fails where the state does not load. */
async function namesIn(project: DemoProject, stack = 'dev', passphrase = oldWords): Promise<readonly string[]> {
  const variables = { PULUMI_CONFIG_PASSPHRASE: passphrase };
  const exported = await runWith(project, variables, 'stack', 'export', '--show-secrets', '--stack', stack);
  assert.equal(exported.code, 0, exported.stderr);
  const { deployment } = JSON.parse(exported.stdout) as { deployment: { resources?: { urn: string }[] } };
  return (deployment.resources ?? [])
    .map((one) => one.urn)
    .filter((one) => one.includes('pulumi-nodejs:dynamic'))
    .map((one) => one.split('::').at(-1)!)
    .sort();
}

interface KilledCommand {
  readonly args: readonly string[];
  readonly input?: string;
  /** What holds wherever the command was killed. */
  check(project: DemoProject): Promise<void>;
  /** What holds once the same command has been given again. It may say that nothing is left to do. */
  checkDone(project: DemoProject, again: Result): Promise<void>;
}

const move: KilledCommand = {
  args: ['state', 'move', '--yes', '--dest', 'other', urn('a'), urn('b')],
  async check(project) {
    const both = [...(await namesIn(project)), ...(await namesIn(project, 'other'))];
    assert.deepEqual([...new Set(both)].sort(), ['a', 'b', 'secret'], 'in one stack at least');
  },
  async checkDone(project) {
    assert.deepEqual(await namesIn(project), ['secret']);
    assert.deepEqual(await namesIn(project, 'other'), ['a', 'b']);
  },
};

/** A command that changes one state: all of it or nothing. */
function change(args: readonly string[], done: readonly string[]): KilledCommand {
  return {
    args,
    async check(project) {
      const names = await namesIn(project);
      assert.ok([done.join(), 'a,b,secret'].includes(names.join()), names.join());
    },
    checkDone: async (project) => assert.deepEqual(await namesIn(project), done),
  };
}

const newPassphrase: KilledCommand = {
  args: ['stack', 'change-secrets-provider', 'passphrase'],
  input: newWords,
  async check(project) {
    // Each of the two under one of the two passphrases, and whoever gives the wrong one is told why.
    const opened = await Promise.all(
      [oldWords, newWords].map(async (passphrase) => {
        const variables = { PULUMI_CONFIG_PASSPHRASE: passphrase };
        const settings = await runWith(project, variables, 'config', 'get', 'password');
        const state = await runWith(project, variables, 'stack', 'output', 'password', '--show-secrets');
        return { settings, state };
      }),
    );
    for (const part of ['settings', 'state'] as const) {
      const codes = opened.map((one) => one[part].code);
      assert.deepEqual(codes.sort(), [0, 1], part);
      for (const { code, stdout } of opened.map((one) => one[part])) if (code === 0) assert.match(stdout, /sesame/);
    }
    const torn = opened.filter(({ settings, state }) => settings.code !== state.code);
    for (const { settings, state } of torn)
      assert.match(settings.stderr + state.stderr, /incorrect passphrase.*cut off.*change-secrets-provider/s);
  },
  async checkDone(project, again) {
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await namesIn(project, 'dev', newWords), ['a', 'b', 'secret']);
    const variables = { PULUMI_CONFIG_PASSPHRASE: newWords };
    assert.match((await runWith(project, variables, 'config', 'get', 'password')).stdout, /^sesame\n$/);
  },
};

describe('a command that changes states, killed before each of its writes, leaves what loads, and can be given again', () => {
  let project: DemoProject;

  before(async () => {
    project = await createLivingProject();
  });
  after(async () => {
    await inProcess.close();
    await project.remove();
  });

  for (const [name, command] of Object.entries({
    'state delete': change(['state', 'delete', '--yes', urn('b')], ['a', 'secret']),
    'state rename': change(['state', 'rename', '--yes', urn('a'), 'renamed'], ['b', 'renamed', 'secret']),
    'state move': move,
    'stack change-secrets-provider': newPassphrase,
  }))
    test(name, { timeout: 900_000 }, async (context) => killEverywhere(context, project, command));
});

async function killEverywhere(context: TestContext, original: DemoProject, command: KilledCommand): Promise<void> {
  for (let place = 1; ; place += 1) {
    const project = await copyOf(original);
    try {
      const { code, stderr } = await runKilled(project, command, place);
      if (code !== null) {
        assert.equal(code, 0, stderr);
        context.diagnostic(`killed before each of ${place - 1} writes`);
        // The lock, the state and its backup, at the least.
        assert.ok(place > 3, stderr);
        return await command.checkDone(project, { code, stderr, stdout: '' });
      }
      await command.check(project);
      await run(project, 'cancel', '--yes', '--stack', 'dev');
      await run(project, 'cancel', '--yes', '--stack', 'other');
      const again = await start(project, command.args, { input: command.input }).result;
      await command.checkDone(project, again);
    } finally {
      await project.remove();
    }
  }
}

/** Code null: it was killed. */
async function runKilled(project: DemoProject, { args, input }: KilledCommand, place: number): Promise<Result> {
  const environment = killedBeforeChange(place, dirname(project.directory));
  return start(project, args, { environment, input }).result;
}
