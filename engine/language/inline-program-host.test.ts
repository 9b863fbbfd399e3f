import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import * as pulumi from '@pulumi/pulumi';
import server from '@pulumi/pulumi/automation/server.js';
import service from '@pulumi/pulumi/proto/language_grpc_pb.js';
import { ProgramStack } from '../monitor/testing/program-stack.ts';
import { createInlineProgramHost } from './inline-program-host.ts';

class Thing extends pulumi.CustomResource {
  constructor(name: string) {
    super('test:index:Thing', name, { made: undefined });
  }
}

const servers: Server[] = [];
after(() => {
  for (const running of servers) running.forceShutdown();
});

/** What the Automation API starts for an inline program. */
async function serve(program: pulumi.automation.PulumiFn): Promise<string> {
  const grpc = new Server();
  servers.push(grpc);
  // Not in its declarations, as nobody but the Automation API is meant to use it.
  const { LanguageServer } = server as never as {
    readonly LanguageServer: new (program: pulumi.automation.PulumiFn) => object;
  };
  const language = new LanguageServer(program);
  const { run, getRequiredPlugins, getPluginInfo } = service.LanguageRuntimeService as never as Record<string, never>;
  grpc.addService({ run, getRequiredPlugins, getPluginInfo } as never, language as never);
  const port = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return `127.0.0.1:${port}`;
}

it('runs the program of an Automation API caller, and says how it failed', async () => {
  const address = await serve(async () => {
    const config = new pulumi.Config();
    if (config.get('fail')) await pulumi.log.error('this program fails');
    return { stack: pulumi.getStack(), made: new Thing(config.require('name')).urn };
  });
  const stack = new ProgramStack(createInlineProgramHost(address));
  try {
    stack.config = { 'project:name': 'a' };
    const good = await stack.up();
    assert.deepEqual(good.errors, []);
    assert.deepEqual(good.outputs, { stack: 'dev', made: 'urn:pulumi:dev::project::test:index:Thing::a' });
    stack.config = { 'project:name': 'a', 'project:fail': 'yes' };
    const bad = await stack.preview();
    assert.match(bad.errors.join('\n'), /this program fails[\s\S]*One or more errors occurred/);
    assert.deepEqual(stack.cloud.calls, ['create a']);
  } finally {
    await stack.close();
  }
});

it('says that the caller is gone, and refuses what is no address', async () => {
  const stack = new ProgramStack(createInlineProgramHost('127.0.0.1:1'));
  try {
    assert.match(
      (await stack.preview()).errors.join('\n'),
      /Cannot run the program as the caller's language runtime is gone/,
    );
  } finally {
    await stack.close();
  }
  assert.throws(() => createInlineProgramHost('here'), /Cannot use --client as it is not host:port: "here"/);
});
