import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainstayError } from './errors.ts';
import { endRecorded, identityOf, isAlive, startProcess } from './processes.ts';

const SLEEPER = 'setInterval(() => {}, 1000)';
/** Starts a child of its own, prints its pid, ignores SIGTERM and stays. */
const STUBBORN_PARENT = `
  process.on('SIGTERM', () => {});
  const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(SLEEPER)}]);
  console.log(child.pid);
  ${SLEEPER}`;

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  const [chunk] = await once(stream, 'data');
  return String(chunk).trim();
}

async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && identityOf(pid) !== undefined; tries += 1) await delay(20);
  return identityOf(pid) === undefined;
}

test('says which executable is missing', async () => {
  await assert.rejects(
    startProcess('/nowhere/at-all', []),
    (error) => isMainstayError(error, 'user') && /\/nowhere\/at-all/.test(error.message),
  );
});

test('reports the exit code', async () => {
  const started = await startProcess(process.execPath, ['-e', 'process.exit(7)']);
  assert.deepEqual(await started.exited, { code: 7, signal: undefined });
});

test('forces a group that ignores the request to end, children included', async () => {
  const started = await startProcess(process.execPath, ['-e', STUBBORN_PARENT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const grandchild = Number(await firstLine(started.child.stdout!));
  assert.ok(identityOf(grandchild));
  const exit = await started.end({ graceMs: 100 });
  assert.equal(exit.signal, 'SIGKILL');
  assert.ok(await gone(grandchild), 'the grandchild outlived its group');
});

test('ends a process that an earlier life recorded, once', async () => {
  const started = await startProcess(process.execPath, ['-e', SLEEPER]);
  assert.equal(isAlive(started.identity), true);
  assert.equal(await endRecorded(started.identity), true);
  await started.exited;
  assert.equal(await endRecorded(started.identity), false);
});

test('leaves a process alone that only has the recorded pid', {
  skip: process.platform !== 'linux' && 'needs /proc',
}, async () => {
  const started = await startProcess(process.execPath, ['-e', SLEEPER]);
  assert.equal(await endRecorded({ pid: started.identity.pid, startTime: '1' }), false);
  assert.equal(isAlive(started.identity), true);
  await started.end();
});

test('kills what it started when its own process exits', async () => {
  const module = new URL('./processes.ts', import.meta.url).href;
  const source = `
    const { startProcess } = await import(${JSON.stringify(module)});
    const started = await startProcess(process.execPath, ['-e', ${JSON.stringify(SLEEPER)}], { stdio: 'ignore' });
    console.log(started.identity.pid);
    setTimeout(() => process.exit(0), 50);`;
  const parent = await startProcess(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const child = Number(await firstLine(parent.child.stdout!));
  await parent.exited;
  assert.ok(await gone(child));
});
