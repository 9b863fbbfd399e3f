import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { isMainstayError } from '../../foundation/errors.ts';
import { newResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';
import { stepOf } from '../deploy/testing/step-of.ts';
import type { Backend } from './backend.ts';
import { openBackend } from './open-backend.ts';

const stack = { project: 'demo', stack: 'dev' };
const noSecrets = () => assert.fail('there are no secrets');

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-crash-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const namesOf = async (backend: Backend) =>
  (await backend.readSnapshot(stack, noSecrets)).resources.map(({ urn }) => urn.split('::').at(-1)!);

/** Starts the process that records, and kills it at a moment between two of its lines. Resolves to what it had acknowledged. */
async function recordAndKill(folder: string, { first, after }: { readonly first: number; readonly after: number }) {
  const program = join(import.meta.dirname, 'fixtures/record-forever.ts');
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, [program, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === after) {
      await setTimeout(after % 7);
      child.kill('SIGKILL');
    }
  }
  assert.equal((await ended)[1], 'SIGKILL');
  return acknowledged;
}

test('loses nothing that was acknowledged, however often the process is killed', async (t) => {
  const folder = await newFolder(t);
  const backend = await openBackend(`file://${folder}`, { environment: {} });
  await backend.createStack(stack);
  const acknowledged: string[] = [];
  for (const after of [1, 60, 400]) {
    acknowledged.push(...(await recordAndKill(folder, { first: acknowledged.length + 1000 * after, after })));
    const found = new Set(await namesOf(backend));
    assert.deepEqual(
      acknowledged.filter((name) => !found.has(name)),
      [],
    );
    // What others see of it without a key: the same.
    const { deployment } = await backend.exportDeployment(stack);
    assert.equal((deployment.resources as readonly unknown[]).length, found.size);
  }
  await assert.rejects(backend.removeStack(stack, { force: false, removeBackups: false }), /still has resources/);
});

test('reads a state while it is being recorded', async (t) => {
  const folder = await newFolder(t);
  const backend = await openBackend(`file://${folder}`, { environment: {} });
  await backend.createStack(stack);
  let running = true;
  const writer = recordAndKill(folder, { first: 0, after: 1500 }).finally(() => {
    running = false;
  });
  let before = 0;
  while (running) {
    const count = (await namesOf(backend)).length;
    assert.ok(count >= before, `${count} after ${before}`);
    before = count;
    await setTimeout(5);
  }
  assert.ok((await namesOf(backend)).length >= (await writer).length);
});

function mountSmallDisk(folder: string): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux to mount a small disk';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=700k', 'tmpfs', folder], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'cannot mount a tmpfs here';
  }
}

test('says that the disk is full, and keeps the last state and what was made by then', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-crash-'));
  const why = mountSmallDisk(folder);
  t.after(async () => {
    if (why === undefined) execFileSync('umount', ['--lazy', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  if (why !== undefined) return t.skip(why);
  const backend = await openBackend(`file://${folder}`, { environment: {} });
  await backend.createStack(stack);
  const recorder = await backend.record(stack, await backend.readSnapshot(stack, noSecrets), undefined);
  const create = createStep('r1');
  await recorder.beginStep(create);
  // The disk becomes full while the provider makes it: it must be in the state all the same.
  await assert.rejects(writeFile(join(folder, 'filler'), Buffer.alloc(1_000_000)), { code: 'ENOSPC' });
  await recorder.endStep(create, 'success');
  const failure = await failureOf(async (index) => {
    const step = createStep(`more-${index}`);
    await recorder.beginStep(step);
    await recorder.endStep(step, 'success');
  });
  assert.ok(isMainstayError(failure, 'transient') && failure.message.includes('disk is full'), String(failure));
  await assert.rejects(recorder.close(), /disk is full/);
  assert.ok((await namesOf(backend)).includes('r1'));
  const files = await readdir(join(folder, '.pulumi/stacks/demo'));
  assert.deepEqual(
    files.filter((name) => name.endsWith('.tmp')),
    [],
  );
});

async function failureOf(run: (index: number) => Promise<void>): Promise<unknown> {
  for (let index = 0; index < 1000; index += 1) {
    try {
      await run(index);
    } catch (error) {
      return error;
    }
  }
  return assert.fail('the disk never became full');
}

function createStep(name: string): Step {
  const type = 'test:index:Thing';
  const urn = `urn:pulumi:dev::demo::${type}::${name}`;
  const state = newResourceState({ urn, type, custom: true, id: name, inputs: { text: 'x'.repeat(9000) } });
  return stepOf('create', undefined, state);
}
