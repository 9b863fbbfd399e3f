import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { type AwsServer, startAws, whyNot } from '../../test/servers/start.ts';
import { resources } from './resources/all.ts';
import type { Life } from './testing/life.ts';
import { clusterLives } from './testing/lives/clusters.ts';
import { identityLives } from './testing/lives/identities.ts';
import { machineLives } from './testing/lives/machines.ts';
import { nameLives } from './testing/lives/names.ts';
import { networkLives } from './testing/lives/network.ts';
import { serviceLives } from './testing/lives/services.ts';
import { storageLives } from './testing/lives/storage.ts';
import { createTestProvider, type TestResource, type TestResources } from './testing/test-provider.ts';
import { createWorld, type World } from './testing/world.ts';

/**
 * Every resource through its life: on moto, or with MAINSTAY_TEST_AWS=1 and AWS_PROFILE on a real account, under a prefix. The SDK, and
 * not our code, makes what a resource needs, changes it by hand, and says what is there.
 */
const real = process.env.MAINSTAY_TEST_AWS === '1' && process.env.AWS_PROFILE !== undefined;
const skip = real ? false : await whyNot('aws');
const lives = [networkLives, machineLives, clusterLives, identityLives, storageLives, serviceLives, nameLives].flat();

it('has a life for every resource that is served', () => {
  assert.deepEqual(lives.map(({ type }) => type).sort(), [...resources.keys()].sort());
});

describe('every resource through its life', { skip, concurrency: 8 }, () => {
  let server: AwsServer | undefined;
  let world: World;
  let made: TestResources;

  before(async () => {
    server = real ? undefined : await startAws();
    world = createWorld(server?.url);
    const settings = { defaultTags: JSON.stringify({ tags: { managed: 'mainstay' } }) };
    const onAws = { ...settings, region: world.region };
    const options = { name: world.prefix, environment: real ? process.env : {} };
    made = await createTestProvider(server?.url, real ? onAws : settings, options);
  });
  // Also after failures, as nothing may stay on a real account: first what the lives left, then what they were made of.
  after(async () => {
    try {
      await made.sweep();
    } finally {
      await made.provider.close?.();
      await world.close().finally(() => server?.stop());
    }
  });

  it('takes away what a life that fails has made', async () => {
    const own = await createTestProvider(server?.url, real ? { region: world.region } : {}, {
      name: world.prefix,
      environment: real ? process.env : {},
    });
    const broken: Life = {
      type: 'aws:sqs/queue:Queue',
      inputs: async () => ({ name: `${world.prefix}-broken` }),
      live: async () => undefined,
    };
    try {
      await assert.rejects(live(broken, { world, made: own }), /the SDK sees what was created/);
      const [queue] = await own.sweep();
      assert.match(queue ?? '', /-broken$/);
      const url = queue!.split(' ')[1]!;
      await assert.rejects(world.sqs.getQueueAttributes({ QueueUrl: url }), /NonExistent|does not exist/);
    } finally {
      await own.provider.close();
    }
  });

  for (const life of lives) it(life.type, { skip: real && life.motoOnly }, async () => live(life, { world, made }));
});

interface Stage {
  readonly world: World;
  readonly made: TestResources;
}

async function live(life: Life, { world, made }: Stage): Promise<void> {
  const inputs = await life.inputs(world);
  let resource = await made.create(life.type, inputs);
  const born = await life.live(world, resource);
  assert.ok(born !== undefined, 'the SDK sees what was created');
  await staysAsItIs(life, { resource, inputs, when: 'after the create' });
  let current = inputs;
  if (life.change && !lacks(life, 'change')) {
    current = await life.change(world, inputs);
    resource = await changeInPlace(life, { world, resource, current, born });
  }
  if (life.replace) {
    const diff = await resource.diff(await life.replace.inputs(world));
    assert.deepEqual([...diff.replaces].sort(), [...life.replace.properties].sort(), 'what replaces');
  }
  if (life.drift && !lacks(life, 'drift')) resource = await drift(life, { world, made, resource, current });
  if (life.importId !== false) await importIt(life, { made, resource, current });
  await end(life, world, resource);
}

/** Whether moto, if it is moto, cannot be asked for it. */
function lacks({ motoLacks }: Life, part: keyof NonNullable<Life['motoLacks']>): boolean {
  return !real && motoLacks?.[part] !== undefined;
}

async function staysAsItIs(
  life: Life,
  { resource, inputs, when }: { readonly resource: TestResource; readonly inputs: PropertyMap; readonly when: string },
): Promise<void> {
  const same = await resource.diff(inputs);
  assert.deepEqual([same.changes, same.diffs], ['none', []], `no change ${when}`);
  const read = await resource.refresh();
  assert.ok(read, `it is there ${when}`);
  if (!life.moves) assert.equal(read.id, resource.id);
  const found = await read.diff(inputs);
  assert.deepEqual([found.changes, found.diffs], ['none', []], `no drift ${when}: ${JSON.stringify(read.inputs)}`);
  const still = (outputs: PropertyMap) =>
    Object.fromEntries(Object.entries(outputs).filter(([key]) => !life.moving?.includes(key)));
  assert.deepEqual(still(read.outputs), still(resource.outputs), `a read says what the operation said ${when}`);
}

async function changeInPlace(
  life: Life,
  {
    world,
    resource,
    current,
    born,
  }: { readonly world: World; readonly resource: TestResource; readonly current: PropertyMap; readonly born: unknown },
): Promise<TestResource> {
  const diff = await resource.diff(current);
  assert.deepEqual([diff.changes, diff.replaces], ['some', []], 'a change in place');
  const changed = await resource.update(current);
  if (!lacks(life, 'live'))
    assert.notDeepEqual(await life.live(world, changed), born, 'the SDK sees that it was changed');
  await staysAsItIs(life, { resource: changed, inputs: current, when: 'after the change' });
  return changed;
}

async function drift(
  life: Life,
  { world, made, resource, current }: Stage & { readonly resource: TestResource; readonly current: PropertyMap },
): Promise<TestResource> {
  await life.drift!.by(world, resource);
  const found = await resource.refresh();
  assert.ok(found);
  const diff = await found.diff(current);
  assert.deepEqual([...(diff.diffs ?? [])].sort(), [...life.drift!.properties].sort(), 'a refresh finds the drift');
  const mended =
    diff.replaces.length === 0 ? await found.update(current) : await replaced(life, { made, found, current });
  await staysAsItIs(life, { resource: mended, inputs: current, when: 'after the drift was put right' });
  return mended;
}

async function replaced(
  { type }: Life,
  {
    made,
    found,
    current,
  }: { readonly made: TestResources; readonly found: TestResource; readonly current: PropertyMap },
): Promise<TestResource> {
  await found.delete();
  return made.create(type, current);
}

async function importIt(
  life: Life,
  {
    made,
    resource,
    current,
  }: { readonly made: TestResources; readonly resource: TestResource; readonly current: PropertyMap },
): Promise<void> {
  const id = life.importId ? life.importId(resource) : resource.id;
  const imported = await made.import(life.type, id);
  assert.ok(imported, `it is found by ${id}`);
  if (!life.moves) assert.equal(imported.id, resource.id);
  const diff = await imported.diff(current);
  const { properties } = resources.get(life.type)!;
  const real = (diff.diffs ?? []).filter((key) => !properties[key]?.writeOnly);
  assert.deepEqual(
    [real, diff.replaces],
    [[], []],
    `the program fits what was imported: ${JSON.stringify(imported.inputs)}`,
  );
}

async function end(life: Life, world: World, resource: TestResource): Promise<void> {
  await resource.delete();
  if (!life.remains) {
    assert.equal(await life.live(world, resource).catch(ifNotFound), undefined, 'the SDK sees that it is gone');
    assert.equal(await resource.refresh(), undefined, 'a refresh sees that it is gone');
  }
  await resource.delete();
}

function ifNotFound(error: Error & { readonly Code?: string }): undefined {
  if (/NotFound|NoSuch|NonExistent|DoesNotExist|not ?found/i.test(`${error.name} ${error.Code} ${error.message}`))
    return undefined;
  throw error;
}
