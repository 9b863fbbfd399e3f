import { DBOS } from '@dbos-inc/dbos-sdk';
import { type ApprovalDemand, missingApprovals, NO_GATE, type RolloutWait, timeWait } from '../core/gate.ts';
import { type AskedPreviews, askForPreviews } from './ask-for-previews.ts';
import { openRollback } from './open-rollback.ts';
import { rolloutId } from './rollout-at.ts';
import { type Ended, overtakenBy, rejectedBy, type StageWork, waitForMessage } from './rollout-wait.ts';
import type { Services } from './services.ts';

/**
 * Waits until an environment may be updated: nobody has taken the commit back, enough people have approved what its previews say, the environment
 * before has soaked, and a window is open. What it looks at is looked at again after each message; a message itself proves nothing. Returns the
 * end of the rollout where it ends here.
 */
export async function passGate(
  services: Services,
  work: StageWork,
  goodSince: number | undefined,
): Promise<Ended | undefined> {
  const { stage } = work;
  const gate = stage.gate ?? NO_GATE;
  let asked = gate.approval && (await askForPreviews(services, work, { round: 1, before: undefined }));
  for (let round = 2; ; round += 1) {
    const ended = await waitUntilOpen(services, work, { asked, goodSince });
    if (ended === 'broken') return undefined;
    if (ended !== 'open' && ended !== 'again') return ended;
    if (!asked) return undefined;
    // What was approved is looked at once more: days may lie between.
    const now = await askForPreviews(services, work, { round, before: asked });
    const same = now.problem === undefined && now.demand.digest === asked.demand.digest;
    if (same && ended === 'open') return undefined;
    asked = now;
  }
}

interface Facts {
  readonly asked: AskedPreviews | undefined;
  readonly goodSince: number | undefined;
}

/** `broken`: somebody broke the glass, and nothing of the gate counts. `again`: somebody wants new previews. */
async function waitUntilOpen(
  services: Services,
  work: StageWork,
  facts: Facts,
): Promise<Ended | 'open' | 'again' | 'broken'> {
  const { environment } = work.stage;
  let pardoned = false;
  for (;;) {
    const wait = await DBOS.runStep(() => nextWait(services, work, { ...facts, pardoned }), {
      name: `${environment}: gate`,
    });
    if (!wait) return 'open';
    const message = await waitForMessage(services, work, wait);
    if (message.kind === 'overtaken') return overtakenBy(services, work, message.by);
    if (message.kind === 'break-glass') return 'broken';
    if (message.kind === 'reject' || message.kind === 'give-up')
      return rejectedBy(services, work, message, `${environment} rejected`);
    if (message.kind === 'retry') return 'again';
    if (message.kind === 'approve' && wait.for === 'rolled-back') pardoned = true;
  }
}

/** Everything that it waits for now, in one line; undefined where that is nothing. */
async function nextWait(
  services: Services,
  { at, stage }: StageWork,
  { asked, goodSince, pardoned }: Facts & { readonly pardoned: boolean },
): Promise<RolloutWait | undefined> {
  const { environment } = stage;
  const gate = stage.gate ?? NO_GATE;
  const time = timeWait(gate, {
    environment,
    now: services.clock.now(),
    goodSince: await soakFrom(services, { at, stage, goodSince }),
  });
  const rolledBack = pardoned ? undefined : await openRollback(services, at);
  if (rolledBack !== undefined)
    return {
      environment,
      for: 'rolled-back',
      text: `${environment} waits as ${rolledBack}`,
      until: undefined,
      approval: undefined,
    };
  const missing = asked && (asked.problem ?? (await missingFor(services, { at, environment, demand: asked.demand })));
  if (missing === undefined) return time;
  const approval = `${environment} waits for ${missing}`;
  const text = time ? `${approval}; then ${time.text}` : approval;
  return {
    environment,
    for: 'approval',
    text,
    until: undefined,
    approval: asked!.problem === undefined ? asked!.demand : undefined,
  };
}

async function missingFor(
  services: Services,
  {
    at,
    environment,
    demand,
  }: { readonly at: StageWork['at']; readonly environment: string; readonly demand: ApprovalDemand },
): Promise<string | undefined> {
  const approvals = await services.store.approvals.list(rolloutId(at));
  const counted = approvals.filter(
    (given) => given.environment === environment && !given.void && given.digest === demand.digest,
  );
  return missingApprovals(
    demand,
    counted.map(({ by }) => by),
  );
}

/** Since when the environment before is good: its last update, and its verification where that was part of this rollout. */
async function soakFrom(
  { store }: Services,
  { at, stage, goodSince }: Pick<StageWork, 'at' | 'stage'> & { readonly goodSince: number | undefined },
): Promise<number | undefined> {
  if ((stage.gate ?? NO_GATE).soak === 0) return undefined;
  const before = new Set(stage.before ?? []);
  const updates = (await store.runs.latest(at.repository)).filter(({ stack, endedAt }) => before.has(stack) && endedAt);
  const times = [...updates.map(({ endedAt }) => endedAt!.getTime()), ...(goodSince === undefined ? [] : [goodSince])];
  return times.length === 0 ? undefined : Math.max(...times);
}
