import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { callMethod } from '../../protocol/grpc-call.ts';
import { monitorMethods } from '../monitor/monitor-messages.ts';
import { common, deployOnPlugins } from './testing/plugin-deployment.ts';

/** One plugin, `echo`, as the package `dns` with a parameter. */
function deploy(test: TestContext, parameter: string) {
  return deployOnPlugins(test, {
    preview: false,
    prepare: async (bench) => {
      await bench.addPlugin('echo');
      return {};
    },
    program: async (client) => {
      const described = {
        name: 'echo',
        version: '1.0.0',
        parameterization: { name: 'dns', version: '3.5.1', value: Buffer.from(parameter) },
      };
      const { ref } = await callMethod(client, monitorMethods.registerPackage, described);
      const { ref: again } = await callMethod(client, monitorMethods.registerPackage, described);
      assert.equal(ref, again, 'the same package is one');
      const root = { type: 'pulumi:pulumi:Stack', name: 'proj-dev', ...common };
      const { urn: parent } = await callMethod(client, monitorMethods.registerResource, root);
      const resource = { ...common, type: 'dns:index:Zone', name: 'zone', custom: true, parent };
      await callMethod(client, monitorMethods.registerResource, { ...resource, packageRef: ref });
      // The base package is a provider of its own.
      await callMethod(client, monitorMethods.registerResource, {
        ...resource,
        type: 'echo:index:Thing',
        name: 'plain',
      });
    },
  });
}

describe('a parameterized provider', () => {
  it('serves the package that its parameter makes, beside the one without', async (test) => {
    const { result } = await deploy(test, 'registry/dns');
    assert.equal(result.result, 'succeeded');
    const outputsOf = (name: string) => result.resources.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs;
    assert.deepEqual(outputsOf('zone'), { parameter: 'registry/dns' });
    assert.deepEqual(outputsOf('plain'), {});
    const provider = result.resources.find(({ type }) => type === 'pulumi:providers:dns');
    assert.equal(provider?.inputs.version, '3.5.1');
    assert.deepEqual(provider?.inputs.__internal, {
      name: 'echo',
      version: '1.0.0',
      parameterization: Buffer.from('registry/dns').toString('base64'),
    });
  });

  it('that refuses its parameter fails the resource that needs it, with its reason', async (test) => {
    const deployed = deploy(test, 'refused');
    await assert.rejects(
      deployed.then(({ events }) => Promise.reject(new Error(JSON.stringify(events)))),
      /dns.*not this one/s,
    );
  });
});
