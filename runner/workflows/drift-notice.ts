import { driftText } from '../core/drift-record.ts';
import type { DriftRecord } from '../core/keeping-store.ts';
import type { StackAt } from './drift-facts.ts';
import { repositoryOf, type Services } from './services.ts';

/** Forgets what a look found of a stack that nobody looks at any more, and closes the issue about it. May be repeated. */
export async function forgetDrift(services: Services, { repository, stack, issue }: DriftRecord): Promise<void> {
  const { forge } = repositoryOf(services, repository);
  if (issue !== undefined) await forge.closeIssue?.(issue, 'Nobody looks for drift of this stack any more.');
  await services.store.drift.remove(repository, stack);
  services.tell(`drift of ${stack} is not looked for any more`);
}

/** Opens or edits the one issue about the drift of a stack, and closes it when it is gone. May be repeated. */
export async function putDriftNotice(services: Services, at: StackAt): Promise<void> {
  const record = await services.store.drift.get(at.repository, at.stack);
  if (!record) return;
  const { forge } = repositoryOf(services, at.repository);
  if (!forge.putIssue || !forge.closeIssue) return;
  if (record.state === 'none') {
    if (record.issue === undefined) return;
    await forge.closeIssue(record.issue, `Gone: ${record.summary}.`);
    await services.store.drift.put({ ...record, issue: undefined });
    return;
  }
  // A look that failed says nothing about what differs: what was said stays.
  if (record.state === 'unknown') return;
  const title = `Drift: ${record.stack}${record.state === 'flapping' ? ' (flapping)' : ''}`;
  const issue = await forge.putIssue({ key: `drift ${at.stack}`, title, text: driftText(record) });
  if (issue !== record.issue) await services.store.drift.put({ ...record, issue });
}
