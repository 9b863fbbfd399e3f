import { userError } from '../../foundation/errors.ts';
import { type RolloutWait, refusal } from '../core/gate.ts';
import type { Decision, DecisionKind, Rollout } from '../core/rollout.ts';
import { demandOf } from './ask-for-previews.ts';
import { repositoryOf, type Services } from './services.ts';

/** What may be decided while a rollout waits for something. */
const DECISIONS: Readonly<Record<RolloutWait['for'], readonly DecisionKind[]>> = {
  approval: ['approve', 'reject', 'retry', 'break-glass'],
  soak: ['reject', 'break-glass'],
  window: ['reject', 'break-glass'],
  'rolled-back': ['approve', 'reject', 'break-glass'],
  failure: ['retry', 'give-up', 'reject'],
};

/** The least that a reason for going past the gates has to say. */
const REASON_LENGTH = 10;

/** Takes a decision about a rollout into the books, or refuses it with a reason. The books come first: a message alone proves nothing. */
export async function judgeRolloutDecision(services: Services, id: string, decision: Decision): Promise<void> {
  const rollout = await services.store.rollouts.get(id);
  const wait = rollout?.waits;
  if (rollout?.state !== 'waiting' || !wait)
    throw userError(`Cannot decide about the rollout as it does not wait: ${id}. Look at \`mainstay status\`.`);
  const why = refusalOf(wait, decision) ?? (await refusedAsAuthor(services, rollout, decision));
  if (why !== undefined) throw await refused(services, { repository: rollout.repository, subject: id, decision, why });
  if (decision.kind === 'break-glass') await breakGlass(services, rollout, decision);
  if (decision.kind === 'approve' && wait.approval) {
    const { environment, approval } = wait;
    await services.store.approvals.put({ rollout: id, environment, by: decision.by, digest: approval.digest });
  }
  const { kind, by, via, reason } = decision;
  await services.store.audit.add({
    ...{ kind, repository: rollout.repository, subject: id, by, via },
    text: `${kind} ${wait.environment}${reason ? `: ${reason}` : ''}`,
    detail: wait.approval ? { digest: wait.approval.digest } : {},
  });
}

function refusalOf(wait: RolloutWait, decision: Decision): string | undefined {
  const { kind, by } = decision;
  if (!DECISIONS[wait.for].includes(kind))
    return `${wait.environment} waits for something else (${wait.text}): ${DECISIONS[wait.for].join(', ')} would count`;
  if (kind === 'break-glass' && (decision.reason?.trim().length ?? 0) < REASON_LENGTH)
    return `going past the gates needs a reason of at least ${REASON_LENGTH} letters`;
  if (kind !== 'approve' || wait.for !== 'approval') return undefined;
  if (!wait.approval) return 'there is no preview to approve yet';
  if (decision.digest !== undefined && decision.digest !== wait.approval.digest)
    return `the preview has changed since: ${decision.digest} is now ${wait.approval.digest}`;
  return refusal(wait.approval, by);
}

/** A forge may have said only after the question whose change it is. */
async function refusedAsAuthor(
  { store }: Services,
  { waits, changes }: Rollout,
  { kind, by }: Decision,
): Promise<string | undefined> {
  if (kind !== 'approve' || !waits?.approval?.rule.notAuthor) return undefined;
  const authors = (await Promise.all(changes.map((id) => store.changes.get(id)))).map((change) => change?.author ?? '');
  return refusal({ ...waits.approval, authors }, by);
}

/** Who may not approve an environment may not approve an update of it that grew either. */
export async function judgeRunDecision(services: Services, id: string, decision: Decision): Promise<void> {
  const run = await services.store.runs.get(id);
  if (!run) return;
  const rollout = run.rollout === undefined ? undefined : await services.store.rollouts.get(run.rollout);
  const stage = rollout?.stages.find(({ groups }) => groups.flat().includes(run.stack));
  if (decision.kind === 'approve' && stage?.gate?.approval) {
    const at = { repository: run.repository, commit: run.commit };
    const why = refusal({ ...(await demandOf(services, { at, stage })), digest: '' }, decision.by);
    if (why !== undefined) throw await refused(services, { repository: run.repository, subject: id, decision, why });
  }
  const { kind, by, via, reason } = decision;
  const text = `${kind} ${run.stack} (${run.summary})${reason ? `: ${reason}` : ''}`;
  await services.store.audit.add({ kind, repository: run.repository, subject: id, by, via, text });
}

/** Says it wherever people look: it is meant to be noticed. */
async function breakGlass(services: Services, rollout: Rollout, { by, reason }: Decision): Promise<void> {
  const environment = rollout.waits!.environment;
  const text = `GLASS BROKEN: ${by} goes past the gates of ${environment}: ${reason}`;
  services.log.warn({ rollout: rollout.id, by, environment }, 'somebody went past the gates of an environment');
  services.tell(`rollout ${rollout.id}: ${text}`);
  const { forge } = repositoryOf(services, rollout.repository);
  const status = { commit: rollout.commit, context: `mainstay/${environment}/break-glass`, state: 'success' as const };
  await forge.setStatus({ ...status, text, link: services.link(`rollouts/${rollout.id}`) }).catch((error: unknown) => {
    services.log.error({ err: error }, 'the forge did not take the status of a broken glass');
  });
}

async function refused(
  { store }: Services,
  {
    repository,
    subject,
    decision,
    why,
  }: { readonly repository: string; readonly subject: string; readonly decision: Decision; readonly why: string },
): Promise<Error> {
  const text = `${decision.kind} by ${decision.by} does not count: ${why}`;
  await store.audit.add({ kind: 'refused', repository, subject, by: decision.by, via: decision.via, text });
  return userError(`Cannot take the decision as it does not count: ${why}. Look at \`mainstay status\`.`);
}
