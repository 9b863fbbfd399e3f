import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DriftRecord } from '../../runner/core/keeping-store.ts';
import { startDueLooks } from '../../runner/workflows/schedule-drift.ts';
import { FIRST_FILES } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

const HOUR = 3_600_000;
const MAP = '*::one';

const settings = (dev: string) => `environments:
  - { name: dev, stacks: [dev] }
  - { name: prod, stacks: [prod] }
drift: { mode: report, every: 1h }
stacks:
  dev: { drift: ${dev} }
`;

let shop: Workshop;
let rounds = 0;

before(async () => {
  shop = await createWorkshop({ ...FIRST_FILES, 'stacks/mainstay.yaml': settings('{ mode: correct, every: 1h }') });
  await shop.sweep();
  assert.equal((await shop.rollout(await shop.head())).state, 'succeeded');
});

after(() => shop.close());

const record = (stack: string) => shop.store.drift.get('estate', `journey/${stack}`);
const value = (stack: string) => {
  const world = shop.world(stack);
  const found = world.list('kubernetes:core/v1:ConfigMap').find(({ id }) => id.endsWith('/one'));
  world.close();
  return (found?.inputs as { metadata: { labels: { team: string } } } | undefined)?.metadata.labels.team;
};

function change(stack: string, made: string): void {
  const world = shop.world(stack);
  assert.equal(world.drift(MAP, 'metadata.labels.team', made), 1);
  world.close();
}

/** Lets an hour go by and every stack have its turn. */
async function round(): Promise<readonly DriftRecord[]> {
  shop.moveClock(HOUR);
  rounds += 1;
  const looked: string[] = [];
  await startDueLooks(shop.services, async (id, at) => {
    looked.push(at.stack);
    // The look before has told what it found, and may not have ended yet.
    return shop.until('its turn', () => shop.worker.look(id, at));
  });
  assert.deepEqual(looked.sort(), ['journey/dev', 'journey/prod'], `round ${rounds}`);
  const since = shop.services.clock.now() - HOUR / 2;
  return shop.until('the looks', async () => {
    const records = await shop.store.drift.list('estate');
    const running = await shop.store.runs.list({ kind: 'correction', states: ['queued', 'running'] });
    return records.filter(({ lookedAt }) => lookedAt && lookedAt.getTime() > since).length === 2 && running.length === 0
      ? records
      : undefined;
  });
}

async function ended(kind: 'drift' | 'correction') {
  return (await shop.store.runs.list({ kind })).map(({ stack, state, summary }) => [stack, state, summary]);
}

test('reports nothing in three rounds on what nobody touched, and makes no run of it', async () => {
  for (const _ of [1, 2, 3])
    assert.deepEqual(
      (await round()).map(({ state, summary }) => [state, summary]),
      [
        ['none', 'as it should be'],
        ['none', 'as it should be'],
      ],
    );
  assert.deepEqual([await ended('drift'), await ended('correction')], [[], []]);
});

test('looks once in a turn, however often it is asked', async () => {
  const looked: string[] = [];
  await startDueLooks(shop.services, async (id) => looked.push(id) > 0);
  assert.deepEqual(looked, []);
});

test('only reports where a stack is set so, in one run as long as it stays the same', async () => {
  change('prod', 'by hand');
  const [, first] = await round();
  assert.equal(first!.state, 'drifted');
  assert.match(first!.summary, /^1 resource differs; left, as the stack is set to report only$/);
  assert.deepEqual(
    first!.finding.differences.map(({ step }) => step.changes),
    [[{ path: 'metadata.labels.team', kind: 'update', before: 'by hand', after: 'shop' }]],
  );
  const [, second] = await round();
  assert.deepEqual([second!.since, second!.run], [first!.since, first!.run]);
  assert.deepEqual(await ended('drift'), [['journey/prod', 'succeeded', first!.summary]]);
  assert.equal(value('prod'), 'by hand');
});

test('puts back where a stack is set so, and says what', async () => {
  change('dev', 'by hand');
  await round();
  await shop.until('the correction', async () => value('dev') === 'shop');
  await shop.until('dev as it should be', async () => (await record('dev'))?.state === 'none');
  await shop.until('the end of the correction', async () => (await ended('correction'))[0]?.[1] === 'succeeded');
  assert.deepEqual(await ended('correction'), [['journey/dev', 'succeeded', '1 updated']]);
  const trail = await shop.store.audit.list({ subject: 'journey/dev' });
  assert.match(trail[0]!.text, /^put back: .*ConfigMap::one$/);
});

test('stops where the same difference comes again, and goes on when it is gone and something else differs', async () => {
  change('dev', 'by hand');
  const [flapping] = await round();
  assert.equal(flapping!.state, 'flapping');
  assert.match(flapping!.summary, /left, as it came again after it was put back: one metadata\.labels\.team/);
  assert.equal(value('dev'), 'by hand');
  assert.equal((await round())[0]!.state, 'flapping');
  change('dev', 'by another hand');
  await round();
  await shop.until('the correction', async () => value('dev') === 'shop');
});

test('puts back what somebody asks for, whatever the mode', async () => {
  await shop.worker.look('asked-1', {
    repository: 'estate',
    stack: 'journey/prod',
    asked: { by: 'ada', correct: true },
  });
  await shop.until('the correction', async () => value('prod') === 'shop');
  await shop.until('its end', async () => (await record('prod'))?.state === 'none');
  const [run] = await shop.store.runs.list({ kind: 'correction', stack: 'journey/prod' });
  assert.deepEqual(run!.reasons, [{ kind: 'asked', text: 'asked by ada' }]);
});

test('makes what is gone again', async () => {
  const world = shop.world('dev');
  world.vanish('*::two');
  world.close();
  await round();
  await shop.until('the correction', async () => (await ended('correction'))[0]?.[2] === '1 created');
  await shop.until('dev as it should be', async () => (await record('dev'))?.state === 'none');
});

test('never replaces, not even asked', async () => {
  const world = shop.world('dev');
  world.drift(MAP, 'data.value', 'by hand');
  const [found] = await round();
  assert.match(found!.summary, /left, as it would replace: one/);
  await shop.worker.look('asked-2', {
    repository: 'estate',
    stack: 'journey/dev',
    asked: { by: 'ada', correct: true },
  });
  await shop.until('the look', async () => (await record('dev'))!.lookedAt! > found!.lookedAt!);
  assert.match((await record('dev'))!.summary, /left, as it would replace: one/);
  world.drift(MAP, 'data.value', 'a');
  world.close();
});

test('says that a look failed, keeps what it knew, and goes on when it can look again', async () => {
  const world = shop.world('dev');
  world.setFaults([{ kind: 'fail', match: MAP, on: ['read'], message: 'no such region: atlantis' }]);
  const [failed] = await round();
  assert.equal(failed!.state, 'unknown');
  assert.match(failed!.summary, /^could not be looked at: .*no such region: atlantis/);
  world.setFaults([]);
  world.close();
  assert.equal((await round())[0]!.state, 'none');
});

test('is not looked at while it is updated, and an update makes the next turn wait', async () => {
  await shop.push('main', { 'infra/labels.ts': "export const labels = { team: 'shops' };\n" });
  await shop.sweep();
  await shop.rollout(await shop.head());
  const looked: string[] = [];
  await startDueLooks(shop.services, async (id) => looked.push(id) > 0);
  assert.deepEqual(looked, []);
  assert.deepEqual(
    (await round()).map(({ state }) => state),
    ['none', 'none'],
  );
});

test('a look that takes longer than its turn is not started again and again; one that is asked for is', async () => {
  const world = shop.world('dev');
  world.setFaults([{ kind: 'lag', match: MAP, on: ['read'], milliseconds: 3000 }]);
  const at = { repository: 'estate', stack: 'journey/dev', asked: undefined };
  await shop.until('the end of the look before', () => shop.worker.look('turn-1', at));
  assert.equal(await shop.worker.look('turn-2', at), false);
  assert.equal(await shop.worker.look('asked-3', { ...at, asked: { by: 'ada', correct: false } }), true);
  world.setFaults([]);
  world.close();
  await shop.until('the end of the look', async () => shop.worker.look('turn-4', at));
});

test('forgets what it found of a stack that is to be left alone, a turn later, and closes its issue', async () => {
  const { forge } = shop.repository;
  const closed: string[] = [];
  const closing = {
    ...shop.repository,
    forge: { ...forge, closeIssue: async (issue: string) => void closed.push(issue) },
  };
  const services = { ...shop.services, repositories: new Map([['estate', closing]]) };
  await shop.push('main', { 'stacks/mainstay.yaml': settings('{ mode: "off", every: 1h }') });
  await shop.sweep();
  await shop.rollout(await shop.head());
  // The look of the test before has ended then; this one finds that it is off.
  const at = { repository: 'estate', stack: 'journey/dev', asked: undefined };
  await shop.until('the end of the look before', () => shop.worker.look('turn-5', at));
  const found = (await record('dev'))!;
  const lookedAt = new Date(shop.services.clock.now());
  await shop.store.drift.put({ ...found, state: 'drifted', issue: '7', lookedAt });
  await startDueLooks(services, async () => true);
  assert.equal((await record('dev'))?.state, 'drifted', 'somebody may have asked for it just now');
  shop.moveClock(HOUR);
  await startDueLooks(services, async () => true);
  assert.deepEqual([await record('dev'), closed], [undefined, ['7']]);
  assert.ok(await record('prod'));
});
