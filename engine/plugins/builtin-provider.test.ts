import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret, Unknown } from '../../protocol/property-value.ts';
import type { Diagnostic } from '../deploy/events.ts';
import { newResourceState } from '../deploy/resource-state.ts';
import { StackNotFound } from '../state/backend.ts';
import { createBuiltinProvider } from './builtin-provider.ts';
import { createStackOutputsReader, parseStackName } from './stack-outputs.ts';

const stash = { urn: 'urn:pulumi:s::p::pulumi:index:Stash::x', name: 'x', type: 'pulumi:index:Stash' };
const reference = {
  urn: 'urn:pulumi:s::p::pulumi:pulumi:StackReference::x',
  name: 'x',
  type: 'pulumi:pulumi:StackReference',
};

function bench(decrypt: (text: string) => string = (text) => text) {
  const diagnostics: Diagnostic[] = [];
  const resources = [
    newResourceState({ urn: 'urn:stack', type: 'pulumi:pulumi:Stack', custom: false }),
    newResourceState({ urn: 'urn:old', type: 'a:b:C', custom: true, delete: true }),
    newResourceState({ urn: 'urn:r', type: 'a:b:C', custom: true, outputs: { o: 1 } }),
  ];
  const stacks = createStackOutputsReader({
    project: 'mine',
    openSecrets: async (type, state) => ({ type, state, encrypt: () => assert.fail(), decrypt }),
    backend: {
      async readSnapshot({ project, stack }, open) {
        if (stack === 'missing') throw new StackNotFound(stack);
        const manager = await open('passphrase', {});
        resources[0]!.outputs = {
          plain: `${project}/${stack}`,
          b: new Secret(manager.decrypt('s1')),
          a: [new Secret(manager.decrypt('s2'))],
        };
        return { resources, pendingOperations: [], secretsManager: manager, preserved: {} };
      },
    },
  });
  const provider = createBuiltinProvider({
    stacks,
    findResource: (urn) => (urn === 'urn:r' ? { id: 'i', provider: 'p::i', outputs: { o: new Secret(1) } } : undefined),
    log: (diagnostic) => void diagnostics.push(diagnostic),
  });
  return { provider, diagnostics };
}

describe('builtin provider', () => {
  it('reads the outputs of another stack, and says which are secret', async () => {
    const { provider } = bench();
    const request = { ...reference, id: 'i', inputs: { name: 'organization/other/dev' }, outputs: {} };
    assert.deepEqual(await provider.read(request), {
      id: 'i',
      inputs: request.inputs,
      outputs: {
        name: 'organization/other/dev',
        outputs: { plain: 'other/dev', b: new Secret('s1'), a: [new Secret('s2')] },
        secretOutputNames: ['a', 'b'],
      },
    });
    const { result } = await provider.invoke({ token: 'pulumi:pulumi:readStackOutputs', args: { name: 'dev' } });
    assert.equal((result.outputs as { plain?: string }).plain, 'mine/dev');
  });

  it('leaves secrets out that it cannot decrypt, and says so', async () => {
    const { provider, diagnostics } = bench(() => {
      throw new Error('wrong key');
    });
    const { result } = await provider.invoke({ token: 'pulumi:pulumi:readStackOutputs', args: { name: 'dev' } });
    assert.deepEqual(result.outputs, { plain: 'mine/dev', b: new Secret('{}'), a: [new Secret('{}')] });
    assert.deepEqual(
      diagnostics.map(({ severity, message }) => [severity, message]),
      [
        ['info', "eliding undecryptable secrets for stack reference 'dev'"],
        ['debug', "stack reference 'dev' decryption error: wrong key"],
      ],
    );
  });

  it('lists the resources of another stack without those that wait for their deletion', async () => {
    const { provider } = bench();
    const { result } = await provider.invoke({
      token: 'pulumi:pulumi:readStackResourceOutputs',
      args: { stackName: 'dev' },
    });
    assert.deepEqual(Object.keys(result.outputs as object), ['urn:stack', 'urn:r']);
  });

  it('finds a resource of this run by its URN', async () => {
    const { provider } = bench();
    const get = (urn: string) => provider.invoke({ token: 'pulumi:pulumi:getResource', args: { urn } });
    assert.deepEqual((await get('urn:r')).result, {
      urn: 'urn:r',
      id: 'i',
      provider: 'p::i',
      state: { o: new Secret(1) },
    });
    await assert.rejects(get('urn:x'), { message: 'unknown resource urn:x' });
  });

  it('keeps the first value of a stash through updates', async () => {
    const { provider } = bench();
    const created = await provider.create({ ...stash, inputs: { input: 1 }, timeout: 0, preview: false });
    assert.match(created.id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(created.outputs, { input: 1, output: 1 });
    const change = {
      ...stash,
      id: created.id,
      oldInputs: { input: 1 },
      oldOutputs: created.outputs,
      newInputs: { input: 2 },
      ignoreChanges: [],
    };
    assert.deepEqual((await provider.diff(change)).diffs, ['input']);
    assert.deepEqual((await provider.update({ ...change, timeout: 0, preview: false })).outputs, {
      input: 2,
      output: 1,
    });
    assert.equal((await provider.diff({ ...change, newInputs: { input: 1 } })).changes, 'none');
  });

  it('checks what it is given', async () => {
    const { provider } = bench();
    const failures = async (identity: typeof stash, news: Record<string, string | number | Unknown>) =>
      (await provider.check({ ...identity, olds: {}, news })).failures.map(
        ({ property, reason }) => `${property}: ${reason}`,
      );
    assert.deepEqual(await failures(stash, { inptu: 1 }), ['inptu: unknown property "inptu"']);
    assert.deepEqual(await failures(stash, {}), ['input: missing required property "input"']);
    assert.deepEqual(await failures(reference, { name: 3 }), ['name: property "name" must be a string']);
    assert.deepEqual(await failures(reference, { name: new Unknown() }), []);
    await assert.rejects(provider.check({ urn: 'u', name: 'n', type: 'pulumi:index:Nothing', olds: {}, news: {} }), {
      message: "unrecognized resource type 'pulumi:index:Nothing'",
    });
    await assert.rejects(provider.invoke({ token: 'constructor', args: {} }), /unrecognized function name/);
    await assert.rejects(provider.invoke({ token: 'pulumi:pulumi:readStackOutputs', args: { name: 'missing' } }), {
      message: 'unknown stack "missing"',
    });
  });

  it('knows the three forms of a stack name', () => {
    assert.deepEqual(parseStackName('dev', 'p'), { project: 'p', stack: 'dev' });
    assert.deepEqual(parseStackName('organization/dev', 'p'), { project: 'p', stack: 'dev' });
    assert.deepEqual(parseStackName('organization/q/dev', 'p'), { project: 'q', stack: 'dev' });
    for (const name of ['', 'organization/q/', 'acme/q/dev', 'organization/a/b/c']) {
      assert.throws(() => parseStackName(name, 'p'), { name: 'ProviderError' });
    }
  });
});
