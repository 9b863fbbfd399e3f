import type { KnownStack, Unproven } from './known-stack.ts';
import type { Settings } from './settings.ts';
import type { Stack } from './stack.ts';
import { environmentOf } from './stack-order.ts';

/** What is not known of a stack's environment after the loss of the runner's database. */
export const NOT_REMEMBERED: Unproven = { bad: false, why: 'the runner was made anew and knows of no verification' };

/**
 * The stacks whose environment has to prove good although nothing of it is updated: its last update was not shown to be good, and a rollout that goes by it
 * would carry the same to the environments after it. One whose checks were bad is checked again in any case, as the rollout that waited there is
 * overtaken. Environments without checks prove nothing.
 */
export function stacksToProve(
  stacks: readonly Stack[],
  {
    settings,
    known,
    affected,
  }: {
    readonly settings: Settings;
    readonly known: readonly Pick<KnownStack, 'id' | 'unproven'>[];
    readonly affected: ReadonlySet<string>;
  },
): readonly Stack[] {
  const unproven = new Map(known.map((stack) => [stack.id, stack.unproven]));
  const places = settings.environments.map((environment) => {
    const own = stacks.filter((stack) => environmentOf(settings, stack).name === environment.name);
    return { own, checked: environment.verify.length > 0, updated: own.some(({ id }) => affected.has(id)) };
  });
  const last = places.findLastIndex(({ updated }) => updated);
  return places.flatMap(({ own, checked, updated }, index) => {
    if (!checked || updated) return [];
    const doubts = own.map(({ id }) => unproven.get(id)).filter((doubt) => doubt !== undefined);
    return doubts.length > 0 && (index < last || doubts.some(({ bad }) => bad)) ? own : [];
  });
}
