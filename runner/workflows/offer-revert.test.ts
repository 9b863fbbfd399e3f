import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { silentLog } from '../../foundation/log.ts';
import { NO_GATE } from '../core/gate.ts';
import { offerRevert } from './offer-revert.ts';
import { rolloutId } from './rollout-at.ts';
import type { StageWork } from './rollout-wait.ts';
import type { Services } from './services.ts';

const at = { repository: 'estate', commit: 'c'.repeat(40), position: 1 };

/** The stage of the first rollout that there is, or one after rollouts of commits that a force push has taken out of the history. */
function firstRollout(others: readonly string[] = []) {
  const asked: string[] = [];
  const rollouts = [{ id: rolloutId(at), commit: at.commit }, ...others.map((commit) => ({ id: commit, commit }))];
  const mirror = {
    contains: async () => false,
    revert: async () => void asked.push('revert'),
    push: async () => void asked.push('push'),
  };
  const services = {
    ...{ store: { rollouts: { list: async () => rollouts } }, log: silentLog },
    repositories: new Map([['estate', { id: 'estate', base: 'main', mirror, forge: {} }]]),
    ...{ clock: { now: () => 0, sleep: async () => {} }, ending: new AbortController().signal },
  } as unknown as Services;
  const stage = { environment: 'dev', gate: { ...NO_GATE, onFailure: 'revert-and-merge' }, groups: [['shop/dev']] };
  return { services, work: { at, stage, later: [], runs: {} } as unknown as StageWork, asked };
}

for (const [title, others] of Object.entries({
  'the very first rollout': [],
  'a rollout of a history of its own': ['a'.repeat(40), 'b'.repeat(40)],
}))
  test(`says that ${title} cannot be taken back, and touches nothing`, async (t) => {
    // No workflow is played here: a step is what it does.
    t.mock.method(DBOS, 'runStep', (step: () => Promise<unknown>) => step());
    const { services, work, asked } = firstRollout(others);
    assert.equal(
      await offerRevert(services, work, 'it failed'),
      '; its revert cannot be offered: Cannot revert it as nothing was rolled out before it. Correct it by another commit.',
    );
    assert.deepEqual(asked, []);
  });
