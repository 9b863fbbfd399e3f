import type { KnownStack } from './known-stack.ts';
import type { Rollout } from './rollout.ts';
import type { RunState } from './run.ts';
import { stacksOfStage } from './stack-order.ts';

/** How a stack stands besides which commit it is at. */
export interface Standing {
  /** Whether its last update came through and its environment proved good: `unknown` where there was none, or its checks have not ended. */
  readonly health: 'good' | 'bad' | 'unknown';
  /** What it waits for and why; undefined where it is at the head of the base branch and nothing is on its way to it. */
  readonly waitsFor: string | undefined;
}

type Known = Pick<KnownStack, 'id' | 'environment' | 'appliedCommit' | 'unproven'>;

interface Facts {
  readonly rollout: Rollout | undefined;
  readonly last: { readonly state: RunState; readonly summary: string } | undefined;
}

/** `rollout` is the newest of the stack's repository, `last` the stack's last update. */
export function standingOf(stack: Known, facts: Facts): Standing {
  return { health: healthOf(stack, facts), waitsFor: waitOf(stack, facts) };
}

function healthOf({ environment, unproven }: Known, { rollout, last }: Facts): Standing['health'] {
  const failure = rollout?.waits?.for === 'failure' && rollout.waits.environment === environment;
  if (failure || unproven?.bad || last?.state === 'failed') return 'bad';
  return last?.state === 'succeeded' && !unproven ? 'good' : 'unknown';
}

function waitOf({ id, environment, appliedCommit }: Known, { rollout, last }: Facts): string | undefined {
  if (last?.state === 'waiting') return last.summary;
  if (!rollout) return undefined;
  const own = rollout.stages.findIndex((stage) => stacksOfStage(stage).includes(id));
  // A plan that could not be made has no stages, and holds everything up.
  if (rollout.state === 'failed' && appliedCommit !== rollout.commit && (own >= 0 || rollout.stages.length === 0))
    return `waits for another commit, as the rollout of this one ended: ${rollout.summary}`;
  if ((rollout.state !== 'waiting' && rollout.state !== 'running') || own < 0) return undefined;
  const waits = rollout.waits;
  if (!waits) return last?.state === 'queued' ? rollout.summary || 'its turn' : undefined;
  const at = rollout.stages.findIndex((stage) => stage.environment === waits.environment);
  if (waits.environment === environment) return waits.text;
  return at < own ? `waits behind ${waits.environment}: ${waits.text}` : undefined;
}
