import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { killedBeforeChange } from '../../engine/automation/testing/killed-before-change.ts';
import { CommandEngine } from './command-engine.ts';
import { findOfficial } from './find-official.ts';
import { thingType } from './program.ts';
import type { Operation, ScenarioResource } from './scenario-data.ts';
import type { Workplace } from './workplace.ts';

const names = ['a', 'b', 'c', 'd'];

function resource(name: string, fields: Partial<ScenarioResource> = {}): ScenarioResource {
  return {
    name,
    component: false,
    read: undefined,
    region: undefined,
    vague: false,
    settings: undefined,
    size: 0,
    version: 0,
    exclusive: false,
    secret: true,
    tags: [],
    from: [],
    dependsOn: [],
    parent: undefined,
    options: {},
    ...fields,
  };
}

function update(resources: readonly ScenarioResource[]): Operation {
  const rest = { targets: [], targetDependents: false, replaces: [], continueOnError: false, refresh: false };
  return { kind: 'up', resources, failures: {}, drift: {}, ...rest };
}

/** Each needs the one before it. */
const chain = (fields: Partial<ScenarioResource>): readonly ScenarioResource[] =>
  names.map((name, index) =>
    resource(name, { ...fields, from: index === 0 ? [] : [{ name: names[index - 1]!, sensitive: false }] }),
  );

const first = update(chain({}));
/** Updates, a replacement of each kind and a delete. */
const second = update([
  resource('a', { size: 1 }),
  resource('b', { version: 1 }),
  resource('c', { version: 1, exclusive: true }),
]);

const refresh: Operation = { ...first, kind: 'refresh', resources: [] };
const destroy: Operation = { ...first, kind: 'destroy', resources: [] };
const adoption: Operation = {
  ...first,
  kind: 'import',
  resources: [],
  imports: [
    { name: 'x', id: 'foreign-0', protect: true },
    { name: 'y', id: 'foreign-1', protect: true },
  ],
};

/** What can be imported. */
function addForeign({ cloud }: Workplace): void {
  for (const number of [0, 1]) {
    const inputs = { size: 0, replaceBy: 0, tags: [], hidden: 'hidden0' };
    cloud.things.set(`foreign-${number}`, { type: thingType, urn: '', inputs });
  }
}

/** Every thing is in the state, or the state says that it was being made; nothing in the state is gone unless it was being deleted. */
async function checkNothingLost(engine: CommandEngine, workplace: Workplace): Promise<void> {
  const { resources = [], pending_operations: pending = [] } = await engine.export(workplace);
  const underWay = (kind: string, name: string): boolean =>
    pending.some(({ type, resource: { urn } }) => type === kind && urn.endsWith(`::${name}`));
  const known = new Set(resources.map(({ id }) => id));
  for (const [id] of workplace.cloud.things) {
    if (id.startsWith('foreign-')) continue;
    assert.ok(known.has(id) || underWay('creating', id.split('-')[0]!), `${id} is lost`);
  }
  const living = resources.filter((resource) => !resource.delete).map(({ urn }) => urn);
  assert.deepEqual(living, [...new Set(living)], 'one resource of each name');
  for (const { id, urn, pendingReplacement } of resources) {
    if (!id || !urn.includes('test:index:Thing') || pendingReplacement || workplace.cloud.things.has(id)) continue;
    assert.ok(underWay('deleting', id.split('-')[0]!), `${id} is remembered but gone`);
  }
}

describe('an engine that is killed inside a provider call', () => {
  const engine = new CommandEngine('ours', fileURLToPath(new URL('../../engine/bin/pulumi', import.meta.url)));
  const official = findOfficial();
  const yardstick = official === undefined ? undefined : new CommandEngine('official', official);

  before(async () => {
    await engine.start();
    await yardstick?.start();
  });

  after(async () => {
    await engine.close();
    await yardstick?.close();
  });

  for (const { operation, before: earlier, calls, what } of [
    // A check is between the steps: the one before it has been recorded.
    { operation: first, before: undefined, calls: ['create c', 'check c'], what: 'an update' },
    { operation: second, before: first, calls: ['create c', 'delete d'], what: 'a change' },
    { operation: refresh, before: first, calls: ['read b'], what: 'a refresh' },
    { operation: destroy, before: first, calls: ['delete b'], what: 'a destroy' },
    { operation: adoption, before: first, calls: ['read y'], what: 'an import' },
  ]) {
    for (const call of calls) {
      it(`has lost nothing and goes on from there: ${call} of ${what}`, {
        timeout: 180_000,
      }, async () => {
        assert.ok(await killAndGoOn({ operation, earlier }, (current) => current === call), `${call} never came`);
      });
    }

    // Two dozen starts of the executable: where there is time for it.
    it(`has lost nothing inside any call at all of ${what}`, {
      skip: process.env.MAINSTAY_KILL_EVERYWHERE === undefined && 'set MAINSTAY_KILL_EVERYWHERE to kill in every call',
    }, async (test) => {
      for (let place = 1; ; place += 1) {
        let seen = 0;
        const killed = await killAndGoOn({ operation, earlier }, () => {
          seen += 1;
          return seen === place;
        });
        if (!killed) {
          test.diagnostic(`killed in each of ${place - 1} calls`);
          assert.ok(place > 2);
          return;
        }
      }
    });
  }

  it('has lost nothing before any write at all of an import', { timeout: 900_000 }, async (test) => {
    for (let place = 1; ; place += 1) {
      const workplace = await engine.workplace();
      try {
        addForeign(workplace);
        engine.environment = killedBeforeChange(place, workplace.directory);
        const { messages, result } = await engine.carryOut(workplace, adoption);
        engine.environment = {};
        if (!messages.join('').includes(`change ${place} `)) {
          test.diagnostic(`killed before each of ${place - 1} writes`);
          assert.equal(result, 'succeeded', messages.join('\n'));
          // Of the lock, the journal and the state at least.
          assert.ok(place > 5);
          return;
        }
        await checkNothingLost(engine, workplace);
        assert.ok(workplace.cloud.calls.every((call) => !/^(create|update|delete)/.test(call)));
        // Going on takes five commands: from some of the places.
        if (place % 4 !== 0) continue;
        await engine.cancel(workplace);
        await goOn(workplace, adoption);
      } finally {
        engine.environment = {};
        await workplace.remove();
      }
    }
  });

  /** Kills the engine inside the call that is asked for; false: there was none. Then nothing is lost, and the operation can be done again. */
  async function killAndGoOn(
    { operation, earlier }: { readonly operation: Operation; readonly earlier: Operation | undefined },
    isPlace: (call: string) => boolean,
  ): Promise<boolean> {
    const workplace = await engine.workplace();
    addForeign(workplace);
    try {
      if (earlier) assert.equal((await engine.carryOut(workplace, earlier)).result, 'succeeded');
      let killed = false;
      workplace.cloud.onCall = (current) => {
        if (killed || !isPlace(current)) return;
        killed = true;
        engine.kill();
      };
      await engine.carryOut(workplace, operation);
      workplace.cloud.onCall = () => {};
      if (!killed) return false;
      await checkNothingLost(engine, workplace);
      await yardstick?.export(workplace);
      await engine.cancel(workplace);
      const refreshed = await engine.carryOut(workplace, { ...operation, kind: 'refresh' });
      assert.equal(refreshed.result, 'succeeded', refreshed.messages.join('\n'));
      await goOn(workplace, operation);
      return true;
    } finally {
      await workplace.remove();
    }
  }

  /** Carries out what was cut off: nothing is made twice, and everything of the program is there in the end. */
  async function goOn(workplace: Workplace, operation: Operation): Promise<void> {
    const { resources: before = [] } = await engine.export(workplace);
    const imports = operation.imports?.filter(({ name }) => !before.some(({ urn }) => urn.endsWith(`::${name}`)));
    const again = await engine.carryOut(workplace, { ...operation, imports });
    assert.equal(again.result, 'succeeded', again.messages.join('\n'));
    const { resources = [], pending_operations: pending = [] } = await engine.export(workplace);
    const things = resources.filter(({ urn }) => urn.includes(thingType)).map(({ id }) => id!);
    if (operation.kind === 'destroy') assert.deepEqual(things, []);
    if (operation.kind === 'import') assert.deepEqual(things.filter((id) => id.startsWith('foreign-')).length, 2);
    // A create that was cut off stays on the list until somebody has looked; what it made may be there beside the state's own.
    const asked = pending.map(({ resource: { urn } }) => urn.split('::').at(-1));
    const strays = [...workplace.cloud.things.keys()].filter(
      (id) => !things.includes(id) && !id.startsWith('foreign-'),
    );
    for (const id of strays) assert.ok(asked.includes(id.split('-')[0]), `${id} is there, and nobody knows of it`);
  }
});
