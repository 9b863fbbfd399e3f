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

test('exits with 130 after ending on Ctrl-C', async () => {
  const [shutdown, log] = ['./shutdown.ts', './log.ts'].map((file) =>
    JSON.stringify(new URL(file, import.meta.url).href),
  );
  const source = `
    const { createShutdown, endOnSignals } = await import(${shutdown});
    const { silentLog } = await import(${log});
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
    if (output === 'ready\n') process.kill(started.identity.pid, 'SIGINT');
  });
  assert.equal((await started.exited).code, 130);
  assert.equal(output, 'ready\nended\n');
});
