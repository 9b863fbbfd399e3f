import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isAlive, type ManagedProcess, startProcess } from '../../foundation/processes.ts';
import { guardPostgres } from './guard-postgres.ts';

const onLinux = process.platform === 'linux' ? false : 'the children of a process are read from /proc';

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 120_000; !isSo(); await delay(20)) assert.ok(Date.now() < deadline, what);
}

/** A folder as PostgreSQL's is, with a process in its place. */
async function standIn(t: TestContext): Promise<{ readonly folder: string; readonly postmaster: ManagedProcess }> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-guard-'));
  mkdirSync(join(folder, 'data'));
  const postmaster = await startProcess('sleep', ['600'], { stdio: 'ignore' });
  writeFileSync(join(folder, 'data/postmaster.pid'), `${postmaster.identity.pid}\n/data\n`);
  t.after(async () => {
    await postmaster.end({ signal: 'SIGKILL' });
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, postmaster };
}

/** A life of ours that guards it, and the process that does so. */
async function lifeWith(
  folder: string,
  pid: number,
): Promise<{ readonly life: ManagedProcess; readonly guard: number }> {
  const module = JSON.stringify(new URL('./guard-postgres.ts', import.meta.url).href);
  const source = `
    import { readFileSync } from 'node:fs';
    const { guardPostgres } = await import(${module});
    setInterval(() => {}, 1000);
    guardPostgres({ folder: ${JSON.stringify(folder)}, pid: ${pid}, outlivesSeconds: 2 });
    console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'));`;
  const life = await startProcess(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await new Promise<string>((resolve) => life.child.stdout!.setEncoding('utf8').once('data', resolve));
  return { life, guard: Number(said.trim()) };
}

test('ends PostgreSQL after whoever started it was killed', { skip: onLinux }, async (t) => {
  const { folder, postmaster } = await standIn(t);
  const { life, guard } = await lifeWith(folder, postmaster.identity.pid);
  assert.ok(identityOf(guard));
  await life.end({ signal: 'SIGKILL' });
  await until('it ends', () => !isAlive(postmaster.identity));
  assert.equal((await postmaster.exited).signal, 'SIGINT');
  await until('its guard ends', () => identityOf(guard) === undefined);
});

test('leaves it to the next life where that comes in time, and never ends another process of its number', {
  skip: onLinux,
}, async (t) => {
  const { folder, postmaster } = await standIn(t);
  const first = await lifeWith(folder, postmaster.identity.pid);
  const letGo = guardPostgres({ folder, pid: postmaster.identity.pid });
  t.after(letGo);
  await first.life.end({ signal: 'SIGKILL' });
  await until('the first guard ends', () => identityOf(first.guard) === undefined);
  assert.ok(isAlive(postmaster.identity));
  const second = await lifeWith(folder, postmaster.identity.pid);
  writeFileSync(join(folder, 'data/postmaster.pid'), '1\n');
  await second.life.end({ signal: 'SIGKILL' });
  await until('the second guard ends', () => identityOf(second.guard) === undefined);
  assert.ok(isAlive(postmaster.identity));
});
