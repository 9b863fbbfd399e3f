import { type KubeObject, listAt, textAt, valueAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY } from './awaiter.ts';
import { conditionOf, describeCondition, NOT_OBSERVED } from './conditions.ts';
import { warningsAbout } from './pods.ts';

/**
 * Any kind, by the conventions of status conditions (kstatus): the latest generation is observed, nothing is `Reconciling` or
 * `Stalled`, and `Ready`, where it is there, is true.
 */
export const genericAwaiter: Awaiter = {
  decides: [],
  explains: ['Event'],
  assess(live) {
    const stalled = conditionOf(live, 'Stalled');
    if (textAt(stalled, 'status') === 'True') return { ready: false, failed: describeCondition(stalled!) };
    if (!seesLatest(live) || textAt(conditionOf(live, 'Reconciling'), 'status') === 'True') return NOT_READY;
    const ready = conditionOf(live, 'Ready');
    return !ready || textAt(ready, 'status') === 'True' ? READY : NOT_READY;
  },
  explain(live, related) {
    if (!seesLatest(live)) return [NOT_OBSERVED];
    const conditions = (listAt(live, 'status', 'conditions') as readonly KubeObject[]).filter(
      (condition) => (textAt(condition, 'status') === 'True') === (textAt(condition, 'type') === 'Reconciling'),
    );
    return [...conditions.map(describeCondition), ...warningsAbout([live], related)];
  },
};

function seesLatest(live: KubeObject): boolean {
  const observed = valueAt(live, 'status', 'observedGeneration');
  const generation = valueAt(live, 'metadata', 'generation');
  return typeof observed !== 'number' || typeof generation !== 'number' || observed >= generation;
}
