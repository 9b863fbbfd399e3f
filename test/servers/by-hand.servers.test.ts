import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { executablePath } from './build.ts';
import { SERVER_BUILDS, serverBuild } from './catalogue.ts';
import { whyNot } from './start.ts';

const root = resolve(import.meta.dirname, '../..');

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly messages: string;
}

/** `npm run servers -- ...` in an environment of its own. */
function servers(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd: root, env, timeout: 120_000 };
    execFile(process.execPath, ['test/servers/main.ts', ...args], options, (error, output, messages) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output, messages }),
    );
  });
}

/** The processes that carry the mark, as the system lists them. */
function marked(mark: string): readonly string[] {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter(
      (name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).split('\0').includes(`MAINSTAY_RUN_MARK=${mark}`),
    )
    .filter((name) => !/^State:\tZ/m.test(read(`/proc/${name}/status`)))
    .map((name) => `${name} ${read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').slice(0, 100)}`);
}

async function gone(mark: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; marked(mark).length > 0 && Date.now() < deadline; ) await delay(50);
  assert.deepEqual(marked(mark), []);
}

describe('npm run servers', { skip: await whyNot('kubernetes', 'registry') }, () => {
  let cache: string;
  let environment: NodeJS.ProcessEnv;
  const mark = `by-hand-${process.pid}`;

  before(async () => {
    // A cache of its own with the same executables, so that what somebody has started by hand stays as it is.
    cache = await mkdtemp(join(tmpdir(), 'mainstay-servers-'));
    for (const name of ['kubernetes', 'registry'] as const) {
      const folder = dirname(await executablePath(serverBuild(name)));
      await symlink(folder, join(cache, basename(folder)));
    }
    const { KUBECONFIG: _none, MAINSTAY_TEST_CLUSTER: _nor, ...own } = process.env;
    environment = { ...own, MAINSTAY_SERVERS_CACHE: cache, MAINSTAY_RUN_MARK: mark };
  });
  after(() => rm(cache, { recursive: true, force: true }));

  it('lists every server with its version, and what is built and what is not', async () => {
    const { code, output } = await servers(['list'], environment);
    assert.equal(code, 0);
    assert.match(output, new RegExp(`^go1\\.\\d+\\S*, cache ${cache}$`, 'm'));
    for (const { name, version } of SERVER_BUILDS) assert.match(output, new RegExp(`^ +${name} +${version} `, 'm'));
    assert.match(output, new RegExp(`kubernetes +v\\S+ +${cache}/kubernetes-\\S+/control-plane$`, 'm'));
    assert.match(output, /gitea +v\S+ +not built$/m);
  });

  it('starts a control plane, prints the path of its kubeconfig, and stops it without leaving a process', async () => {
    const started = await servers(['start', 'kubernetes'], environment);
    assert.equal(started.code, 0, started.messages);
    const path = started.output.trim();
    const config = JSON.parse(await readFile(path, 'utf8'));
    assert.match(config.clusters[0].cluster.server, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await servers(['start', 'kubernetes'], environment)).output.trim(), path, 'there is one only');
    assert.ok((await servers(['list'], environment)).output.includes(`runs: ${path}`));
    assert.ok(marked(mark).some((line) => line.includes('kube-apiserver')));
    assert.equal((await servers(['stop', 'kubernetes'], environment)).output.trim(), 'kubernetes ended');
    await gone(mark);
    assert.ok(!existsSync(path), 'its folder is gone');
    assert.equal((await servers(['stop', 'kubernetes'], environment)).output.trim(), 'kubernetes was not running');
  });

  it('compiles what is missing, and says how it goes on', async () => {
    await rm(join(cache, basename(dirname(await executablePath(serverBuild('registry'))))), { force: true });
    const built = await servers(['build', 'registry'], environment);
    assert.equal(built.code, 0, built.messages);
    assert.match(built.messages, /registry: compiling OCI registry \(crane\) v0\.\S+/);
    assert.match(built.messages, /registry: ready after \d+ s/);
    assert.match((await servers(['list'], environment)).output, new RegExp(`registry +v\\S+ +${cache}/registry-`));
  });

  it('says what to do without Go, and with a Go that is too old', async () => {
    const folder = join(cache, 'bin');
    await mkdir(folder);
    const without = await servers(['build', 'registry'], { ...environment, PATH: folder });
    assert.equal(without.code, 1);
    assert.match(
      without.messages,
      /no go executable on PATH\. Install Go 1\.26\.2 or newer .* or set KUBECONFIG and MAINSTAY_TEST_CLUSTER=1/,
    );
    await writeFile(join(folder, 'go'), '#!/bin/sh\necho go version go1.21.3 linux/amd64\n', { mode: 0o755 });
    const old = await servers(['build', 'registry'], { ...environment, PATH: `${folder}:/bin:/usr/bin` });
    assert.match(old.messages, /Go is too old: go1\.21\.3\. Install Go/);
  });

  it('explains itself where the command is none, and names the servers that there are', async () => {
    assert.match((await servers(['launch'], environment)).messages, /npm run servers \[-- COMMAND\]/);
    assert.match(
      (await servers(['start', 'helm'], environment)).messages,
      /helm .* no server\. There are: kubernetes, gitea/,
    );
  });
});

describe('npm run test:servers that is interrupted', { skip: await whyNot('kubernetes') }, () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const)
    it(`leaves no process after ${signal}`, async () => {
      const mark = `interrupted-${process.pid}-${signal}`;
      const folder = await mkdtemp(join(tmpdir(), 'mainstay-interrupted-'));
      const file = join(folder, 'pid');
      const { KUBECONFIG: _none, MAINSTAY_TEST_CLUSTER: _nor, NODE_TEST_CONTEXT: _this, ...own } = process.env;
      const run: ChildProcess = spawn(
        process.execPath,
        ['test/servers/run-tests.ts', 'test/servers/fixtures/hanging-test.ts'],
        {
          cwd: root,
          env: { ...own, MAINSTAY_RUN_MARK: mark, HANGING_FILE: file },
          stdio: 'ignore',
        },
      );
      const ended = new Promise((done) => run.once('exit', done));
      for (const deadline = Date.now() + 60_000; !existsSync(file) && Date.now() < deadline; ) await delay(50);
      const before = marked(mark);
      for (const wanted of ['etcd', 'kube-apiserver', 'kwok', 'sleep 600'])
        assert.ok(
          before.some((line) => line.includes(wanted)),
          `${wanted}: ${before.join('\n')}`,
        );
      run.kill(signal);
      await ended;
      await gone(mark);
      await rm(folder, { recursive: true, force: true });
    });
});
