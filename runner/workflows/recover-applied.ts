import { messageOf } from '../../foundation/errors.ts';
import { NOT_REMEMBERED } from '../core/proof.ts';
import { short } from '../core/report-text.ts';
import type { Stack } from '../core/stack.ts';
import { type RolloutAt, rolloutId } from './rollout-at.ts';
import { repositoryOf, type Services } from './services.ts';
import { SharedCheckouts } from './shared-checkouts.ts';
import { checkOut, openStack, stackAt } from './with-checkout.ts';

/** How many states are asked at once. */
const AT_ONCE = 8;

/**
 * Asks the states of stacks that the runner knows no commit of which one they are at: after the loss of its database, and when a stack is taken over
 * from an earlier runner. What no state knows stays unknown, and is updated as new.
 */
export async function recoverApplied(services: Services, at: RolloutAt, stacks: readonly Stack[]): Promise<void> {
  const known = new Map((await services.store.stacks.list(at.repository)).map((stack) => [stack.id, stack]));
  const unknown = stacks.filter(({ id }) => known.has(id) && known.get(id)!.appliedCommit === undefined);
  const checkouts = new SharedCheckouts();
  const found: string[] = [];
  for (let index = 0; index < unknown.length; index += AT_ONCE)
    found.push(
      ...(
        await Promise.all(
          unknown.slice(index, index + AT_ONCE).map((stack) => {
            const { revision } = known.get(stack.id)!;
            return recoverOne(services, { at, stack, revision, checkouts });
          }),
        )
      ).flat(),
    );
  if (found.length === 0) return;
  const text = `${found.length} of ${unknown.length} stacks knew from their state which commit they are at`;
  services.tell(`rollout ${rolloutId(at)}: ${text}`);
  await services.store.audit.add({
    ...{ kind: 'recovery', repository: at.repository, subject: rolloutId(at), by: 'mainstay', text },
    detail: { stacks: found },
    key: `recovery ${rolloutId(at)}`,
  });
}

async function recoverOne(
  services: Services,
  {
    at,
    stack,
    revision,
    checkouts,
  }: {
    readonly at: RolloutAt;
    readonly stack: Stack;
    readonly revision: string;
    readonly checkouts: SharedCheckouts;
  },
): Promise<readonly string[]> {
  const place = { repository: at.repository, stack: stack.id, commit: at.commit };
  const run = { id: 'recover', ...place, kind: 'update' as const, change: undefined };
  const { engine, access } = await stackAt(services, run);
  const commit = await checkouts.use(
    `${stack.project.file}`,
    () => checkOut(services, run, stack),
    (checkout) =>
      engine.appliedCommit(openStack({ run, stack, engine, access, checkout, signal: services.ending }).work),
  );
  if (commit === undefined) return [];
  const { mirror } = repositoryOf(services, at.repository);
  // A commit that nobody has any more, as history was rewritten, says nothing.
  const isThere = await mirror.contains(at.commit, commit).catch((error: unknown) => {
    services.log.warn(
      { stack: stack.id, commit, error: messageOf(error) },
      'the state names a commit that is not there',
    );
    return false;
  });
  if (!isThere) return [];
  // Where an update of it has begun meanwhile, that one knows better.
  if (!(await services.store.stacks.setApplied(at.repository, stack.id, { commit, revision }))) return [];
  await services.store.stacks.setUnproven(at.repository, [stack.id], NOT_REMEMBERED);
  return [`${stack.id} ${short(commit)}`];
}
