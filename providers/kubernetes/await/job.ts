import { type KubeObject, numberAt, textAt } from '../object.ts';
import { type Assessment, type Awaiter, NOT_READY, READY } from './awaiter.ts';
import { conditionOf, isConditionTrue } from './conditions.ts';
import { explainPods, ownedBy, warningsAbout } from './pods.ts';
import { isSuspended } from './workloads.ts';

/** Whether a Job has done its work. A suspended one has nothing to do until it is resumed. */
export function assessJob(live: KubeObject): Assessment {
  if (isConditionTrue(live, 'Complete') || isSuspended(live)) return READY;
  const failed = conditionOf(live, 'Failed');
  if (textAt(failed, 'status') !== 'True') return NOT_READY;
  return { ready: false, failed: `${textAt(failed, 'reason')}: ${textAt(failed, 'message')}` };
}

export const jobAwaiter: Awaiter = {
  decides: [],
  explains: ['Pod', 'PersistentVolumeClaim', 'Event'],
  checkedOnRead: true,
  assess: assessJob,
  explain(live, related) {
    const wanted = numberAt(live, 'spec', 'completions') || 1;
    return [
      `${numberAt(live, 'status', 'succeeded')} of ${wanted} pods have succeeded, ${numberAt(live, 'status', 'failed')} failed`,
      ...explainPods(ownedBy(live, related('Pod')), related),
      ...warningsAbout([live], related),
    ];
  },
};
