import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Unproven } from './known-stack.ts';
import type { Rollout } from './rollout.ts';
import { standingOf } from './standing.ts';

const stage = (environment: string, ...stacks: readonly string[]) => ({ environment, approvals: 0, groups: [stacks] });
const rollout = (more: Partial<Rollout>): Rollout => ({
  ...{
    id: 'r@1',
    repository: 'r',
    commit: 'c',
    state: 'waiting',
    summary: 's',
    changes: [],
    createdAt: new Date(0),
    endedAt: undefined,
  },
  stages: [stage('dev', 'a/dev'), stage('prod', 'a/prod', 'b/prod')],
  waits: {
    environment: 'prod',
    for: 'approval',
    text: 'prod waits for 2 approvals',
    until: undefined,
    approval: undefined,
  },
  ...more,
});
const of = (id: string, environment: string, unproven?: Unproven) => ({
  ...{ id, environment, unproven },
  appliedCommit: 'b',
});
const queued = { state: 'queued' as const, summary: '' };
const succeeded = { state: 'succeeded' as const, summary: '1 updated' };

test('says what a stack waits for, and behind whom', () => {
  assert.equal(
    standingOf(of('a/prod', 'prod'), { rollout: rollout({}), last: queued }).waitsFor,
    'prod waits for 2 approvals',
  );
  assert.equal(standingOf(of('a/dev', 'dev'), { rollout: rollout({}), last: succeeded }).waitsFor, undefined);
  assert.equal(standingOf(of('c/other', 'other'), { rollout: rollout({}), last: succeeded }).waitsFor, undefined);
  const failed = rollout({
    waits: { ...rollout({}).waits!, environment: 'dev', for: 'failure', text: 'stopped at dev' },
  });
  assert.equal(
    standingOf(of('b/prod', 'prod'), { rollout: failed, last: queued }).waitsFor,
    'waits behind dev: stopped at dev',
  );
  const running = rollout({ state: 'running', waits: undefined, summary: 'updates dev: a/dev; prod after that' });
  assert.equal(
    standingOf(of('a/prod', 'prod'), { rollout: running, last: queued }).waitsFor,
    'updates dev: a/dev; prod after that',
  );
  const wider = { state: 'waiting' as const, summary: 'waits: it would do more than was reviewed' };
  assert.equal(standingOf(of('a/prod', 'prod'), { rollout: running, last: wider }).waitsFor, wider.summary);
});

test('says what holds up a stack whose rollout was given up, or that no plan could be made for', () => {
  const given = { state: 'failed' as const, waits: undefined, summary: 'prod rejected by bob: freeze' };
  const wait = (stack: Parameters<typeof standingOf>[0], more: Partial<Rollout>) =>
    standingOf(stack, { rollout: rollout(more), last: undefined }).waitsFor;
  assert.equal(
    wait(of('a/prod', 'prod'), given),
    'waits for another commit, as the rollout of this one ended: prod rejected by bob: freeze',
  );
  assert.equal(wait({ ...of('a/dev', 'dev'), appliedCommit: 'c' }, given), undefined, 'it came through there');
  assert.equal(wait(of('c/other', 'other'), given), undefined);
  assert.match(wait(of('c/other', 'other'), { ...given, stages: [], summary: 'no YAML' })!, /ended: no YAML$/);
});

test('is bad where its update failed or its environment did not prove good', () => {
  const bad = rollout({ waits: { ...rollout({}).waits!, environment: 'dev', for: 'failure' } });
  assert.equal(standingOf(of('a/dev', 'dev'), { rollout: bad, last: succeeded }).health, 'bad');
  assert.equal(
    standingOf(of('a/dev', 'dev'), { rollout: undefined, last: { state: 'failed', summary: '' } }).health,
    'bad',
  );
  assert.equal(standingOf(of('a/dev', 'dev'), { rollout: rollout({}), last: succeeded }).health, 'good');
  assert.equal(standingOf(of('a/dev', 'dev'), { rollout: undefined, last: undefined }).health, 'unknown');
  const doubtful = (isBad: boolean) => of('a/dev', 'dev', { bad: isBad, why: 'smoke answers 500' });
  assert.equal(standingOf(doubtful(true), { rollout: rollout({}), last: succeeded }).health, 'bad');
  assert.equal(standingOf(doubtful(false), { rollout: rollout({}), last: succeeded }).health, 'unknown');
});
