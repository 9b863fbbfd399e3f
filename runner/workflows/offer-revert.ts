import { DBOS } from '@dbos-inc/dbos-sdk';
import { messageOf, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import { NO_GATE } from '../core/gate.ts';
import { attempt } from './attempt.ts';
import { type OfferedRevert, openRevert } from './open-revert.ts';
import { runId } from './preview-change.ts';
import { rolloutId } from './rollout-at.ts';
import type { StageWork } from './rollout-wait.ts';
import { repositoryOf, type Services } from './services.ts';

/**
 * Opens the change that takes back what a rollout brought, and where the settings say so merges it once its previews are fine. Returns what to say
 * about it: a revert that cannot be made is said too, and undoes nothing.
 */
export async function offerRevert(services: Services, work: StageWork, why: string): Promise<string> {
  const { environment, gate = NO_GATE } = work.stage;
  const opened = await DBOS.runStep(() => attempt(() => revertOf(services, work, why), services), {
    name: `${environment}: offer the revert`,
  });
  if (!opened.ok) return `; its revert cannot be offered: ${opened.error.message}`;
  if (gate.onFailure !== 'revert-and-merge') return `; its revert is offered as ${opened.value.change}`;
  const ids = await DBOS.runStep(() => addPreviews(services, work, opened.value), {
    name: `${environment}: preview the revert`,
  });
  const states = [];
  for (const id of ids) states.push(await DBOS.startWorkflow(work.preview, { workflowID: id })(id));
  for (const handle of states) {
    const state = await handle.getResult({ pollingIntervalMs: 50 }).catch(() => 'failed');
    if (state !== 'succeeded') return `; its revert ${opened.value.change} is not merged as its preview failed`;
  }
  return DBOS.runStep(() => merge(services, work, opened.value), { name: `${environment}: merge the revert` });
}

/** What is good after all was not taken back: the revert that we offered unasked holds nothing up any more. */
export async function withdrawRevert(services: Services, { at, stage }: StageWork): Promise<void> {
  for (const { id, change, commit, by } of await services.store.rollbacks.list(at.repository)) {
    if (by !== 'mainstay' || commit !== at.commit) continue;
    await services.store.rollbacks.remove(id);
    const text = `${stage.environment} is good after all: ${change} can be closed`;
    services.tell(`rollout ${rolloutId(at)}: ${text}`);
    const subject = rolloutId(at);
    await services.store.audit.add({
      kind: 'rollback',
      repository: at.repository,
      subject,
      by,
      text,
      key: `withdraw ${id}`,
    });
  }
}

/** What this commit brought: everything on the base branch since the rollout before it. */
async function revertOf(services: Services, { at }: StageWork, why: string): Promise<OfferedRevert> {
  const { mirror } = repositoryOf(services, at.repository);
  const rollouts = await services.store.rollouts.list(at.repository, 100);
  const before = rollouts.slice(rollouts.findIndex(({ id }) => id === rolloutId(at)) + 1);
  let from: string | undefined;
  for (const { commit } of before)
    if (await mirror.contains(at.commit, commit)) {
      from = commit;
      break;
    }
  if (from === undefined)
    throw userError('Cannot revert it as nothing was rolled out before it. Correct it by another commit.');
  const commits = await mirror.history({ from, to: at.commit, all: false });
  return openRevert(services, { repository: at.repository, commits, by: 'mainstay', reason: why });
}

async function addPreviews(
  { store }: Services,
  { at, stage }: StageWork,
  { commit, change }: OfferedRevert,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const stack of stage.groups.flat()) {
    const id = runId('p', `${rolloutId(at)}/${stack}/revert ${commit}`);
    const reasons = [{ kind: 'asked' as const, text: `the revert ${change}` }];
    await store.runs.add({
      ...{
        id,
        repository: at.repository,
        stack,
        kind: 'preview',
        change: undefined,
        rollout: undefined,
        commit,
        reasons,
      },
    });
    ids.push(id);
  }
  return ids;
}

async function merge(services: Services, { at }: StageWork, { change, commit }: OfferedRevert): Promise<string> {
  const { forge } = repositoryOf(services, at.repository);
  try {
    await forge.mergeChange(change, commit);
    return `; its revert ${change} is merged`;
  } catch (error) {
    services.log.warn({ error: messageOf(error) }, 'a revert could not be merged');
    return `; its revert is offered as ${change}, as it could not be merged: ${redactor.redact(messageOf(error)).split('\n')[0]}`;
  }
}
