import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startAws, whyNot } from '../../test/servers/start.ts';
import { newResourceState } from '../deploy/resource-state.ts';
import { stepOf } from '../deploy/testing/step-of.ts';
import { openSecretsManager } from '../secrets/open-secrets-manager.ts';
import { openBackend } from './open-backend.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const environment = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', PULUMI_CONFIG_PASSPHRASE: 'pass' };
const stack = { project: 'demo', stack: 'dev' };
const open = (type: string, state: Readonly<Record<string, unknown>>) => openSecretsManager(type, state, environment);

test('keeps states, locks, history and what a killed process left in S3', { skip: await whyNot('aws') }, async (t) => {
  const aws = await startAws();
  t.after(() => aws.stop());
  const client = new S3Client({ endpoint: aws.url, region: 'eu-west-1', forcePathStyle: true, credentials });
  await client.send(
    new CreateBucketCommand({ Bucket: 'states', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  );
  client.destroy();
  const url = `s3://states/team/one?region=eu-west-1&endpoint=${encodeURIComponent(aws.url)}&s3ForcePathStyle=true`;
  const backend = await openBackend(url, { environment });

  await backend.createStack(stack);
  await assert.rejects(backend.createStack(stack), /already exists/);
  const lock = await backend.lock(stack);
  await assert.rejects(backend.lock(stack), /the stack is currently locked by 1 lock/);
  const recorder = await backend.record(stack, await backend.readSnapshot(stack, open), undefined);
  const state = newResourceState({ urn: 'urn:pulumi:dev::demo::my:mod:T::one', type: 'my:mod:T', custom: false });
  const step = stepOf('create', undefined, state);
  await recorder.beginStep(step);
  await recorder.endStep(step, 'success');

  // Another process, while the first one has not closed its recorder.
  const other = await openBackend(url, { environment });
  assert.equal((await other.readSnapshot(stack, open)).resources.length, 1);
  await recorder.close();
  await lock.release();
  assert.equal((await other.readSnapshot(stack, open)).resources.length, 1);
  const update = {
    kind: 'update',
    startTime: 1,
    endTime: 2,
    message: 'm',
    environment: {},
    config: {},
    result: 'succeeded',
    resourceChanges: { create: 1 },
  } as const;
  await other.addHistory(stack, update);
  assert.deepEqual(
    (await backend.history(stack, {})).map(({ message }) => message),
    ['m'],
  );
  assert.deepEqual(
    (await backend.listStacks()).map((one) => one.stack),
    ['dev'],
  );
  await backend.removeStack(stack, { force: true, removeBackups: true });
  assert.deepEqual(await backend.listStacks(), []);
});

test('refuses a parameter that it does not know, and says what S3 answered', {
  skip: await whyNot('aws'),
}, async (t) => {
  const aws = await startAws();
  t.after(() => aws.stop());
  await assert.rejects(openBackend('s3://states?kms_key=x', { environment }), /kms_key/);
  const missing = openBackend(
    `s3://nowhere?region=eu-west-1&endpoint=${encodeURIComponent(aws.url)}&s3ForcePathStyle=true`,
    { environment },
  );
  await assert.rejects(missing, /NoSuchBucket/);
});
