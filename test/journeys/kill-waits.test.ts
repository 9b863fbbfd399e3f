import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { World } from '../../providers/sandbox/world.ts';
import type { RolloutResponse } from '../../runner/api/responses.ts';
import { createEstate, type Estate, FIRST_FILES, stackFile } from './estate.ts';

/**
 * The runner is killed in each thing that it can wait for and in a correction, and comes back with another clock: what it waited for has come meanwhile,
 * or clocks were set back. Told in order.
 */
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const REAL = Date.now();
let estate: Estate;
let offset = 0;

/** As the settings have times. */
const dayAt = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, 10);
const timeAt = (milliseconds: number) => new Date(milliseconds).toISOString().slice(11, 16);

const settings = (folder: string) => ({
  timeZone: 'UTC',
  environments: [
    {
      ...{ name: 'dev', stacks: ['dev'] },
      freezes: [{ from: dayAt(REAL - DAY), to: dayAt(REAL + DAY), reason: 'a fair' }],
      // It says that it has begun, and waits until it is let go.
      verify: [
        {
          ...{ kind: 'command', name: 'smoke' },
          command: [
            'sh',
            '-c',
            `echo begun >> ${folder}/smoke; until [ -e ${folder}/go ]; do sleep 0.1; done; test ! -e ${folder}/bad`,
          ],
        },
      ],
      onFailure: 'revert',
    },
    {
      ...{ name: 'prod', stacks: ['prod'], soak: '1h', approval: { owners: ['ada'] } },
      windows: [{ from: timeAt(REAL + 5 * HOUR), to: timeAt(REAL + 7 * HOUR) }],
    },
  ],
  drift: { mode: 'off' },
  promotions: [
    { name: 'app=web', path: ['dev', 'prod'], values: ['journey:maps.one'], by: 'commit' },
    { name: 'asked', path: ['dev', 'prod'], values: ['journey:maps.one'], by: 'change' },
  ],
});

before(async () => {
  const { href } = new URL('shifted-clock.ts', import.meta.url);
  estate = await createEstate({ NODE_OPTIONS: `--import=${href}` }, FIRST_FILES);
  await estate.push('main', { 'stacks/mainstay.yaml': JSON.stringify(settings(estate.folder)) });
});
after(() => estate.close());

const head = () => git(estate.repository, 'rev-parse', 'main');
const start = () => estate.start({ JOURNEY_CLOCK_OFFSET: String(offset) });
/** A commit that fails in dev, however often the runner is killed meanwhile; the name of the change that reverts it. */
async function failedInDev(): Promise<{ readonly commit: string; readonly revert: string }> {
  writeFileSync(join(estate.folder, 'bad'), '');
  const commit = await estate.push('main', { 'infra/labels.ts': "export const labels = { team: 'bad' };\n" });
  await killed();
  const { waits } = await waiting(
    commit,
    /^stopped at dev as it is not good: smoke: .*; its revert is offered as \S+$/,
  );
  return { commit, revert: waits!.text.split(' ').at(-1)! };
}

/** Another life, at another time. */
async function killed(options: { readonly at?: number } = {}): Promise<void> {
  await estate.kill();
  offset = options.at ?? offset;
  await start();
}
const rolloutOf = async (commit: string) => (await estate.api().rollouts()).find((each) => each.commit === commit);
const waiting = (commit: string, text: RegExp): Promise<RolloutResponse> =>
  estate.until(`a wait ${text}`, async () => {
    const rollout = await rolloutOf(commit);
    return rollout?.waits && text.test(rollout.waits.text) ? rollout : undefined;
  });
const ended = (commit: string): Promise<RolloutResponse> =>
  estate.until('the end', async () => {
    const rollout = await rolloutOf(commit);
    return rollout?.endedAt === undefined ? undefined : rollout;
  });
const updates = async (rollout: RolloutResponse) =>
  (await estate.api().runs({ rollout: rollout.id, kind: 'update' }))
    .map(({ stack, state, attempt }) => `${stack} ${state} ${attempt}`)
    .sort();
const world = () => new World(join(estate.folder, 'data/pulumi-home/sandbox/organization-journey-dev.sqlite'));

test('a freeze ends while no runner is there', async () => {
  await start();
  const commit = await head();
  await waiting(commit, /^dev waits until .* as it is frozen/);
  await killed();
  await waiting(commit, /^dev waits until .* as it is frozen/);
  await killed({ at: 3 * DAY });
  await estate.until('the verification', async () => existsSync(join(estate.folder, 'smoke')) || undefined);
  assert.deepEqual(await updates((await rolloutOf(commit))!), ['journey/dev succeeded 1', 'journey/prod queued 1']);
});

test('a verification that was interrupted is made again, and the update is not', async () => {
  await killed();
  writeFileSync(join(estate.folder, 'go'), '');
  const rollout = await waiting(
    await head(),
    /^prod waits for 1 approval by ada; then prod waits until \S+ for .* soak$/,
  );
  assert.deepEqual(await updates(rollout), ['journey/dev succeeded 1', 'journey/prod queued 1']);
});

test('an approval, a soak and a window are kept through kills and clocks that are set back and forth', async () => {
  const commit = await head();
  const { id } = (await rolloutOf(commit))!;
  await killed();
  await waiting(commit, /^prod waits for 1 approval by ada/);
  await estate.api().decideRollout(id, { kind: 'approve', by: 'ada' });
  await killed();
  await waiting(commit, /^prod waits until \S+ for the environment before it to soak/);
  await killed({ at: 3 * DAY - 5 * HOUR });
  // The wait may be said in the words of the life before: what counts is that it does not get longer.
  const set = await waiting(commit, /^prod waits until \S+ for the environment before it to soak/);
  assert.ok(Date.parse(set.waits!.until!) <= Date.now() + 3 * DAY + HOUR, set.waits!.text);
  await killed({ at: 3 * DAY + 2 * HOUR });
  await waiting(commit, /^prod waits until \S+ as it is outside of its windows$/);
  await killed({ at: 3 * DAY + 6 * HOUR });
  const rollout = await ended(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.deepEqual(await updates(rollout), ['journey/dev succeeded 1', 'journey/prod succeeded 1']);
});

test('a commit is overtaken once, and the glass is broken once', async () => {
  const one = await estate.push('main', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'a', more: 'b' }) });
  await waiting(one, /^prod waits for 1 approval/);
  const two = await estate.push('main', { 'infra/labels.ts': "export const labels = { team: 'shops' };\n" });
  await estate.until('the newer rollout', () => rolloutOf(two));
  await killed();
  assert.equal((await ended(one)).state, 'overtaken');
  const { id } = await waiting(two, /^prod waits for 1 approval/);
  await estate.api().decideRollout(id, { kind: 'break-glass', by: 'eve', reason: 'customers cannot pay' });
  await killed();
  const rollout = await ended(two);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.deepEqual(await updates(rollout), ['journey/dev succeeded 1', 'journey/prod succeeded 1']);
  const trail = await estate.api().audit({ subject: id, limit: 100 });
  assert.equal(trail.filter(({ kind }) => kind === 'break-glass').length, 1);
  const overtaken = await estate.api().audit({ subject: `estate@${one.slice(0, 12)}`, limit: 100 });
  assert.equal(overtaken.filter(({ kind }) => kind === 'overtaken').length, 1);
});

test('a correction that was interrupted is carried to its end, and is no flapping', async () => {
  const desk = world();
  const value = () =>
    desk
      .list('kubernetes:core/v1:ConfigMap')
      .map(({ inputs }) => (inputs as { metadata: { labels: { team: string } } }).metadata.labels.team);
  assert.equal(desk.drift('*::one', 'metadata.labels.team', 'by hand'), 1);
  desk.setFaults([{ kind: 'lag', match: '*::one', on: ['update'], milliseconds: 3000 }]);
  await estate.api().look({ repository: 'estate', stack: 'journey/dev', correct: true });
  await estate.until('the correction', async () => {
    const [run] = await estate.api().runs({ kind: 'correction' });
    const steps = run && (await estate.api().run(run.id)).steps;
    return steps?.some(({ name, state }) => name === 'put back' && state === 'running') || undefined;
  });
  await killed();
  const run = await estate.until('its end', async () => {
    const [found] = await estate.api().runs({ kind: 'correction' });
    return found?.endedAt === undefined ? undefined : found;
  });
  assert.equal(run.state, 'succeeded', run.summary);
  assert.deepEqual([...new Set(value())], ['shops']);
  const [record] = await estate.api().drift();
  assert.equal(record?.state, 'none', record?.summary);
  assert.equal((await estate.api().runs({ kind: 'correction' })).length, 1);
  desk.close();
});

test('a promotion is written once, whenever the runner is killed', async () => {
  for (const [round, wait] of [0, 150, 400].entries()) {
    const version = `v${round}`;
    const tested = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: version, two: 'b' }) });
    await estate.until('the update of dev', async () => {
      const { repositories } = await estate.api().status();
      return repositories[0]!.stacks.find(({ id }) => id === 'journey/dev')?.appliedCommit === tested || undefined;
    });
    const { id } = await estate.api().promote({ repository: 'estate', name: 'web', from: 'dev', to: 'prod' });
    await delay(wait);
    await killed();
    const promotion = await estate.until('the promotion', async () => {
      const found = (await estate.api().promotions()).find((each) => each.id === id);
      return found && found.state !== 'queued' ? found : undefined;
    });
    assert.equal(promotion.state, 'written', promotion.summary);
    assert.match(
      await git(estate.repository, 'show', 'main:stacks/Pulumi.prod.yaml'),
      new RegExp(`"one": "${version}"`),
    );
    const subjects = (await git(estate.repository, 'log', '--format=%s', 'main')).split('\n');
    assert.equal(subjects.filter((subject) => subject === 'Promote app=web to prod').length, round + 1);
  }
});

test('a promotion as a change is kept through kills until somebody merges it, and goes on with the next version', async () => {
  const branch = 'promote-asked-prod';
  for (const version of ['p1', 'p2']) {
    const tested = await estate.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: version, two: 'b' }) });
    await estate.until('the update of dev', async () => {
      const { repositories } = await estate.api().status();
      return repositories[0]!.stacks.find(({ id }) => id === 'journey/dev')?.appliedCommit === tested || undefined;
    });
    const { id } = await estate.api().promote({ repository: 'estate', name: 'asked', from: 'dev', to: 'prod' });
    await killed();
    const promotion = await estate.until('the promotion', async () => {
      const found = (await estate.api().promotions()).find((each) => each.id === id);
      return found && found.state !== 'queued' ? found : undefined;
    });
    assert.deepEqual([promotion.state, promotion.change], ['proposed', branch], promotion.summary);
    assert.match(await git(estate.repository, 'show', `${branch}:stacks/Pulumi.prod.yaml`), new RegExp(version));
  }
  const subjects = (await git(estate.repository, 'log', '--format=%s', branch)).split('\n');
  assert.equal(subjects.filter((subject) => subject === 'Promote asked to prod').length, 2);
  await estate.previewed(branch, (await git(estate.repository, 'rev-parse', branch)).trim());
  const merged = await estate.merge(branch);
  await killed();
  const { id } = await waiting(merged, /^prod waits for 1 approval/);
  await estate.api().decideRollout(id, { kind: 'break-glass', by: 'eve', reason: 'as it was agreed' });
  assert.equal((await ended(merged)).state, 'succeeded');
});

test('a failure and the revert that is offered for it are kept through kills, and the merged revert goes on', async () => {
  const { commit, revert } = await failedInDev();
  await killed();
  await waiting(commit, /^stopped at dev as it is not good/);
  const branches = (await git(estate.repository, 'branch', '--list', 'revert-*', '--format=%(refname:short)')).trim();
  assert.equal(branches, revert, 'it is offered once');
  const other = await estate.push('main', { 'README.md': 'The shop.\n' });
  await waiting(other, /^dev waits as \w+ was taken back by mainstay: merge revert-/);
  await killed();
  await waiting(other, /^dev waits as \w+ was taken back by mainstay/);
  rmSync(join(estate.folder, 'bad'));
  const merged = await estate.merge(revert);
  await killed();
  assert.equal((await ended(other)).state, 'overtaken');
  const rollout = await ended(merged);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  assert.ok((await updates(rollout)).includes('journey/dev succeeded 1'));
});
