import { createHash } from 'node:crypto';
import { messageOf } from '../../foundation/errors.ts';
import { ENVIRONMENT_MARKER, environmentComment, environmentStatus } from '../core/environment-report.ts';
import type { PreviewEnvironment } from '../core/preview-environment.ts';
import { repositoryOf, type Services } from './services.ts';

/** A forge that does not take it is asked again after so long. */
const AGAIN_MS = 30_000;

/** When each change may be told of again. */
const later = new Map<string, number>();

/** Says on each change what its environments are, where that is not what was said last. */
export async function tellEnvironments(services: Services, repository: string): Promise<void> {
  const all = await services.store.environments.list({ repository });
  for (const [change, environments] of Map.groupBy(all, ({ change: id }) => id)) {
    if ((later.get(change) ?? 0) > performance.now()) continue;
    try {
      await tell(services, change, environments);
      later.delete(change);
    } catch (error) {
      services.ending.throwIfAborted();
      later.set(change, performance.now() + AGAIN_MS);
      services.log.warn(
        { change, error: messageOf(error) },
        'the forge did not take what is said of a preview environment',
      );
    }
  }
}

async function tell(services: Services, id: string, environments: readonly PreviewEnvironment[]): Promise<void> {
  const { store } = services;
  const change = await store.changes.get(id);
  if (!change) return;
  const linkOf = (run: string) => services.link(`runs/${run}`);
  const text = environmentComment(environments, linkOf);
  const statuses = environments.map((each) => environmentStatus(each, { commit: change.head, linkOf }));
  // Without links: a runner that is found at another address has nothing new to say.
  const plain = environmentComment(environments, () => undefined);
  const said = [change.head, plain, statuses.map(({ state, text: line }) => [state, line])];
  const hash = createHash('sha256').update(JSON.stringify(said)).digest('hex');
  if ((await store.environments.told(id)) === hash) return;
  const { forge } = repositoryOf(services, change.repository);
  await forge.putComment({ change: change.name, commit: change.head, text, marker: ENVIRONMENT_MARKER });
  for (const status of statuses) await forge.setStatus(status);
  for (const { stack, state, summary } of environments) services.tell(`environment ${stack} is ${state}: ${summary}`);
  await store.environments.setTold(id, hash);
}
