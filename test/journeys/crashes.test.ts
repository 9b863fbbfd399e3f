import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { git } from '../../cli/demo-repository.ts';
import { World } from '../../providers/sandbox/world.ts';
import { createEstate, type Estate, FIRST_FILES, stackFile } from './estate.ts';

const SETTINGS = `environments:
  - { name: dev, stacks: [dev], verify: [{ kind: command, command: ["true"] }] }
  - { name: prod, stacks: [prod], approval: { count: 1 } }
drift: { mode: "off" }
stacks: { dev: { drift: { mode: correct, every: 24h } } }
`;

/** Steps that have to have been among those at which the runner died: one or more of each verb. */
const MUST = [
  ...['preview:estate: plan', 'preview:estate: report', 'p-: preview', 'p-: finish'],
  ...['estate@: plan', 'estate@: gate', 'estate@: verify true', 'estate@: end', 'estate@: tell the forge'],
  ...['u-: preview', 'u-: update', 'u-: finish'],
  ...['c-: put back', 'c-: finish'],
];

/** The whole takes minutes: by turns is one half of it, in which no step is left out. */
const WHENS = process.env.MAINSTAY_CRASH_EVERYWHERE ? ['done', 'stored'] : ['done or stored by turns'];

for (const when of WHENS)
  test(`is killed once at every step of preview, rollout, update, drift and rollback, when it is ${when}`, {
    timeout: 1_800_000,
  }, async (t) => {
    const estate = await createEstate({}, { ...FIRST_FILES, 'stacks/mainstay.yaml': SETTINGS });
    const crashes = join(estate.folder, 'crashes');
    const file = pathToFileURL(join(import.meta.dirname, 'crash-at-steps.ts')).href;
    const environment = {
      ...{ JOURNEY_CRASH: when, JOURNEY_CRASHES: crashes, MAINSTAY_POLL: '1' },
      NODE_OPTIONS: `--disable-warning=DeprecationWarning --import=${file}`,
    };
    const life: Life = keepAlive(estate, environment);
    t.after(async () => {
      await life.stop();
      await estate.close();
    });
    const kept = { estate, life };
    const first = await git(estate.repository, 'rev-parse', 'main');
    await rolledOut(kept, first);

    const head = await estate.push('change', filesAt('v2'));
    await previewed(kept, 'change', head);
    await rolledOut(kept, await estate.merge('change'));
    assertMaps(estate, { dev: ['one', 'three'], prod: ['one'] });

    await corrected(kept);

    const offered = await asked(kept, 'the rollback', () =>
      estate.api().rollBack({ repository: 'estate', stack: 'journey/dev', to: first, reason: 'it was better' }),
    );
    await previewed(kept, offered.change, offered.commit);
    await rolledOut(kept, await estate.merge(offered.change));
    assertMaps(estate, { dev: ['one', 'two'], prod: ['one'] });

    await assertOnce(kept);
    const places = readFileSync(crashes, 'utf8').trim().split('\n');
    t.diagnostic(`killed at ${places.length} steps, ${life.lives()} lives`);
    for (const place of MUST)
      assert.ok(places.includes(place), `never died at ${place}, only at\n${places.join('\n')}`);
  });

function filesAt(value: string): Readonly<Record<string, string>> {
  return {
    'stacks/Pulumi.dev.yaml': stackFile({ one: value, three: 'c' }),
    'stacks/Pulumi.prod.yaml': stackFile({ one: value }),
  };
}

interface Kept {
  readonly estate: Estate;
  readonly life: Life;
}

interface Life {
  lives(): number;
  /** Milliseconds since it was started last. */
  age(): number;
  stop(): Promise<void>;
}

/** A runner that lives on for this long without what it is asked for has lost it. */
const LOST_AFTER_MS = 180_000;

/** Starts the runner again whenever it has ended, as whatever supervises it would. */
function keepAlive(estate: Estate, environment: Readonly<Record<string, string>>): Life {
  let stopped = false;
  let lives = 0;
  let since = performance.now();
  const loop = (async () => {
    while (!stopped) {
      lives += 1;
      since = performance.now();
      // It may die before it is ready.
      await estate.start(environment).catch(() => {});
      if (!stopped) await estate.ended();
    }
  })();
  return {
    lives: () => lives,
    age: () => performance.now() - since,
    stop: async () => {
      stopped = true;
      await estate.end();
      await loop;
    },
  };
}

/** Asks again until there is an answer: whoever asks a runner that is starting again does so. */
async function asked<T>({ estate, life }: Kept, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let last: unknown;
  while (life.age() < LOST_AFTER_MS) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  throw new Error(`${what} did not come. The runner said:\n${estate.said()}`, { cause: last });
}

async function rolledOut(kept: Kept, commit: string): Promise<void> {
  const { estate } = kept;
  const rollout = await asked(kept, `the rollout of ${commit}`, async () => {
    const found = (await estate.api().rollouts()).find((each) => each.commit === commit);
    if (found?.waits?.for === 'approval') await estate.api().decideRollout(found.id, { kind: 'approve', by: 'Ada' });
    return found?.endedAt === undefined ? undefined : found;
  });
  assert.equal(rollout.state, 'succeeded', rollout.summary);
}

function previewed(kept: Kept, branch: string, head: string): Promise<unknown> {
  return asked(kept, `the preview of ${branch}`, async () => {
    const change = (await kept.estate.api().changes()).find(({ name }) => name === branch);
    const ended = change?.merge !== undefined && change.runs.every(({ endedAt }) => endedAt !== undefined);
    return change?.head === head && ended ? true : undefined;
  });
}

const teamIn = (world: World) => {
  const found = world.list('kubernetes:core/v1:ConfigMap').find(({ id }) => id.endsWith('/one'));
  return (found?.inputs as { metadata: { labels: { team: string } } } | undefined)?.metadata.labels.team;
};

/** Somebody changes something by hand; it is found and put back. */
async function corrected(kept: Kept): Promise<void> {
  const { estate } = kept;
  const world = new World(join(estate.folder, 'data/pulumi-home/sandbox/organization-journey-dev.sqlite'));
  try {
    assert.equal(world.drift('*::one', 'metadata.labels.team', 'somebody'), 1);
    await asked(kept, 'the look', async () => {
      await estate.api().look({ repository: 'estate', stack: 'journey/dev', correct: true });
      return true;
    });
    await asked(kept, 'the correction', async () => {
      const runs = await estate.api().runs({ kind: 'correction' });
      return runs.length > 0 && runs.every(({ endedAt }) => endedAt !== undefined) ? true : undefined;
    });
    assert.equal(teamIn(world), 'shop');
    const states = (await asked(kept, 'the runs', () => estate.api().runs({ kind: 'correction' }))).map(
      ({ state }) => state,
    );
    assert.ok(states.includes('succeeded'), states.join());
  } finally {
    world.close();
  }
}

function mapsOf(estate: Estate, stack: string): readonly string[] {
  const maps = estate.state(stack).resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  return maps.map(({ urn }) => urn.split('::').at(-1)!).sort();
}

function assertMaps(estate: Estate, expected: Readonly<Record<string, readonly string[]>>): void {
  for (const [stack, names] of Object.entries(expected)) {
    assert.deepEqual(mapsOf(estate, stack), names);
    assert.deepEqual(estate.state(stack).pending_operations ?? [], []);
    const locks = join(estate.folder, 'data/state/.pulumi/locks/organization/journey', stack);
    assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
  }
}

/** Each rollout has each of its stacks once, every change was told once, and all is as it should be. */
async function assertOnce(kept: Kept): Promise<void> {
  const { estate } = kept;
  const rollouts = await asked(kept, 'the rollouts', () => estate.api().rollouts());
  assert.deepEqual(
    rollouts.map(({ state }) => state),
    ['succeeded', 'succeeded', 'succeeded'],
  );
  for (const { id } of rollouts) {
    const runs = await asked(kept, 'the runs', () => estate.api().runs({ rollout: id, kind: 'update' }));
    assert.equal(new Set(runs.map(({ stack }) => stack)).size, runs.length, `${id} updates each stack once`);
    for (const { id: run, state } of runs) assert.equal(state, 'succeeded', run);
  }
  const approvals = (await asked(kept, 'the trail', () => estate.api().audit({ limit: 200 }))).filter(
    ({ kind }) => kind === 'approval',
  );
  assert.equal(new Set(approvals.map(({ text, subject }) => `${subject} ${text}`)).size, approvals.length);
  assert.equal((await asked(kept, 'the status', () => estate.api().status())).aligned, true);
}
