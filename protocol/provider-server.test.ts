import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { arbitraryProperties } from './arbitrary-properties.ts';
import { callMethod, openClient } from './grpc-call.ts';
import { Asset, Output, ResourceReference, Secret, Unknown } from './property-value.ts';
import { type Provider, ProviderError } from './provider.ts';
import { createRemoteProvider } from './provider-client.ts';
import { providerMethods } from './provider-messages.ts';
import { type ServeOptions, serveProvider } from './provider-server.ts';

const absent = async (): Promise<never> => {
  throw new ProviderError('not part of this test');
};

const bare: Provider = {
  configure: absent,
  check: absent,
  diff: absent,
  create: absent,
  read: absent,
  update: absent,
  delete: absent,
  invoke: absent,
  close: async () => {},
};

async function serve(test: TestContext, provider: Partial<Provider>, options?: ServeOptions) {
  const served = await serveProvider({ ...bare, ...provider }, options);
  const client = createRemoteProvider(served.address);
  test.after(async () => {
    await client.close();
    await served.close();
  });
  return { client, address: served.address };
}

const identity = { urn: 'urn:pulumi:s::p::a:b:C$x:y:Z::name::with', name: 'name::with', type: 'x:y:Z' };
const inputs = { plain: [1, null, { deep: true }], secret: new Secret({ in: 'side' }), unknown: new Unknown('array') };
const outputs = {
  output: new Output('v', true, ['urn:a']),
  reference: new ResourceReference('urn:r', 'id', '1.0.0'),
  asset: new Asset({ text: '' }, 'h'),
};
const accepting = {
  acceptSecrets: true,
  acceptResources: true,
  acceptOutputs: true,
  supportsAutonamingConfiguration: true,
};
const info = {
  project: 'p',
  stack: 's',
  organization: 'o',
  config: { 'a:b': 'c' },
  configSecretKeys: ['a:b'],
  dryRun: true,
  parallel: 7,
  monitorEndpoint: '127.0.0.1:1',
};
const failures = [{ property: 'a.b', reason: 'no' }];
const urns = { a: ['urn:1', 'urn:2'], b: [] };
const diff = {
  changes: 'some' as const,
  replaces: ['a'],
  stables: ['b'],
  deleteBeforeReplace: true,
  diffs: ['a', 'c'],
  detailedDiff: {
    'a[0]': { kind: 'delete-replace' as const, inputDiff: true },
    c: { kind: 'add' as const, inputDiff: false },
  },
};
const change = {
  ...identity,
  id: 'i',
  oldInputs: inputs,
  oldOutputs: outputs,
  newInputs: { n: 1 },
  ignoreChanges: ['x.y'],
};
const construction = {
  info,
  type: 'x:y:Z',
  name: 'n',
  parent: 'urn:parent',
  inputs: outputs,
  inputDependencies: urns,
  options: {
    aliases: ['urn:old'],
    aliasSpecs: [{ name: 'old', type: '', stack: '', project: '', parentUrn: undefined, noParent: true }],
    dependencies: ['urn:d'],
    protect: false,
    providers: { x: 'urn::id' },
    additionalSecretOutputs: ['s'],
    deletedWith: 'urn:w',
    deleteBeforeReplace: true,
    ignoreChanges: ['i'],
    replaceOnChanges: ['r'],
    retainOnDelete: undefined,
    replaceWith: ['urn:rw'],
    replacementTrigger: new Secret('t'),
    resourceHooks: {
      beforeCreate: ['h'],
      afterCreate: [],
      beforeUpdate: [],
      afterUpdate: [],
      beforeDelete: [],
      afterDelete: [],
      onError: ['e'],
    },
    customTimeouts: { create: 90, update: 0, delete: 0.5, read: 30 },
  },
};

/** Method, request and answer; each must arrive on the other side as it was sent. */
const exchanges: readonly (readonly [keyof Provider, object, unknown])[] = [
  ['handshake', { engineAddress: 'e:1', rootDirectory: '/r', programDirectory: '/p' }, accepting],
  [
    'parameterize',
    { name: 'n', version: '1.0.0', value: new Uint8Array([0, 1, 255]) },
    { name: 'n', version: '1.0.0' },
  ],
  ['getSchema', { version: 0 }, '{"name":"x"}'],
  [
    'checkConfig',
    { ...identity, olds: {}, news: inputs, randomSeed: undefined, autonaming: undefined },
    { inputs, failures },
  ],
  ['diffConfig', change, { ...diff, detailedDiff: undefined }],
  [
    'configure',
    { urn: 'u', name: 'n', type: 'pulumi:providers:x', id: 'i', inputs: { a: new Secret('x') } },
    { ...accepting, supportsPreview: true },
  ],
  [
    'check',
    {
      ...identity,
      olds: outputs,
      news: inputs,
      randomSeed: new Uint8Array(32).fill(3),
      autonaming: { proposedName: 'pn', mode: 'enforce' },
    },
    { inputs: outputs, failures },
  ],
  ['diff', change, diff],
  ['create', { ...identity, inputs, timeout: 1.5, preview: true }, { id: '', outputs, refreshBeforeUpdate: true }],
  [
    'read',
    { ...identity, id: 'i', inputs, outputs, timeout: 60 },
    { id: 'i', outputs, inputs: undefined, refreshBeforeUpdate: false },
  ],
  ['update', { ...change, timeout: 30, preview: false }, { outputs, refreshBeforeUpdate: false }],
  ['delete', { ...identity, id: 'i', inputs, outputs, timeout: 9 }, undefined],
  ['invoke', { token: 'x:y:f', args: inputs, preview: true }, { result: outputs, failures }],
  [
    'call',
    { info, token: 'x:y:Z/m', args: outputs, argDependencies: urns, acceptsOutputValues: true },
    { result: inputs, failures, returnDependencies: urns },
  ],
  ['construct', construction, { urn: 'urn:c', outputs, outputDependencies: urns }],
];

type AnyMethod = (request: object) => Promise<unknown>;

describe('a served provider', () => {
  for (const [name, request, answer] of exchanges) {
    it(`gets what the client sends, and the client what it answers: ${name}`, async (test) => {
      let received: Record<string, unknown> = {};
      const method: AnyMethod = async (seen) => {
        received = { ...(seen as Record<string, unknown>) };
        return answer;
      };
      const { client } = await serve(test, { [name]: method });
      assert.deepEqual(await (client[name] as AnyMethod)(request), answer);
      delete received.signal;
      assert.deepEqual(received, request);
    });
  }

  it('carries any properties, there and back', async (test) => {
    const { client } = await serve(test, { invoke: async ({ args }) => ({ result: args, failures: [] }) });
    await fc.assert(
      fc.asyncProperty(arbitraryProperties, async (args) => {
        assert.deepEqual((await client.invoke({ token: 't', args })).result, args);
      }),
      { numRuns: 60 },
    );
  });

  it('carries messages of many megabytes', async (test) => {
    const { client } = await serve(test, { invoke: async ({ args }) => ({ result: args, failures: [] }) });
    const args = { text: 'x'.repeat(24 * 1024 * 1024) };
    assert.deepEqual((await client.invoke({ token: 't', args })).result, args);
  });

  it('tells what it does not have from what failed', async (test) => {
    const { client } = await serve(test, {
      async check() {
        throw new TypeError('a bug');
      },
      async create() {
        throw new ProviderError('half', { partial: { id: 'i', outputs, inputs: { a: 1 }, reasons: ['r1', 'r2'] } });
      },
      async delete() {
        throw new ProviderError('in doubt', { status: 'unknown' });
      },
    });
    const errorOf = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => assert.fail('it succeeded'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof ProviderError);
      return [error.message, error.status, error.partial];
    };
    const request = { ...identity, id: 'i', inputs: {}, outputs: {}, olds: {}, news: {}, timeout: 0, preview: false };
    for (const call of [
      client.handshake!({ engineAddress: '' }),
      client.checkConfig!(request),
      client.construct!(construction),
    ]) {
      assert.equal((await errorOf(call))[1], 'unimplemented');
    }
    assert.deepEqual(await errorOf(client.check(request)), ['a bug', 'unknown', undefined]);
    assert.deepEqual(await errorOf(client.read(request)), ['not part of this test', 'failed', undefined]);
    assert.deepEqual(await errorOf(client.delete(request)), ['in doubt', 'unknown', undefined]);
    assert.deepEqual(await errorOf(client.create(request)), [
      '2 errors occurred:\n\t* r1\n\t* r2\n\n',
      'unknown',
      { id: 'i', outputs, inputs: { a: 1 }, reasons: ['r1', 'r2'] },
    ]);
  });

  it('hears of a cancelled call and may still finish it', async (test) => {
    const { client } = await serve(test, {
      create: ({ signal }) =>
        new Promise((resolve) => signal!.addEventListener('abort', () => resolve({ id: 'saved', outputs: {} }))),
    });
    const user = new AbortController();
    const creating = client.create({ ...identity, inputs: {}, timeout: 0, preview: false, signal: user.signal });
    setTimeout(() => user.abort(), 20);
    assert.equal((await creating).id, 'saved');
  });

  it('answers with its version, and is told the address of an engine that attaches', async (test) => {
    let engine = '';
    const onAttach = (address: string) => {
      engine = address;
    };
    const { address } = await serve(test, {}, { version: '9.8.7', onAttach });
    const client = openClient(address);
    test.after(() => client.close());
    assert.deepEqual(await callMethod(client, providerMethods.getPluginInfo, {}), { version: '9.8.7' });
    await callMethod(client, providerMethods.attach, { address: 'e:2' });
    assert.equal(engine, 'e:2');
  });

  it('takes name and type from the URN where an old engine sends no more', async (test) => {
    let seen: unknown;
    const { address } = await serve(test, {
      async check({ name, type }) {
        seen = { name, type };
        return { inputs: {}, failures: [] };
      },
    });
    const client = openClient(address);
    test.after(() => client.close());
    await callMethod(client, providerMethods.check, { urn: identity.urn });
    assert.deepEqual(seen, { name: identity.name, type: identity.type });
  });

  it('cannot listen where somebody else does', async (test) => {
    const { address } = await serve(test, {});
    await assert.rejects(serveProvider(bare, { address }), /EADDRINUSE|address already in use|No address/i);
  });
});
