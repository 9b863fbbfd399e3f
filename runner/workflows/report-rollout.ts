import { messageOf } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { repeat } from '../../foundation/repeat.ts';
import type { DueReport } from '../core/report-store.ts';
import { short } from '../core/report-text.ts';
import type { Rollout } from '../core/rollout.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';

/** Found again by this: a change has one comment about what its merge did. */
const OUTCOME_MARKER = '<!-- mainstay:outcome -->';

/** What one try may take before another one may begin. */
const LEASE_MS = 120_000;

/** Until the second try; doubled with each further one. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;

/** A forge that is away for longer is not told any more: people have seen by then what became of it. */
const GIVEN_UP_AFTER_MS = 86_400_000;

/**
 * Says where a rollout is: on the commit once it has ended, and on each pull request that it merged, in one comment that is edited in place. One that
 * a newer commit overtook is that one's to report. When it resolves that is on its way: where the forge does not take it now, it is told when it is
 * back (`startTelling`). May be repeated.
 */
export async function reportRollout(services: Services, at: RolloutAt): Promise<void> {
  await wantReport(services, at);
  await tellDue(services, rolloutId(at));
}

/** Puts down that the forge is to be told where a rollout is. */
export function wantReport({ store, clock }: Services, at: RolloutAt): Promise<void> {
  return store.reports.want(rolloutId(at), new Date(clock.now()));
}

/** Tells what is due, of one rollout or of all: one try of each. */
export async function tellDue(services: Services, only?: string): Promise<void> {
  const now = services.clock.now();
  const due = await services.store.reports.take({ now: new Date(now), until: new Date(now + LEASE_MS), only });
  for (const report of due) await tell(services, report);
}

async function tell(services: Services, report: DueReport): Promise<void> {
  const { store, clock, log, ending } = services;
  try {
    const rollout = await store.rollouts.get(report.rollout);
    if (rollout && services.repositories.has(rollout.repository)) await tellForge(services, rollout);
    await store.reports.settle(report);
  } catch (error) {
    ending.throwIfAborted();
    const { rollout, since, attempts } = report;
    const said = { rollout, attempts, error: redactor.redact(messageOf(error)) };
    if (clock.now() - since.getTime() > GIVEN_UP_AFTER_MS) {
      log.error(said, 'the forge did not take where a rollout is for a day: it is not told any more');
      return store.reports.settle(report);
    }
    if (attempts === 1) log.error(said, 'the forge did not take where a rollout is: it is told when it does');
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
    await store.reports.putOff(report, new Date(clock.now() + pause));
  }
}

async function tellForge(services: Services, rollout: Rollout): Promise<void> {
  const { id, repository, commit, state, summary, changes } = rollout;
  if (state === 'overtaken') return;
  const { forge } = repositoryOf(services, repository);
  const link = services.link(`rollouts/${id}`);
  if (rollout.endedAt !== undefined)
    await forge.setStatus({
      ...{ commit, context: 'mainstay/rollout', text: summary, link },
      state: state === 'succeeded' ? 'success' : 'failure',
    });
  if (!forge.proposals) return;
  const foot = `Commit ${short(commit)}${link ? `, [details](${link})` : ''}`;
  const text = [OUTCOME_MARKER, ...linesOf(rollout), '', foot].join('\n');
  for (const change of changes)
    await forge.putComment({ change: change.slice(repository.length + 1), commit, text, marker: OUTCOME_MARKER });
}

const EVERY_MS = 2000;

/** Keeps telling what is due: nobody else waits for a forge that is away. Returns a function that stops. */
export function startTelling(services: Services): () => Promise<void> {
  return repeat(async () => {
    await tellDue(services).catch((error: unknown) =>
      services.log.debug({ error: messageOf(error) }, 'could not look for what forges are to be told'),
    );
    return EVERY_MS;
  });
}

function linesOf({ state, summary, waits }: Rollout): readonly string[] {
  if (state === 'succeeded') return [`**Rolled out**: ${summary}.`];
  if (state === 'failed') return [`**Not rolled out**: ${summary}.`];
  // It went on before the forge took what it waited for.
  if (state === 'running') return [`**Under way**: ${summary || 'goes on'}.`];
  const how = waits?.for === 'failure' ? 'Say `/retry` to try again what failed.' : 'Say `/approve` to let it go on.';
  const asked = waits?.for === 'failure' || waits?.for === 'approval' || waits?.for === 'rolled-back';
  return [`**Waits**: ${summary}.`, ...(asked ? ['', how] : [])];
}
