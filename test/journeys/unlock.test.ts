import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { createEstate, type Estate, stackFile } from './estate.ts';

let estate: Estate;
const DEV = { repository: 'estate', stack: 'journey/dev' };

before(async () => {
  estate = await createEstate();
  // PostgreSQL runs as another user where we are root.
  chmodSync(estate.folder, 0o755);
  await estate.start();
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
});

after(() => estate.close());

function lockFolder(): string {
  return join(estate.folder, 'data/state/.pulumi/locks/organization/journey/dev');
}

function locks(): readonly string[] {
  return existsSync(lockFolder()) ? readdirSync(lockFolder()) : [];
}

test('leaves the lock of somebody else, and says whose it is', async () => {
  assert.equal((await estate.api().unlock(DEV)).done, 'nothing was left');
  mkdirSync(lockFolder(), { recursive: true });
  const file = join(lockFolder(), '5ab6f7f2-6d0b-4a4c-9f3e-2b5a9e2f7d11.json');
  const holder = { pid: 4242, username: 'grace', hostname: 'her-laptop', timestamp: new Date().toISOString() };
  writeFileSync(file, JSON.stringify(holder));
  await assert.rejects(estate.api().unlock(DEV), /somebody else is at it: process 4242 on her-laptop\./);
  assert.equal(locks().length, 1);
  rmSync(file);
});

test('clears what a killed update left, once it is not wanted any more', async () => {
  const api = estate.api();
  await estate.push('slow', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', slow: 'x' }, { match: 'slow', milliseconds: 600_000 }),
  });
  const commit = await estate.merge('slow');
  const run = await until(async () =>
    (await api.runs({ ...DEV, kind: 'update' })).find((found) => found.commit === commit),
  );
  await until(async () => (locks().length > 0 ? true : undefined));
  await assert.rejects(api.unlock(DEV), new RegExp(`being updated: ${run.id}`));
  await until(async () => {
    const { steps } = await api.run(run.id);
    return steps.some(({ name }) => name === 'update') && locks().length > 0 ? true : undefined;
  });
  await Promise.all([api.cancelRun(run.id), cancelled(run.id)]);
  await estate.kill();
  assert.equal(locks().length, 1, 'the killed update left its lock');
  await estate.start();
  const { done } = await estate.api().unlock(DEV);
  assert.match(done, /cancelled the lock that it left/);
  assert.deepEqual(locks(), []);
  const trail = await estate.api().audit({ limit: 100 });
  assert.deepEqual(
    trail.filter(({ kind }) => kind === 'cancel' || kind === 'unlock').map(({ kind, subject }) => [kind, subject]),
    [
      ['unlock', 'journey/dev'],
      ['cancel', run.id],
      ['unlock', 'journey/dev'],
    ],
  );
});

async function cancelled(run: string): Promise<void> {
  await until(async () => ((await estate.api().run(run)).state === 'cancelled' ? true : undefined));
}

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error('it never came');
    await delay(50);
  }
}
