import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Archive, Asset, ResourceReference, Secret } from '../../protocol/property-value.ts';
import { newResourceState } from '../deploy/resource-state.ts';
import { newPassphraseManager } from '../secrets/passphrase.ts';
import { encodeDeployment } from './checkpoint.ts';
import { checkDeploymentShape } from './deployment-shape.ts';

/** A folder with Pulumi's deployments.json, resources.json and property-values.json (sdk/go/common/apitype). */
const folder = process.env.MAINSTAY_OFFICIAL_SCHEMAS;
const urn = (name: string) => `urn:pulumi:dev::demo::test:index:Thing::${name}`;

/** A state that uses every field and every kind of value. */
async function everything() {
  const provider = `urn:pulumi:dev::demo::pulumi:providers:test::default::6f5902ac-237e-4024-b25d-de8d8ab3d7ab`;
  const custom = { type: 'test:index:Thing', custom: true, provider } as const;
  const first = newResourceState({
    ...custom,
    urn: urn('a'),
    id: 'a-1',
    created: '2026-01-02T03:04:05.678Z',
    modified: '2026-01-02T03:04:05.678Z',
  });
  const second = newResourceState({
    ...custom,
    urn: urn('b'),
    id: 'b-1',
    inputs: {
      text: 'x',
      number: 1.5,
      flag: true,
      list: [1, ['two'], {}],
      asset: new Asset({ text: 'hello' }),
      secret: new Secret({ deep: ['s'] }),
    },
    outputs: {
      archive: new Archive({ assets: { 'a.txt': new Asset({ text: 'A' }) } }),
      reference: new ResourceReference(urn('a'), 'a-1', ''),
      null: null,
    },
    parent: urn('a'),
    protect: true,
    taint: true,
    dependencies: [urn('a')],
    initErrors: ['not ready'],
    propertyDependencies: { text: [urn('a')], number: [] },
    additionalSecretOutputs: ['archive'],
    aliases: [urn('old')],
    customTimeouts: { create: 60, update: 0, delete: 0, read: 120 },
    importId: 'b-1',
    retainOnDelete: true,
    deletedWith: urn('a'),
    replaceWith: [urn('a')],
    replacementTrigger: new Secret('trigger'),
    sourcePosition: 'project:///index.ts#1,2',
    stackTrace: [{ sourcePosition: 'project:///index.ts#1,2' }, {}],
    ignoreChanges: ['text'],
    hideDiff: ['number'],
    replaceOnChanges: ['*'],
    refreshBeforeUpdate: true,
    resourceHooks: { 'before-create': ['hook'] },
  });
  const condemned = newResourceState({ ...custom, urn: urn('a'), id: 'a-0', delete: true });
  const pendingOperations = [{ resource: newResourceState({ ...custom, urn: urn('c') }), kind: 'creating' as const }];
  const secretsManager = await newPassphraseManager('correct horse');
  return encodeDeployment({ resources: [first, second, condemned], pendingOperations, secretsManager, preserved: {} });
}

test('our own checks take a state that uses every field', async () => {
  checkDeploymentShape(JSON.parse(JSON.stringify(await everything())));
});

test("a state that uses every field is one by Pulumi's own schemas", {
  skip: folder === undefined && 'set MAINSTAY_OFFICIAL_SCHEMAS to a folder with the schemas of Pulumi',
}, async () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': true, uri: true } });
  const schemas = ['property-values', 'resources', 'deployments'].map((name) => {
    const text = readFileSync(join(folder!, `${name}.json`), 'utf8');
    // ajv does not know an anchor at the root by its name.
    return JSON.parse(text.replaceAll('"#property_value"', '"#"'));
  });
  for (const schema of schemas) ajv.addSchema(schema);
  const validate = ajv.getSchema(schemas[2].$id)!;
  const { deployment } = JSON.parse(JSON.stringify(await everything()));
  // Version 4 is version 3 with a list of features; the schema lets anything pass as a version that it does not know.
  const document = { version: 3, deployment };
  validate(document);
  assert.deepEqual(
    (validate.errors ?? []).filter((error) => !isOfNewerField(error)),
    [],
  );
  validate({ ...document, deployment: { ...deployment, resources: [{ urn: 1 }] } });
  assert.notDeepEqual(
    (validate.errors ?? []).filter((error) => !isOfNewerField(error)),
    [],
    'it can fail',
  );
});

/** Fields of apitype.ResourceV3 (core.go) that the schema beside it does not have yet; every Pulumi writes them. */
const newerFields = new Set([
  ...['created', 'modified', 'taint', 'retainOnDelete', 'deletedWith', 'replaceWith', 'sourcePosition', 'stackTrace'],
  ...['ignoreChanges', 'hideDiff', 'replaceOnChanges', 'replacementTrigger', 'refreshBeforeUpdate', 'resourceHooks'],
]);

/** Also what only follows: that the form as a whole is none of those that the schema knows. */
function isOfNewerField({ keyword, instancePath, schemaPath, params }: ErrorObject): boolean {
  if (keyword === 'additionalProperties') return newerFields.has(String(params.additionalProperty));
  return instancePath === '' || schemaPath.startsWith('#/oneOf/1');
}
