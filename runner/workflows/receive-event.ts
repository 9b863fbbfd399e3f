import { DBOS } from '@dbos-inc/dbos-sdk';
import type { ChangePushed, ChangeRemoved, QueueEntered, RepositoryEvent } from '../core/repository-event.ts';
import { attempt } from './attempt.ts';
import { attemptId } from './attempt-id.ts';
import { type ChangeAt, changeId } from './change-at.ts';
import { holdChange } from './hold-change.ts';
import { turnOf } from './merge-order.ts';
import { attachToRollout } from './merged-changes.ts';
import { type CommandWorkflows, obeyComment } from './obey-comment.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';
import { staleChanges } from './stale-changes.ts';

export interface ReceivingWorkflows extends CommandWorkflows {
  rollOut(at: RolloutAt): Promise<unknown>;
}

/** The workflow of one event: starts what it asks for. */
export function receiveEvent(services: Services, workflows: ReceivingWorkflows) {
  return async (event: RepositoryEvent): Promise<void> => {
    switch (event.kind) {
      case 'base-moved': {
        const at = await DBOS.runStep(() => turnOf(services, event), { name: 'which turn' });
        await DBOS.startWorkflow(workflows.rollOut, { workflowID: rolloutId(at) })(at);
        const stale = await DBOS.runStep(() => staleChanges(services, at), { name: 'stale changes' });
        for (const change of stale) await startPreview(workflows, change);
        return;
      }
      case 'change-pushed': {
        const at = { repository: event.repository, name: event.change, head: event.head, base: event.base };
        const merged = await DBOS.runStep(() => attempt(() => isMerged(services, at), services), {
          name: 'merged already?',
        });
        if (merged.ok && merged.value)
          await DBOS.runStep(() => closeChange(services, at, 'merged'), { name: 'merged' });
        else if (event.held !== undefined) await hold(services, event, event.held);
        else await startPreview(workflows, { ...at, ...(event.author === undefined ? {} : { author: event.author }) });
        return;
      }
      case 'change-removed':
        await DBOS.runStep(() => endChange(services, event), { name: 'close' });
        return;
      // The sweep that it asks for finds what there is.
      case 'look-wanted':
        return;
      case 'comment-made':
        return obeyComment(services, event, workflows);
      case 'queue-entered': {
        const { repository, head, base, branch } = event;
        const here = await DBOS.runStep(() => attempt(() => fetchQueued(services, event), services), { name: 'fetch' });
        if (here.ok) await startPreview(workflows, { repository, name: branch, head, base, queue: true });
        else services.log.error({ branch, error: here.error.message }, 'the commit of a merge queue is not there');
        return;
      }
    }
  };
}

/** The commit is the queue's own: no sweep brings it. */
async function fetchQueued(services: Services, { repository, head, branch }: QueueEntered): Promise<void> {
  await repositoryOf(services, repository).mirror.fetchChange({ ref: `refs/heads/${branch}`, commit: head });
}

/** A merged head is in the base branch, and the rollout of that marks its changes; a squash or a rebase leaves none there. */
async function endChange(
  services: Services,
  { repository, change: name, end = 'closed' }: ChangeRemoved,
): Promise<void> {
  const change = await services.store.changes.get(changeId({ repository, name }));
  if (!change) return;
  const { mirror, base } = repositoryOf(services, repository);
  const head = end === 'merged' && (await services.store.events.heads(repository)).get(base)?.commit;
  if (head && (await mirror.contains(head, change.head))) return;
  await closeChange(services, { repository, name }, end);
  if (end === 'merged') await attachToRollout(services, change);
}

/** What is left of an earlier head is cancelled: it was allowed, this one is not. */
async function hold(services: Services, event: ChangePushed, why: string): Promise<void> {
  const id = changeId({ repository: event.repository, name: event.change });
  const left = await DBOS.runStep(() => supersedePreviews(services, id, `superseded by ${event.head.slice(0, 8)}`), {
    name: 'supersede',
  });
  for (const workflow of left) await DBOS.cancelWorkflow(workflow);
  const held = await DBOS.runStep(() => attempt(() => holdChange(services, event, why), services), { name: 'hold' });
  if (!held.ok)
    services.log.error({ change: id, error: held.error.message }, 'the forge did not take that a change waits');
}

async function startPreview(workflows: ReceivingWorkflows, at: ChangeAt): Promise<void> {
  const workflowID = `preview:${changeId(at)}@${at.head.slice(0, 12)}+${at.base.slice(0, 12)}`;
  await DBOS.startWorkflow(workflows.previewChange, { workflowID })(at);
}

/** A branch without a commit of its own proposes nothing. */
async function isMerged(services: Services, at: ChangeAt): Promise<boolean> {
  return repositoryOf(services, at.repository).mirror.contains(at.base, at.head);
}

/** A merged change stays merged when its branch is deleted. */
async function closeChange(
  services: Services,
  at: Pick<ChangeAt, 'repository' | 'name'>,
  state: 'merged' | 'closed',
): Promise<void> {
  const { store } = services;
  const change = await store.changes.get(changeId(at));
  if (change?.state !== 'open') return;
  await store.changes.set(change.id, { state });
  await supersedePreviews(services, change.id, `the change is ${state}`);
}

/** Ends the previews of a change that have not ended. Returns their workflows. */
async function supersedePreviews(
  { store, clock }: Services,
  change: string,
  summary: string,
): Promise<readonly string[]> {
  const left = await store.runs.list({ change, kind: 'preview', states: ['queued', 'running'], limit: 1000 });
  for (const { id } of left) await store.runs.set(id, { state: 'superseded', summary, endedAt: new Date(clock.now()) });
  return left.map(({ id, attempt: number }) => attemptId(id, number));
}
