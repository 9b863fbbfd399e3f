import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isMainstayError } from '../../foundation/errors.ts';
import { openBackend } from './open-backend.ts';

const stack = { project: 'demo', stack: 'dev' };
const noSecrets = () => assert.fail('there are no secrets');

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-backend-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const open = (folder: string) => openBackend(`file://${folder}`, { environment: {} });

test('refuses a layout that it does not have, before anything seems to be missing', async (t) => {
  const folder = await newFolder(t);
  await mkdir(join(folder, '.pulumi/stacks'), { recursive: true });
  await writeFile(join(folder, '.pulumi/stacks/dev.json'), '{}');
  await assert.rejects(open(folder), /legacy layout.*pulumi state upgrade/);
  await writeFile(join(folder, '.pulumi/meta.yaml'), 'version: 2\n');
  await assert.rejects(open(folder), /version 2/);
  await writeFile(join(folder, '.pulumi/meta.yaml'), 'version: 1\n');
  await open(folder);
});

test('names a kind of backend that it does not have', async () => {
  for (const url of ['gs://bucket', 'azblob://x', 'https://api.pulumi.com', 'nonsense'])
    await assert.rejects(openBackend(url, { environment: {} }), (error) => isMainstayError(error, 'user'), url);
});

test('says who holds a stack and since when, and gives way until the lock is cancelled', async (t) => {
  const backend = await open(await newFolder(t));
  await backend.createStack(stack);
  const lock = await backend.lock(stack);
  await assert.rejects(
    backend.lock(stack),
    (error) =>
      isMainstayError(error, 'conflict') &&
      error.message.startsWith('the stack is currently locked by 1 lock(s)') &&
      new RegExp(`created by .+@.+ \\(pid ${process.pid}\\) at \\d{4}-`).test(error.message),
  );
  assert.equal(await backend.cancel(stack), 1);
  const second = await backend.lock(stack);
  await lock.release();
  await assert.rejects(backend.lock(stack), /locked/);
  await second.release();
  await (await backend.lock(stack)).release();
});

test('never lets two of many that race hold a stack', async (t) => {
  const backend = await open(await newFolder(t));
  await backend.createStack(stack);
  let holding = 0;
  const race = async () => {
    const lock = await backend.lock(stack);
    holding += 1;
    assert.equal(holding, 1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    holding -= 1;
    await lock.release();
  };
  for (let round = 0; round < 10; round += 1) {
    const results = await Promise.allSettled(Array.from({ length: 6 }, race));
    for (const one of results)
      if (one.status === 'rejected') assert.ok(isMainstayError(one.reason, 'conflict'), String(one.reason));
  }
});

test('names the file of a state that is broken, and lists the stack all the same', async (t) => {
  const folder = await newFolder(t);
  const backend = await open(folder);
  await backend.createStack(stack);
  await backend.createStack({ ...stack, stack: 'good' });
  const file = join(folder, '.pulumi/stacks/demo/dev.json');
  const good = await readFile(file, 'utf8');
  const broken = [
    good.slice(0, 40),
    '[]',
    good.replace('"metadata"', '"resources":{"a":1},"metadata"'),
    good.replace('"metadata"', '"resources":[null],"metadata"'),
    good.replace('"metadata"', '"resources":[{"urn":"urn:pulumi:dev::demo::t::n"}],"metadata"'),
    good.replace(
      '"metadata"',
      '"resources":[{"urn":"urn:pulumi:dev::demo::t:m:T::n","type":"t:m:T","inputs":{"a":{"4dabf18193072939515e22adb298388d":"new-kind"}}}],"metadata"',
    ),
  ];
  for (const text of broken) {
    await writeFile(file, text);
    await assert.rejects(backend.readSnapshot(stack, noSecrets), (error) => isMainstayError(error, 'user'), text);
    assert.deepEqual(
      (await backend.listStacks()).map((one) => one.stack),
      ['dev', 'good'],
    );
  }
});
