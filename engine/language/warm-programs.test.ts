import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { identityOf } from '../../foundation/processes.ts';
import { programEnvironment } from './program-environment.ts';
import type { ProgramCommand } from './program-process.ts';
import { findPulumiSdk } from './pulumi-sdk.ts';
import { WarmPrograms, type WarmProgramsOptions } from './warm-programs.ts';

const sdk = findPulumiSdk(import.meta.dirname);
const command: ProgramCommand = {
  nodeArguments: [],
  directory: sdk.directory,
  environment: programEnvironment(process.env, {}),
  preload: { sdk: sdk.directory, runPath: sdk.runPath, packages: [], rehearse: false },
  compileCache: cacheDirectory('compiled'),
};

const pools: WarmPrograms[] = [];
after(() => Promise.all(pools.map((pool) => pool.close())));

function poolOf(options: WarmProgramsOptions): WarmPrograms {
  const pool = new WarmPrograms({ reservedMemory: 0, ...options });
  pools.push(pool);
  return pool;
}

async function gone(pid: number): Promise<boolean> {
  for (let wait = 0; wait < 250 && identityOf(pid) !== undefined; wait += 1) await delay(20);
  return identityOf(pid) === undefined;
}

it('hands out each waiting process once, and only for its kind', async () => {
  const pool = poolOf({});
  assert.equal(await pool.take('a'), undefined);
  pool.restock('a', command);
  pool.restock('a', command);
  assert.equal(await pool.take('b'), undefined);
  const taken = await pool.take('a');
  assert.ok(taken && identityOf(taken.pid));
  assert.equal(await pool.take('a'), undefined);
  await taken.end(100);
  assert.ok(await gone(taken.pid));
});

it('lets the oldest go where there is no room for another', async () => {
  const pool = poolOf({ limit: 1 });
  pool.restock('old', command);
  await delay(300);
  pool.restock('new', command);
  const kept = await pool.take('new');
  assert.ok(kept);
  assert.equal(await pool.take('old'), undefined);
  await kept.end(100);
});

it('ends what waited too long, and all that waits at the end', async () => {
  const impatient = poolOf({ idleMs: 50 });
  impatient.restock('a', command);
  await delay(500);
  assert.equal(await impatient.take('a'), undefined);
  const pool = poolOf({});
  pool.restock('a', command);
  await pool.close();
  assert.equal(await pool.take('a'), undefined);
  pool.restock('a', command);
  assert.equal(await pool.take('a'), undefined);
});

it('starts nothing where memory is short', async () => {
  const pool = poolOf({ reservedMemory: Number.MAX_SAFE_INTEGER });
  pool.restock('a', command);
  assert.equal(await pool.take('a'), undefined);
});
