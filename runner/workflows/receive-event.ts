import { DBOS } from '@dbos-inc/dbos-sdk';
import type { RepositoryEvent } from '../core/repository-event.ts';
import { attempt } from './attempt.ts';
import { type ChangeAt, changeId } from './preview-change.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';

export interface ReceivingWorkflows {
  previewChange(at: ChangeAt): Promise<unknown>;
  rollOut(at: RolloutAt): Promise<unknown>;
}

/** The workflow of one event: starts what it asks for. */
export function receiveEvent(services: Services, workflows: ReceivingWorkflows) {
  return async (event: RepositoryEvent): Promise<void> => {
    switch (event.kind) {
      case 'base-moved': {
        const at = { repository: event.repository, commit: event.head };
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
        else await startPreview(workflows, at);
        return;
      }
      case 'change-removed':
        await DBOS.runStep(
          () => closeChange(services, { repository: event.repository, name: event.change }, 'closed'),
          { name: 'close' },
        );
        return;
    }
  };
}

async function startPreview(workflows: ReceivingWorkflows, at: ChangeAt): Promise<void> {
  const workflowID = `preview:${changeId(at)}@${at.head.slice(0, 12)}+${at.base.slice(0, 12)}`;
  await DBOS.startWorkflow(workflows.previewChange, { workflowID })(at);
}

/** A branch without a commit of its own proposes nothing. */
async function isMerged(services: Services, at: ChangeAt): Promise<boolean> {
  return repositoryOf(services, at.repository).mirror.contains(at.base, at.head);
}

/** Open changes that were previewed on another base and are not in this one. */
async function staleChanges(services: Services, { repository, commit }: RolloutAt): Promise<readonly ChangeAt[]> {
  const { mirror } = repositoryOf(services, repository);
  const stale: ChangeAt[] = [];
  for (const { name, head } of await services.store.changes.list(repository, 'open'))
    if (!(await mirror.contains(commit, head))) stale.push({ repository, name, head, base: commit });
  return stale;
}

/** A merged change stays merged when its branch is deleted. */
async function closeChange(
  { store, clock }: Services,
  at: Pick<ChangeAt, 'repository' | 'name'>,
  state: 'merged' | 'closed',
): Promise<void> {
  const change = await store.changes.get(changeId(at));
  if (change?.state !== 'open') return;
  await store.changes.set(change.id, { state });
  const left = await store.runs.list({
    change: change.id,
    kind: 'preview',
    states: ['queued', 'running'],
    limit: 1000,
  });
  for (const { id } of left)
    await store.runs.set(id, {
      state: 'superseded',
      summary: `the change is ${state}`,
      endedAt: new Date(clock.now()),
    });
}
