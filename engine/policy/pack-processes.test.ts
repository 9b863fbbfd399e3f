import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { identityOf } from '../../foundation/processes.ts';
import { loadPolicyPack, type PolicyPack } from './load-policy-pack.ts';
import { createPackProcesses, type PackProcesses } from './pack-processes.ts';

const path = fileURLToPath(new URL('./fixtures/pack', import.meta.url));
const waiting = createPackProcesses({ reservedMemory: 0 });
after(() => waiting.close());

/** What ran packs, and when it was started: before or after it was asked for. */
const ran: { readonly pid: number; readonly age: number }[] = [];
const processes: PackProcesses = {
  async start(run) {
    const managed = await waiting.start(run);
    ran.push({ pid: managed.identity.pid, age: Number(managed.identity.startTime) });
    return managed;
  },
  close: () => waiting.close(),
};

function load(stack: string, environment: Readonly<Record<string, string>> = {}): Promise<PolicyPack> {
  return loadPolicyPack({
    ...{ path, project: 'proj', stack, organization: 'organization', dryRun: stack === 'dev', processes },
    ...{ config: { 'proj:owner': `owner-of-${stack}` }, configSecretKeys: [] },
    environment: { PATH: process.env.PATH, ...environment },
    log: () => {},
  });
}

async function messageOf(pack: PolicyPack): Promise<string> {
  const options = {
    ...{ protect: false, ignoreChanges: [], deleteBeforeReplace: undefined, additionalSecretOutputs: [] },
    ...{ aliases: [], customTimeouts: undefined, parent: '' },
  };
  const subject = { urn: 'urn:pulumi:dev::proj::demo:index:Thing::a', type: 'demo:index:Thing', name: 'a' };
  const violations = await pack.analyze({ ...subject, properties: { colour: 'red' }, options, provider: undefined });
  return violations.map(({ message }) => message).join();
}

async function gone(pid: number): Promise<boolean> {
  for (let wait = 0; wait < 250 && identityOf(pid) !== undefined; wait += 1) await delay(20);
  return identityOf(pid) === undefined;
}

/** Ticks of the system since it started, as a process that is started now would have. */
const now = () => Math.floor(process.uptime() * 100) + Number(identityOf(process.pid)!.startTime);

it('runs each pack in a process of its own that waited for it, with the settings of its own stack', async () => {
  const first = await load('dev');
  assert.match(await messageOf(first), /red in dev of owner-of-dev/);
  await first.close();
  assert.ok(await gone(ran[0]!.pid));
  // Its successor loads the SDK meanwhile.
  await delay(300);
  const asked = now();
  const second = await load('prod');
  assert.match(await messageOf(second), /red in prod of owner-of-prod/);
  assert.notEqual(ran[1]!.pid, ran[0]!.pid);
  assert.ok(ran[1]!.age < asked - 10, 'the second pack got a process that had been started before');
  await second.close();
  assert.ok(await gone(ran[1]!.pid));
});

it('leaves a waiting process alone where the environment says otherwise what it has loaded', async () => {
  await delay(300);
  const asked = now();
  const pack = await load('dev', { TS_NODE_TRANSPILE_ONLY: 'true' });
  assert.ok(ran.at(-1)!.age >= asked - 10);
  await pack.close();
});

it('leaves no process when it is closed', async () => {
  await waiting.close();
  for (const { pid } of ran) assert.ok(await gone(pid));
});
