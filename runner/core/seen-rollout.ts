import type { Rollout, RolloutState } from './rollout.ts';
import { stacksOfStage } from './stack-order.ts';

/** Said where the real words are about stacks that somebody may not see. */
const SAID: Readonly<Record<RolloutState, string>> = {
  running: 'under way',
  waiting: 'waits for something in a stack that you may not see',
  succeeded: 'done',
  failed: 'ended by a failure in a stack that you may not see',
  overtaken: 'a newer commit carries its rest',
};

/**
 * A rollout as somebody may see it who sees only some of its stacks: the others, and the words about them, are left out. undefined: none of it is
 * theirs to see.
 */
export function seenRollout(rollout: Rollout, sees: (stack: string) => boolean): Rollout | undefined {
  const stages = rollout.stages
    .map(({ groups, verifies, before, ...stage }) => ({
      ...stage,
      groups: groups.map((group) => group.filter(sees)).filter((group) => group.length > 0),
      ...(verifies && { verifies: verifies.filter(sees) }),
      ...(before && { before: before.filter(sees) }),
    }))
    .filter((stage) => stacksOfStage(stage).length > 0);
  if (stages.length === 0) return undefined;
  if (rollout.stages.every((stage) => stacksOfStage(stage).every(sees))) return rollout;
  const waits = waitingStacks(rollout)?.every(sees) ? rollout.waits : undefined;
  // Changes are named by what they are about.
  return { ...rollout, stages, changes: [], waits, summary: waits ? rollout.summary : SAID[rollout.state] };
}

/** The stacks of the environment that a rollout waits at: who decides about it decides about them. undefined where it waits at none that it has. */
export function waitingStacks({ stages, waits }: Pick<Rollout, 'stages' | 'waits'>): readonly string[] | undefined {
  const stage = stages.find(({ environment }) => environment === waits?.environment);
  return stage && stacksOfStage(stage);
}
