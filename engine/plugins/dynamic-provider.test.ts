import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret, Unknown } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { createPluginBench, registerProvider } from './testing/plugin-bench.ts';

// What the SDK makes of a program's closures: a module whose `handler` returns the provider.
const code = `exports.handler = () => ({
  check: async (olds, news) => ({ inputs: { ...news, checked: true }, failures: news.size > 9 ? [{ property: 'size', reason: 'too big' }] : [] }),
  diff: async (id, olds, news) => ({ changes: olds.size !== news.size, replaces: ['size'], deleteBeforeReplace: true }),
  create: async (inputs) => {
    if (inputs.size < 0) throw Object.assign(new Error('half'), { id: 'h', properties: { size: 0 }, reasons: ['negative'] });
    return { id: 'dyn-' + inputs.size, outs: { size: inputs.size, project: process.env.PULUMI_NODEJS_PROJECT } };
  },
  update: async (id, olds, news) => ({ outs: { size: news.size, was: olds.size } }),
  read: async (id, props) => ({ id, props: { ...props, seen: true } }),
  delete: async () => {},
});`;

const identity = {
  urn: 'urn:pulumi:dev::proj::pulumi-nodejs:dynamic:Resource::d',
  name: 'd',
  type: 'pulumi-nodejs:dynamic:Resource',
};

describe("the SDK's dynamic provider", () => {
  it('is driven through its whole life', async (test) => {
    const bench = await createPluginBench(test);
    const registry = bench.registry({ programDirectory: import.meta.dirname });
    const provider = registry.get(await registerProvider(registry, 'pulumi-nodejs'));
    const news = { size: 3, __provider: code };
    const { inputs, failures } = await provider.check({ ...identity, olds: {}, news });
    assert.deepEqual([inputs, failures], [{ ...news, checked: true }, []]);
    const refused = await provider.check({ ...identity, olds: {}, news: { ...news, size: 10 } });
    assert.deepEqual(refused.failures, [{ property: 'size', reason: 'too big' }]);

    const request = { ...identity, inputs, timeout: 0 };
    const preview = await provider.create({ ...request, inputs: { ...inputs, size: new Unknown() }, preview: true });
    assert.equal(preview.id, '');
    const created = await provider.create({ ...request, preview: false });
    assert.equal(created.id, 'dyn-3');
    assert.deepEqual(created.outputs, { size: 3, project: 'proj', __provider: code });

    const newInputs = { ...inputs, size: 4 };
    const change = {
      ...identity,
      id: 'dyn-3',
      oldInputs: inputs,
      oldOutputs: created.outputs,
      newInputs,
      ignoreChanges: [],
    };
    const diff = await provider.diff(change);
    assert.deepEqual([diff.changes, diff.replaces, diff.deleteBeforeReplace], ['some', ['size'], true]);
    const updated = await provider.update({ ...change, timeout: 0, preview: false });
    assert.deepEqual([updated.outputs.size, updated.outputs.was], [4, 3]);
    const read = await provider.read({ ...identity, id: 'dyn-3', inputs: newInputs, outputs: updated.outputs });
    assert.deepEqual([read.id, read.outputs.seen], ['dyn-3', true]);
    await provider.delete({ ...identity, id: 'dyn-3', inputs: newInputs, outputs: read.outputs, timeout: 0 });
  });

  it('reports a half-made resource and a secret as such', async (test) => {
    const bench = await createPluginBench(test);
    const registry = bench.registry({ programDirectory: import.meta.dirname });
    const provider = registry.get(await registerProvider(registry, 'pulumi-nodejs'));
    const request = { ...identity, timeout: 0, preview: false };
    await assert.rejects(
      provider.create({ ...request, inputs: { size: -1, __provider: code } }),
      (error: ProviderError) => {
        assert.ok(error instanceof ProviderError);
        assert.deepEqual([error.partial?.id, error.partial?.reasons], ['h', ['negative']]);
        return true;
      },
    );
    const { outputs } = await provider.create({
      ...request,
      inputs: { size: new Secret(5), __provider: new Secret(code) },
    });
    assert.deepEqual(outputs.size, new Secret(5));
  });
});
