import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { engineMethods } from './engine-messages.ts';
import { callMethod, openClient, serverMethod } from './grpc-call.ts';
import { providerMethods } from './provider-messages.ts';

const script = fileURLToPath(new URL('./fixtures/quiet-provider.ts', import.meta.url));

function start(test: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  test.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code]) => code as number);
  const port = once(createInterface({ input: child.stdout }), 'line').then(([line]) => Number(line));
  return { child, ended, port };
}

async function startEngine(test: TestContext) {
  const logged: object[] = [];
  const server = new Server();
  const log = serverMethod(engineMethods.log);
  server.addService(
    { log },
    {
      log: (call: { readonly request: object }, respond: (error: null, response: object) => void) => {
        logged.push(call.request);
        respond(null, {});
      },
    },
  );
  test.after(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: `127.0.0.1:${port}`, logged, stop: () => server.forceShutdown() };
}

describe('a plugin process', () => {
  it('prints its port, serves, logs to the engine, and ends with it', async (test) => {
    const engine = await startEngine(test);
    const { child, ended, port } = start(test, engine.address);
    const client = openClient(`127.0.0.1:${await port}`);
    test.after(() => client.close());
    assert.deepEqual(await callMethod(client, providerMethods.getPluginInfo, {}), { version: '3.2.1' });
    const { return: result } = await callMethod(client, providerMethods.invoke, { tok: 't' });
    assert.deepEqual(result, { pid: child.pid });
    assert.deepEqual(engine.logged, [
      { severity: 2, message: 'I am here', urn: 'urn:x', streamId: 0, ephemeral: true },
    ]);
    engine.stop();
    assert.equal(await ended, 1);
  });

  it('writes its messages to its error output where there is no engine, and ends when it is asked to', async (test) => {
    const { child, ended, port } = start(test);
    const [line] = (await once(createInterface({ input: child.stderr }), 'line')) as [string];
    assert.equal(line, 'warning: I am here');
    await port;
    child.kill('SIGINT');
    assert.equal(await ended, 130);
  });
});
