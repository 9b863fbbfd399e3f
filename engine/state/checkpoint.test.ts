import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hashAssets } from '../../protocol/asset-hash.ts';
import { Archive, Asset, Secret, Unknown } from '../../protocol/property-value.ts';
import { openSecretsManager } from '../secrets/open-secrets-manager.ts';
import { decodeDeployment, encodeDeployment, parseCheckpoint, refuseUnknownParts } from './checkpoint.ts';
import { checkDeploymentShape, unknownFieldsOf } from './deployment-shape.ts';
import { checkIntegrity, IntegrityError } from './integrity.ts';
import { valueToJson } from './property-json.ts';

/** Written by the official CLI 3.260 under the passphrase `correct-horse`. */
const official = readFileSync(join(import.meta.dirname, 'fixtures/official-checkpoint.json'), 'utf8');
const open = (type: string, state: Readonly<Record<string, unknown>>) =>
  openSecretsManager(type, state, { PULUMI_CONFIG_PASSPHRASE: 'correct-horse' });

test('reads a checkpoint of the official CLI and writes the same resources back', async () => {
  const raw = parseCheckpoint(official, 'dev.json');
  const snapshot = await decodeDeployment(raw, open);
  checkIntegrity(snapshot.resources);
  assert.deepEqual((snapshot.resources[0]!.outputs.secret as Secret).value, { password: 'hunter2' });
  const written = encodeDeployment(snapshot);
  assert.deepEqual(JSON.parse(JSON.stringify(written.deployment.resources)), raw.deployment.resources);
  assert.equal(written.version, 3);
});

test('hashes assets and archives as the official CLI did', async () => {
  const { outputs } = (await decodeDeployment(parseCheckpoint(official, 'dev.json'), open)).resources[0]!;
  const archive = new Archive({ assets: { 'a.txt': new Asset({ text: 'A' }), 'dir/b.txt': new Asset({ text: 'B' }) } });
  const hashed = await hashAssets({ asset: new Asset({ text: 'hello' }), archive }, '/');
  assert.equal((hashed.asset as Asset).hash, (outputs.asset as Asset).hash);
  assert.equal((hashed.archive as Archive).hash, (outputs.archive as Archive).hash);
});

test('refuses a feature and a version that it does not know, by name', () => {
  const parse = (json: object) => () => parseCheckpoint(JSON.stringify(json), 'dev.json');
  assert.throws(
    parse({ version: 4, features: ['taint', 'snippets-prototype'], checkpoint: {} }),
    /snippets-prototype.*official/,
  );
  assert.throws(parse({ version: 5, checkpoint: {} }), /version 5/);
  assert.throws(() => parseCheckpoint('{"version": 3,', 'dev.json'), /dev\.json.*\.bak/);
});

test('keeps fields that it does not know', async () => {
  const json = JSON.parse(official) as {
    checkpoint: { latest: { resources: Record<string, unknown>[]; snippets?: unknown } };
  };
  json.checkpoint.latest.resources[1]!.newField = { kept: true };
  json.checkpoint.latest.snippets = [{ id: 1 }];
  const snapshot = await decodeDeployment(parseCheckpoint(JSON.stringify(json), 'dev.json'), open);
  const { deployment } = encodeDeployment(snapshot);
  assert.deepEqual((deployment.resources as Record<string, unknown>[])[1]!.newField, { kept: true });
  assert.deepEqual(deployment.snippets, [{ id: 1 }]);
  assert.throws(
    () => refuseUnknownParts({ ...snapshot, preserved: { future: 1, snippets: [] } }, 'dev.json'),
    /dev\.json Cannot use the state as it holds future, newField, which this engine does not know.*official/,
  );
});

test('never lets an unknown value, or a secret without a key, into a state', () => {
  assert.throws(() => valueToJson([new Unknown()], undefined), /unknown value/);
  assert.throws(() => valueToJson({ a: new Secret('x') }, undefined), /secret/);
});

test('finds what is wrong with a state', async () => {
  const { resources } = await decodeDeployment(parseCheckpoint(official, 'dev.json'), open);
  const [root, one, two] = resources;
  const faulty: readonly (readonly [RegExp, typeof resources])[] = [
    [/duplicate resource/, [root!, one!, { ...one! }]],
    [/parent .* does not come before/, [root!, two!, one!]],
    [/unknown provider/, [root!, { ...one!, provider: `${one!.urn}::id` }]],
    [/its urn says/, [root!, { ...one!, type: 'other:mod:T' }]],
    [/component and has an id/, [root!, { ...one!, id: 'x' }]],
  ];
  for (const [message, states] of faulty) {
    assert.throws(
      () => checkIntegrity(states),
      (error) => error instanceof IntegrityError && message.test(error.message),
      String(message),
    );
  }
});

test('takes the official form for right, and names what is not of it', async () => {
  const raw = parseCheckpoint(official, 'dev.json');
  checkDeploymentShape(raw);
  checkDeploymentShape(encodeDeployment(await decodeDeployment(raw, open)));
  assert.deepEqual(unknownFieldsOf(raw), []);
  const [first] = raw.deployment.resources as Record<string, unknown>[];
  assert.deepEqual(unknownFieldsOf({ version: 3, deployment: { resources: [{ ...first, surprise: 1 }] } }), [
    'surprise',
  ]);
  const wrong: readonly Record<string, unknown>[] = [
    { ...first, protect: 'yes' },
    { ...first, dependencies: ['not a urn'] },
    {
      ...first,
      inputs: { password: { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', value: 'clear' } },
    },
  ];
  for (const resource of wrong) {
    assert.throws(
      () => checkDeploymentShape({ version: 3, deployment: { ...raw.deployment, resources: [resource] } }),
      IntegrityError,
      JSON.stringify(resource),
    );
  }
});
