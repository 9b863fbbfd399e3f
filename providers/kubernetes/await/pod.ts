import { textAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY } from './awaiter.ts';
import { isConditionTrue } from './conditions.ts';
import { explainPod } from './pods.ts';

/** A Pod is ready when it says so, or when it has run to its successful end. */
export const podAwaiter: Awaiter = {
  decides: [],
  explains: ['PersistentVolumeClaim', 'Event'],
  checkedOnRead: true,
  assess(live) {
    const phase = textAt(live, 'status', 'phase');
    if (phase === 'Succeeded' || isConditionTrue(live, 'Ready')) return READY;
    if (phase !== 'Failed') return NOT_READY;
    return {
      ready: false,
      failed: textAt(live, 'status', 'message') || textAt(live, 'status', 'reason') || 'the pod failed',
    };
  },
  explain: explainPod,
};
