import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pluginMessages from '@pulumi/pulumi/proto/plugin_pb.js';
import providerMessages from '@pulumi/pulumi/proto/provider_pb.js';
import { Secret } from './property-value.ts';
import { configureMissingKeys, providerMethods, resourceInitFailed } from './provider-messages.ts';
import type { Message } from './wire-message.ts';

interface GeneratedClass {
  deserializeBinary(bytes: Uint8Array): { serializeBinary(): Uint8Array };
}
const generated = { ...providerMessages, ...pluginMessages } as unknown as Readonly<Record<string, GeneratedClass>>;

const map = { a: 'x', s: new Secret([1, { b: null }]) };
const failures = [
  { property: 'p', reason: 'r' },
  { property: '', reason: 'q' },
];
const urns = { k: { urns: ['u', 'v'] }, l: { urns: [] } };
const m = providerMethods;

// Every field has a value that is not its default, so that a wrong number or type shows.
const samples: readonly (readonly [string, Message<never>, object])[] = [
  [
    'ProviderHandshakeRequest',
    m.handshake.request,
    {
      engineAddress: 'e',
      rootDirectory: 'r',
      programDirectory: '',
      configureWithUrn: true,
      supportsViews: true,
      supportsRefreshBeforeUpdate: true,
      invokeWithPreview: true,
    },
  ],
  [
    'ProviderHandshakeResponse',
    m.handshake.response,
    { acceptSecrets: true, acceptResources: true, acceptOutputs: true, supportsAutonamingConfiguration: true },
  ],
  ['ParameterizeRequest', m.parameterize.request, { args: { args: ['a', 'b'] }, value: undefined }],
  [
    'ParameterizeRequest',
    m.parameterize.request,
    { args: undefined, value: { name: 'n', version: '1', value: new Uint8Array([0, 255, 3]) } },
  ],
  ['ParameterizeResponse', m.parameterize.response, { name: 'n', version: 'v' }],
  ['GetSchemaRequest', m.getSchema.request, { version: 300, subpackageName: 's', subpackageVersion: 'v' }],
  ['GetSchemaResponse', m.getSchema.response, { schema: '{}' }],
  [
    'ConfigureRequest',
    m.configure.request,
    {
      variables: { 'p:config:k': 'v', '': '' },
      args: map,
      acceptSecrets: true,
      acceptResources: true,
      sendsOldInputs: true,
      sendsOldInputsToDelete: true,
      id: 'i',
      urn: 'u',
      name: 'n',
      type: 't',
    },
  ],
  [
    'ConfigureResponse',
    m.configure.response,
    {
      acceptSecrets: true,
      supportsPreview: true,
      acceptResources: true,
      acceptOutputs: true,
      supportsAutonamingConfiguration: true,
    },
  ],
  [
    'CheckRequest',
    m.check.request,
    {
      urn: 'u',
      olds: {},
      news: map,
      randomSeed: new Uint8Array(32).fill(7),
      name: 'n',
      type: 't',
      autonaming: { proposedName: 'pn', mode: 2 },
    },
  ],
  ['CheckResponse', m.check.response, { inputs: map, failures }],
  [
    'DiffRequest',
    m.diff.request,
    {
      id: 'i',
      urn: 'u',
      olds: map,
      news: {},
      ignoreChanges: ['a.b', 'c'],
      oldInputs: { z: true },
      name: 'n',
      type: 't',
    },
  ],
  [
    'DiffResponse',
    m.diff.response,
    {
      replaces: ['a'],
      stables: ['b'],
      deleteBeforeReplace: true,
      changes: 2,
      diffs: ['c', 'd'],
      detailedDiff: { 'a.b': { kind: 5, inputDiff: true }, c: { kind: 0, inputDiff: false } },
      hasDetailedDiff: true,
    },
  ],
  [
    'CreateRequest',
    m.create.request,
    { urn: 'u', properties: map, timeout: 12.5, preview: true, name: 'n', type: 't' },
  ],
  ['CreateResponse', m.create.response, { id: 'i', properties: map, refreshBeforeUpdate: true }],
  ['ReadRequest', m.read.request, { id: 'i', urn: 'u', properties: map, inputs: {}, name: 'n', type: 't', timeout: 3 }],
  ['ReadResponse', m.read.response, { id: 'i', properties: map, inputs: { q: 1 }, refreshBeforeUpdate: true }],
  [
    'UpdateRequest',
    m.update.request,
    {
      id: 'i',
      urn: 'u',
      olds: map,
      news: { n: 1 },
      timeout: 1e9,
      ignoreChanges: ['x'],
      preview: true,
      oldInputs: { o: 1 },
      name: 'n',
      type: 't',
    },
  ],
  ['UpdateResponse', m.update.response, { properties: map, refreshBeforeUpdate: true }],
  [
    'DeleteRequest',
    m.delete.request,
    { id: 'i', urn: 'u', properties: map, timeout: 0.5, oldInputs: { o: 1 }, name: 'n', type: 't' },
  ],
  ['InvokeRequest', m.invoke.request, { tok: 't', args: map, preview: true }],
  ['InvokeResponse', m.invoke.response, { return: map, failures }],
  [
    'CallRequest',
    m.call.request,
    {
      tok: 't',
      args: map,
      argDependencies: urns,
      project: 'p',
      stack: 's',
      config: { 'a:b': 'c' },
      configSecretKeys: ['a:b'],
      dryRun: true,
      parallel: 200,
      monitorEndpoint: 'm',
      organization: 'o',
      acceptsOutputValues: true,
      stackTraceHandle: 'h',
    },
  ],
  ['CallResponse', m.call.response, { return: map, returnDependencies: urns, failures }],
  [
    'ConstructRequest',
    m.construct.request,
    {
      project: 'p',
      stack: 's',
      config: { a: 'b' },
      dryRun: true,
      parallel: 4,
      monitorEndpoint: 'm',
      type: 't',
      name: 'n',
      parent: 'u',
      inputs: map,
      inputDependencies: urns,
      protect: false,
      providers: { k: 'r' },
      dependencies: ['d'],
      configSecretKeys: ['x'],
      organization: 'o',
      additionalSecretOutputs: ['q'],
      customTimeouts: { create: '1s', update: '2s', delete: '3s', read: '4s' },
      deletedWith: 'w',
      deleteBeforeReplace: true,
      ignoreChanges: ['i'],
      replaceOnChanges: ['j'],
      retainOnDelete: true,
      acceptsOutputValues: true,
      resourceHooks: {
        beforeCreate: ['1'],
        afterCreate: ['2'],
        beforeUpdate: ['3'],
        afterUpdate: ['4'],
        beforeDelete: ['5'],
        afterDelete: ['6'],
        onError: ['7'],
      },
      stackTraceHandle: 'h',
      replaceWith: ['rw'],
      aliases: [
        { urn: 'au', spec: undefined },
        {
          urn: undefined,
          spec: { name: 'an', type: 'at', stack: 'as', project: 'ap', parentUrn: undefined, noParent: true },
        },
      ],
      replacementTrigger: new Secret('t'),
    },
  ],
  ['ConstructResponse', m.construct.response, { urn: 'u', state: map, stateDependencies: urns }],
  [
    'ErrorResourceInitFailed',
    resourceInitFailed,
    { id: 'i', properties: map, reasons: ['r', 's'], inputs: { i: 1 }, refreshBeforeUpdate: true },
  ],
  ['ConfigureErrorMissingKeys', configureMissingKeys, { missingKeys: [{ name: 'n', description: 'd' }] }],
  ['PluginInfo', m.getPluginInfo.response, { version: '1.2.3' }],
  ['PluginAttach', m.attach.request, { address: 'a:1' }],
].map(([name, type, sample]) => [name, type, sample] as [string, Message<never>, object]);

describe('provider messages', () => {
  for (const [name, type, sample] of samples) {
    it(`are those of Pulumi: ${name}`, () => {
      const theirs = generated[name]!.deserializeBinary(type.encode(sample as never)).serializeBinary();
      assert.deepEqual(type.decode(theirs), sample);
    });

    it(`have defaults for absent fields: ${name}`, () => {
      assert.equal(type.encode({} as never).length, 0);
      assert.deepEqual(Object.keys(type.decode(new Uint8Array())), Object.keys(sample));
    });
  }

  it('pass over fields that they do not know', () => {
    assert.deepEqual(m.handshake.response.decode(Buffer.from([0x08, 1, 0xfa, 0x3f, 2, 1, 2, 0x30, 1])), {
      acceptSecrets: true,
      acceptResources: false,
      acceptOutputs: false,
      supportsAutonamingConfiguration: false,
    });
  });
});
