import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { identityOf, type ManagedProcess, startProcess } from '../../foundation/processes.ts';
import { createApiClient, parseRunnerAddress } from '../../runner/api/client.ts';

/** The first five minutes: `npm start` and, while it is up, every command of the README, in its order. */
const ROOT = resolve(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const WITHIN_MS = 900_000;

let folder: string;
/** For what stands in a list of words, or without quotes in a command. */
let plain: string;

before(() => {
  // As people have their folders: with a space, and with letters that are not English.
  folder = mkdtempSync(join(tmpdir(), 'mainstay stårt '));
  plain = mkdtempSync(join(tmpdir(), 'mainstay-start-'));
  // PostgreSQL runs as another user where we are root.
  for (const made of [folder, plain]) chmodSync(made, 0o755);
});

let running: Started | undefined;

after(async () => {
  await running?.end();
  for (const made of [folder, plain]) rmSync(made, { recursive: true, force: true });
});

interface Started {
  readonly process: ManagedProcess;
  said(): string;
  until(pattern: RegExp): Promise<void>;
  end(): Promise<number | undefined>;
}

function environment(): NodeJS.ProcessEnv {
  const { KUBECONFIG: _cluster, ...own } = process.env;
  const person = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' };
  const committer = { GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.org' };
  return { ...own, ...person, ...committer, MAINSTAY_DATA: join(folder, '.mainstay'), MAINSTAY_PORT: '0' };
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = environment()): Promise<Started> {
  const child = await startProcess(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.child.stdout!, child.child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const started: Started = {
    process: child,
    said: () => said,
    async until(pattern) {
      const deadline = Date.now() + WITHIN_MS;
      while (!pattern.test(said)) {
        assert.ok(Date.now() < deadline && identityOf(child.identity.pid), `${pattern} was not said:\n${said}`);
        await delay(50);
      }
    },
    async end() {
      if (identityOf(child.identity.pid)) process.kill(child.identity.pid, 'SIGINT');
      return (await child.exited).code;
    },
  };
  return started;
}

/** Runs lines of the README in bash; `npx` is what it would find where Mainstay is installed. */
function bash(
  lines: string,
  { cwd, env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const script = `npx() { shift; "${process.execPath}" "${ROOT}/cli/main.ts" "$@"; }\n${lines}`;
  return new Promise((done, fail) => {
    execFile('bash', ['-e', '-c', script], { cwd, env: env ?? environment() }, (error, output, errors) =>
      error ? fail(new Error(`${lines}\n${output}\n${errors}`)) : done(output),
    );
  });
}

/** The lines of the README's block of commands that has `text` in it. */
function block(text: string): string {
  const found = [...README.matchAll(/```sh\n([\s\S]*?)```/g)].find(([, lines]) => lines!.includes(text));
  assert.ok(found, `README has a block with ${text}`);
  return found[1]!;
}

test('npm start walks a change through everything in front of the user, each step a line with its time', async () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  assert.match(block('npm start'), /npm ci && npm start/);
  running = await run(scripts.start.split(' ').slice(1));
  await running.until(/begins anew\n/);
  const steps = [
    /made the repository/,
    /starting PostgreSQL and the runner/,
    /the runner is ready: http:/,
    /update of mainstay\/dev succeeded/,
    /update of mainstay\/staging succeeded/,
    /update of mainstay\/prod succeeded/,
    /a change: shop gets 2 replicas/,
    /preview: Changes mainstay\/dev\./,
    /merging: git merge more-replicas/,
    /update of mainstay\/dev succeeded/,
    /promotion of shop, dev → staging: .*registry\.example\/shop:1\.4\.2 → registry\.example\/shop:1\.5\.0/,
    /preview: .*mainstay\/staging/,
    /update of mainstay\/staging succeeded/,
    /somebody scales a Deployment of mainstay\/dev to 7 replicas/,
    /drift: 1 resource differs/,
    /put back as main says: 1 updated/,
  ];
  let at = 0;
  for (const step of steps) {
    const rest = running.said().slice(at);
    const found = new RegExp(`^ *\\d+\\.\\d\\d s  ${step.source}`, 'm').exec(rest);
    assert.ok(found, `${step} comes after what is before it:\n${running.said()}`);
    at += found.index + found[0].length;
  }
  assert.match(running.said(), /Look at it {8}http:\/\/127\.0\.0\.1:\d+\/sign-in#first_/);
});

test('README: makes a change by hand, and sees it run', async () => {
  await bash(block('git checkout -b new-image'), { cwd: folder });
  const head = await git(join(folder, '.mainstay/repositories/estate.git'), 'rev-parse', 'main');
  const file = join(folder, '.mainstay/runner.json');
  const api = createApiClient(parseRunnerAddress(file, readFileSync(file, 'utf8')));
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const rollout = (await api.rollouts()).find(({ commit }) => commit === head);
    if (rollout?.endedAt !== undefined) {
      assert.deepEqual([rollout.state, rollout.summary], ['succeeded', '1 updated']);
      break;
    }
    assert.ok(Date.now() < deadline, 'the change came to main and ran');
    await delay(100);
  }
});

test('README: asks where everything is, and previews on a laptop', async () => {
  const clone = join(folder, 'estate');
  assert.match(await bash(block('npx mainstay status'), { cwd: clone }), /mainstay\/dev +aligned \(sandbox\)/);
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  const env = { ...environment(), PULUMI_CONFIG_PASSPHRASE: 'mainstay-demo' };
  assert.match(await bash(block('npx mainstay preview'), { cwd: clone, env }), /Affects no stack[\s\S]*No mistakes/);
});

test('ends by Ctrl-C, goes on where it was, and begins anew when told', async () => {
  assert.equal(await running!.end(), 130);
  assert.doesNotMatch(running!.said(), /Error|at file:|"level"/);
  running = await run(['cli/start.ts']);
  await running.until(/begins anew\n/);
  assert.match(running.said(), /using the repository/);
  assert.doesNotMatch(running.said(), /made the repository|a change: |somebody scales/);
  assert.equal(await running.end(), 130);
  running = await run(['cli/start.ts', '--reset']);
  await running.until(/made the repository[\s\S]*updating mainstay\/dev/);
  assert.equal(await running.end(), 130);
  const wrong = await run(['cli/start.ts', '--rest']);
  assert.equal((await wrong.process.exited).code, 1);
  assert.match(wrong.said(), /^Cannot start as there is no such option: --rest\. There are --reset and --cluster\.\n$/);
});

test('README: takes a repository of yours', async () => {
  const own = join(folder, 'path/to/repository');
  mkdirSync(own, { recursive: true });
  await git(own, 'init', '--quiet');
  writeFileSync(join(own, 'Pulumi.yaml'), 'name: own\nruntime: nodejs\n');
  writeFileSync(join(own, 'index.js'), '');
  writeFileSync(join(own, 'Pulumi.dev.yaml'), '');
  const [init, serve] = block('npx mainstay init').trim().split('\n');
  assert.match(await bash(init!, { cwd: folder }), /mainstay\.yaml/);
  assert.match(serve!, /^MAINSTAY_REPOSITORIES='shop=\/srv\/git\/shop\.git' npx mainstay serve$/);
  const bare = join(plain, 'shop.git');
  await git(own, 'add', '--all');
  await git(own, 'commit', '--quiet', '--message', 'First');
  await git(folder, 'clone', '--quiet', '--bare', own, bare);
  const data = join(folder, 'serving');
  const env = { ...environment(), MAINSTAY_REPOSITORIES: `shop=${bare}`, MAINSTAY_DATA: data };
  running = await run(['cli/main.ts', 'serve'], env);
  await running.until(/runner is ready at .* watching shop/);
  assert.equal(await running.end(), 130);
});

test('README: uses the engine by hand', async () => {
  const project = join(folder, 'by-hand');
  mkdirSync(project);
  for (const name of [
    'Pulumi.yaml',
    'infra',
    'components',
    'stacks',
    'package.json',
    'tsconfig.json',
    'engine',
    'providers',
  ])
    if (!['engine', 'providers'].includes(name)) cpSync(join(ROOT, name), join(project, name), { recursive: true });
    else symlinkSync(join(ROOT, name), join(project, name));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  const lines = block('engine/bin/pulumi up').replaceAll('/tmp/my-state', join(plain, 'my-state'));
  const env = { ...environment(), PULUMI_HOME: join(folder, 'pulumi-home') };
  assert.match(await bash(lines, { cwd: project, env }), /\+ 34 to create[\s\S]*\+ \d+ created/);
});
