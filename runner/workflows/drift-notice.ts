import { driftText } from '../core/drift-record.ts';
import type { StackAt } from './drift-facts.ts';
import { repositoryOf, type Services } from './services.ts';

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
