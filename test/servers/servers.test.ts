import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf } from '../../foundation/processes.ts';
import { cacheFolder } from './cache.ts';
import { buildKey, SERVER_BUILDS, serverBuild } from './catalogue.ts';
import { withFileLock } from './file-lock.ts';
import { freePorts } from './free-port.ts';
import { ServerGroup } from './server-group.ts';

describe('the cache of servers', () => {
  it('is outside the repository, where the user says, or where caches go', () => {
    assert.equal(cacheFolder({ MAINSTAY_SERVERS_CACHE: '/c' }), '/c');
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/x' }), '/x/mainstay-servers');
    assert.match(cacheFolder({}), /\/\.cache\/mainstay-servers$/);
  });

  it('has another key for another compiler, and for each server', () => {
    const build = serverBuild('kubernetes');
    assert.notEqual(buildKey(build, 'go1.26.8'), buildKey(build, 'go1.26.9'));
    assert.equal(buildKey(build, 'go1.26.8'), buildKey(build, 'go1.26.8'));
    assert.equal(new Set(SERVER_BUILDS.map((one) => buildKey(one, 'go'))).size, SERVER_BUILDS.length);
    assert.throws(() => serverBuild('nginx'), /as there is none. There are: kubernetes/);
  });
});

describe('withFileLock', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-lock-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('lets one in after the other, also when work fails', async () => {
    const path = join(folder, 'deep/one.lock');
    let inside = 0;
    const enter = (fails: boolean) =>
      withFileLock(path, async () => {
        inside += 1;
        assert.equal(inside, 1);
        await delay(20);
        inside -= 1;
        if (fails) throw new Error('failed work');
      });
    const results = await Promise.allSettled([enter(true), enter(false), enter(false)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    );
  });

  it('takes over the lock of a process that is gone', async () => {
    const path = join(folder, 'stale.lock');
    await writeFile(path, JSON.stringify({ pid: process.pid, startTime: '1' }));
    assert.equal(await withFileLock(path, async () => 'in'), 'in');
  });
});

describe('freePorts', () => {
  it('gives different ports that can be listened on', async () => {
    const ports = await freePorts(3);
    assert.equal(new Set(ports).size, 3);
    for (const port of ports)
      await new Promise<void>((resolve, reject) => {
        const server = createServer().once('error', reject);
        server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
      });
  });
});

describe('ServerGroup', () => {
  // A dead process whose parent has not asked for its end yet does not count.
  const isAlive = (pid: number) => identityOf(pid) !== undefined;

  it('ends its processes and removes its folder', async () => {
    const group = await ServerGroup.open('test');
    const { identity } = await group.start('sleeper', ['sleep', '60']);
    await group.until('sleeper', async () => true);
    await group.stop();
    assert.ok(!isAlive(identity.pid));
    await assert.rejects(readFile(join(group.folder, 'sleeper.log')), { code: 'ENOENT' });
  });

  it('gives the last lines of the log where a process ends before it is ready', async () => {
    const group = await ServerGroup.open('test');
    await group.start('failing', ['sh', '-c', 'echo no port left; exit 1']);
    await assert.rejects(
      group.until('failing', async () => false),
      /Cannot start failing as it ended: no port left/,
    );
    await group.stop();
  });

  it('is ended also where the process that started it is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mainstay-killed-'));
    const script = join(folder, 'owner.mts');
    await mkdir(folder, { recursive: true });
    await writeFile(
      script,
      `import { ServerGroup } from ${JSON.stringify(join(import.meta.dirname, 'server-group.ts'))};
       const group = await ServerGroup.open('killed');
       const { identity } = await group.start('sleeper', ['sleep', '60']);
       console.log(identity.pid);
       setInterval(() => {}, 1000);`,
    );
    const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => owner.stdout.once('data', (line) => resolve(Number(line))));
    assert.ok(isAlive(pid));
    owner.kill('SIGKILL');
    for (const deadline = performance.now() + 10_000; isAlive(pid) && performance.now() < deadline; ) await delay(20);
    assert.ok(!isAlive(pid));
    await rm(folder, { recursive: true, force: true });
  });
});
