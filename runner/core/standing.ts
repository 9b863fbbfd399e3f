import type { KnownStack } from './known-stack.ts';
import type { Rollout } from './rollout.ts';
import type { RunState } from './run.ts';

/** How a stack stands besides which commit it is at. */
export interface Standing {
  /** Whether its last update came through and its environment proved good: `unknown` where there was none. */
  readonly health: 'good' | 'bad' | 'unknown';
  /** What it waits for and why; undefined where nothing is on its way to it. */
  readonly waitsFor: string | undefined;
}

/** `rollout` is the newest of the stack's repository, `last` the stack's last update. */
export function standingOf(
  stack: Pick<KnownStack, 'id' | 'environment'>,
  {
    rollout,
    last,
  }: {
    readonly rollout: Rollout | undefined;
    readonly last: { readonly state: RunState; readonly summary: string } | undefined;
  },
): Standing {
  return { health: healthOf(stack, { rollout, last }), waitsFor: waitOf(stack, { rollout, last }) };
}

type Facts = Parameters<typeof standingOf>[1];

function healthOf({ environment }: Pick<KnownStack, 'environment'>, { rollout, last }: Facts): Standing['health'] {
  if (rollout?.waits?.for === 'failure' && rollout.waits.environment === environment) return 'bad';
  if (last?.state === 'failed') return 'bad';
  return last?.state === 'succeeded' ? 'good' : 'unknown';
}

function waitOf(
  { id, environment }: Pick<KnownStack, 'id' | 'environment'>,
  { rollout, last }: Facts,
): string | undefined {
  if (last?.state === 'waiting') return last.summary;
  if (!rollout || (rollout.state !== 'waiting' && rollout.state !== 'running')) return undefined;
  const own = rollout.stages.findIndex(({ groups }) => groups.flat().includes(id));
  if (own < 0) return undefined;
  const waits = rollout.waits;
  if (!waits) return last?.state === 'queued' ? rollout.summary || 'its turn' : undefined;
  const at = rollout.stages.findIndex((stage) => stage.environment === waits.environment);
  if (waits.environment === environment) return waits.text;
  return at < own ? `waits behind ${waits.environment}: ${waits.text}` : undefined;
}
