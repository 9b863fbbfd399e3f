import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from './log.ts';
import { startProcess } from './processes.ts';
import { createShutdown } from './shutdown.ts';

test('ends parts in reverse order, once, and goes on past a failing one', async () => {
  const ended: string[] = [];
  const shutdown = createShutdown(silentLog);
  shutdown.add('first', () => void ended.push('first'));
  shutdown.add('broken', () => Promise.reject(new Error('no')));
  shutdown.add('last', async () => void ended.push('last'));
  await Promise.all([shutdown.end('test'), shutdown.end('again')]);
  assert.deepEqual(ended, ['last', 'first']);
  assert.equal(shutdown.signal.aborted, true);
});

test('does not end what was taken back', async () => {
  const ended: string[] = [];
  const shutdown = createShutdown(silentLog);
  const takeBack = shutdown.add('gone', () => void ended.push('gone'));
  takeBack();
  await shutdown.end('test');
  assert.deepEqual(ended, []);
});

const [SHUTDOWN, LOG] = ['./shutdown.ts', './log.ts'].map((file) =>
  JSON.stringify(new URL(file, import.meta.url).href),
);

for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const))
  test(`exits with ${code} after ending on ${signal}`, async () => {
    const source = `
      const { createShutdown, endOnSignals } = await import(${SHUTDOWN});
      const { silentLog } = await import(${LOG});
      const shutdown = createShutdown(silentLog);
      shutdown.add('part', () => console.log('ended'));
      endOnSignals(shutdown);
      setInterval(() => {}, 1000);
      console.log('ready');`;
    const started = await startProcess(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    started.child.stdout!.on('data', (chunk) => {
      output += chunk;
      if (output === 'ready\n') process.kill(started.identity.pid, signal as NodeJS.Signals);
    });
    assert.equal((await started.exited).code, code);
    assert.equal(output, 'ready\nended\n');
  });

test('a child ends in order where its parent is killed', async () => {
  const child = `
    const { createShutdown, endWithParent } = await import(${SHUTDOWN});
    const { silentLog } = await import(${LOG});
    const shutdown = createShutdown(silentLog);
    shutdown.add('part', () => console.log('ended'));
    endWithParent(shutdown);
    setInterval(() => {}, 1000);
    console.log('ready ' + process.env.MAINSTAY_PARENT);`;
  const parent = `
    import { spawn } from 'node:child_process';
    const { asChild } = await import(${SHUTDOWN});
    const args = ['--input-type=module', '-e', ${JSON.stringify(child)}];
    spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'], env: asChild(process.env) });`;
  const started = await startProcess(process.execPath, ['--input-type=module', '-e', parent], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  started.child.stdout!.on('data', (chunk) => {
    output += chunk;
    if (output.endsWith('undefined\n')) process.kill(started.identity.pid, 'SIGKILL');
  });
  // The child has the other end of it until it ends.
  await new Promise((closed) => started.child.stdout!.once('close', closed));
  assert.equal(output, 'ready undefined\nended\n');
});
