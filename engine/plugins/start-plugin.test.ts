import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainstayError } from '../../foundation/errors.ts';
import type { Diagnostic } from '../deploy/events.ts';
import { startPlugin } from './start-plugin.ts';
import { createPluginBench, isRunning } from './testing/plugin-bench.ts';

describe('starting a plugin', () => {
  const failures: readonly (readonly [string, RegExp])[] = [
    [
      'early-exit',
      /^Cannot start the plugin echo 1 as it ended before it said its port: exit code 7 \(.*\)\. It wrote:\nno credentials here$/,
    ],
    [
      'bad-port',
      /^Cannot start the plugin echo 1 as the first line of its output is not a port: "hello, I am a plugin" /,
    ],
    ['no-port', /^Cannot start the plugin echo 1 as it did not say its port within 0\.5 s: /],
  ];
  for (const [mode, message] of failures) {
    it(`fails clearly and leaves no process: ${mode}`, async (test) => {
      const bench = await createPluginBench(test);
      const command = await bench.addPlugin('echo');
      const environment = { ...bench.environment, ECHO_MODE: mode };
      const start = startPlugin(
        { name: 'echo 1', command, args: [], directory: bench.directory, environment, startTimeoutMs: 500 },
        () => {},
      );
      await assert.rejects(start, (error: Error) => {
        assert.match(error.message, message);
        return isMainstayError(error);
      });
    });
  }

  it('says so where there is no such executable', async (test) => {
    const bench = await createPluginBench(test);
    const command = join(bench.directory, 'missing');
    const start = startPlugin(
      { name: 'echo', command, args: [], directory: bench.directory, environment: {} },
      () => {},
    );
    await assert.rejects(start, /there is no such executable or working directory: .*missing/);
  });

  it('shows what the plugin prints', async (test) => {
    const bench = await createPluginBench(test);
    const command = await bench.addPlugin('echo');
    const seen: Diagnostic[] = [];
    const environment = { ...bench.environment, ECHO_MODE: 'chatty' };
    const plugin = await startPlugin(
      { name: 'echo', command, args: [], directory: bench.directory, environment },
      (line) => seen.push(line),
    );
    test.after(() => plugin.stop());
    while (seen.length === 0) await delay(10);
    assert.deepEqual(seen, [{ severity: 'info', message: 'a line for the user', urn: '', streamId: plugin.pid * 2 }]);
  });

  it('forces a plugin to end that ignores SIGINT', async (test) => {
    const bench = await createPluginBench(test);
    const command = await bench.addPlugin('echo');
    const environment = { ...bench.environment, ECHO_MODE: 'stubborn' };
    const plugin = await startPlugin(
      { name: 'echo', command, args: [], directory: bench.directory, environment, stopGraceMs: 300 },
      () => {},
    );
    const started = performance.now();
    await plugin.stop();
    assert.equal(await isRunning(plugin.pid), false);
    assert.ok(performance.now() - started >= 290);
    assert.deepEqual(plugin.exit(), { code: undefined, signal: 'SIGKILL' });
  });

  it('leaves no plugin behind when the engine is killed with -9', async (test) => {
    const bench = await createPluginBench(test);
    const command = await bench.addPlugin('echo');
    const module = new URL('./start-plugin.ts', import.meta.url).href;
    const script = join(bench.directory, 'engine.mjs');
    await writeFile(
      script,
      `import { startPlugin } from '${module}';
       const plugin = await startPlugin(
         { name: 'echo', command: '${command}', args: [], directory: '/', environment: process.env }, () => {});
       console.log(plugin.pid);
       setInterval(() => {}, 1000);`,
    );
    const engine = spawn(process.execPath, [script], { env: bench.environment, stdio: ['ignore', 'pipe', 'inherit'] });
    test.after(() => engine.kill('SIGKILL'));
    const [line] = (await once(createInterface({ input: engine.stdout }), 'line')) as [string];
    const pid = Number(line);
    assert.equal(await isRunning(pid), true);
    engine.kill('SIGKILL');
    const deadline = Date.now() + 8000;
    while ((await isRunning(pid)) && Date.now() < deadline) await delay(25);
    assert.equal(await isRunning(pid), false);
  });
});
