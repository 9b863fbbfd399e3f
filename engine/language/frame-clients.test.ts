import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type ProgramResult, ProgramStack, prelude } from '../monitor/testing/program-stack.ts';
import { createNodeProgramHost } from './node-program-host.ts';

const host = createNodeProgramHost();
after(() => host.close());

/** Runs a program with its channel, and once more as if it had none. */
async function onBoth(program: string): Promise<readonly [ProgramResult, ProgramResult]> {
  const results: ProgramResult[] = [];
  for (const service of [true, false]) {
    const stack = new ProgramStack({
      run: ({ service: served, ...run }) => host.run(service ? { ...run, service: served } : run),
      close: async () => {},
    });
    stack.write({ 'index.js': prelude + program });
    try {
      results.push(await stack.up());
    } finally {
      await stack.close();
    }
  }
  return [results[0]!, results[1]!];
}

describe('the channel of a program', () => {
  it('carries what HTTP/2 carries without it, and needs no connection', async () => {
    const [own, plain] = await onBoth(`
      const a = new Thing('a', { size: 1, secret: pulumi.secret('s') });
      const b = new Thing('b', { from: a.made, list: [null, true, { deep: 'x' }] }, { parent: new Group('g') });
      b.made.apply((made) => console.log(made, process.getActiveResourcesInfo().filter((kind) => /TCP/.test(kind)).length));
      exports.made = b.made;
    `);
    assert.deepEqual([own.steps, own.outputs, own.errors], [plain.steps, plain.outputs, plain.errors]);
    assert.equal(own.result, 'succeeded');
    assert.deepEqual(own.output, ['b-1 0']);
    assert.notDeepEqual(plain.output, ['b-1 0']);
  });

  it('fails calls as gRPC does', async () => {
    const [own, plain] = await onBoth(`
      const monitor = pulumi.runtime.getMonitor();
      const { ReadResourceRequest, ExistsResourceRequest } = require('@pulumi/pulumi/proto/resource_pb.js');
      const { RequirePulumiVersionRequest } = require('@pulumi/pulumi/proto/engine_pb.js');
      const engine = require('@pulumi/pulumi/runtime/settings.js').getEngine();
      const show = (done) => (error) => { console.log(error.name, error.code, error.details, error.message, error.metadata.get('grpc-status-details-bin').length); done(); };
      module.exports = async () => {
        await new Promise((done) => monitor.readResource(new ReadResourceRequest(), show(done)));
        await new Promise((done) => monitor.existsResource(new ExistsResourceRequest(), show(done)));
        await new Promise((done) => monitor.existsResource(new ReadResourceRequest(), show(done)));
        const request = new RequirePulumiVersionRequest();
        request.setPulumiVersionRange('>=99.0.0');
        await new Promise((done) => engine.requirePulumiVersion(request, show(done)));
      };
    `);
    assert.equal(own.output.length, 4, [...own.output, ...own.errors].join('\n'));
    assert.deepEqual(own.output, plain.output);
  });

  it('leaves calls with a deadline, and clients of the program itself, to gRPC', async () => {
    const [own] = await onBoth(`
      const grpc = require('@grpc/grpc-js');
      const { ResourceMonitorClient } = require('@pulumi/pulumi/proto/resource_grpc_pb.js');
      const { SupportsFeatureRequest } = require('@pulumi/pulumi/proto/resource_pb.js');
      const request = new SupportsFeatureRequest();
      request.setId('secrets');
      const own = new grpc.Client(process.env.PULUMI_NODEJS_MONITOR, grpc.credentials.createInsecure());
      const { path, requestSerialize, responseDeserialize } = ResourceMonitorClient.service.supportsFeature;
      module.exports = async () => {
        const deadline = { deadline: Date.now() + 20_000 };
        await new Promise((done) => pulumi.runtime.getMonitor().supportsFeature(request, new grpc.Metadata(), deadline, (error, answer) => {
          console.log('deadline', error, answer.getHassupport());
          done();
        }));
        await new Promise((done) => own.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
          console.log('own', error, answer.getHassupport());
          done();
        }));
        own.close();
      };
    `);
    assert.deepEqual(own.output, ['deadline null true', 'own null true']);
    assert.deepEqual(own.errors, []);
  });
});
