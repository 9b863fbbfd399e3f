import { type KubeObject, numberAt, textAt, valueAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY } from './awaiter.ts';
import { isObserved, NOT_OBSERVED, wantedReplicas } from './conditions.ts';
import { explainPods, ownedBy, warningsAbout } from './pods.ts';

const POD_EXPLANATIONS = ['Pod', 'PersistentVolumeClaim', 'Event'] as const;

/** A StatefulSet is ready when all its pods are, in the newest revision as far as its update strategy replaces them. */
export const statefulSetAwaiter: Awaiter = {
  decides: [],
  explains: POD_EXPLANATIONS,
  checkedOnRead: true,
  assess(live) {
    if (!isObserved(live)) return NOT_READY;
    const wanted = wantedReplicas(live);
    if (numberAt(live, 'status', 'readyReplicas') < wanted || numberAt(live, 'status', 'replicas') > wanted)
      return NOT_READY;
    if (textAt(live, 'spec', 'updateStrategy', 'type') === 'OnDelete') return READY;
    const partition = numberAt(live, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
    if (partition > 0) return numberAt(live, 'status', 'updatedReplicas') >= wanted - partition ? READY : NOT_READY;
    const current = textAt(live, 'status', 'currentRevision');
    return wanted === 0 || current === textAt(live, 'status', 'updateRevision') ? READY : NOT_READY;
  },
  explain(live, related) {
    if (!isObserved(live)) return [NOT_OBSERVED];
    const wanted = wantedReplicas(live);
    return [
      `${numberAt(live, 'status', 'readyReplicas')} of ${wanted} pods are ready, ${numberAt(live, 'status', 'updatedReplicas')} updated`,
      ...explainPods(ownedBy(live, related('Pod')), related),
      ...warningsAbout([live], related),
    ];
  },
};

/** A DaemonSet is ready when every node that needs one has a pod of the newest kind that is available. */
export const daemonSetAwaiter: Awaiter = {
  decides: [],
  explains: POD_EXPLANATIONS,
  checkedOnRead: true,
  assess(live) {
    if (!isObserved(live)) return NOT_READY;
    const wanted = numberAt(live, 'status', 'desiredNumberScheduled');
    const onDelete = textAt(live, 'spec', 'updateStrategy', 'type') === 'OnDelete';
    const counts = ['numberAvailable', 'numberReady', ...(onDelete ? [] : ['updatedNumberScheduled'])];
    return counts.every((count) => numberAt(live, 'status', count) >= wanted) ? READY : NOT_READY;
  },
  explain(live, related) {
    if (!isObserved(live)) return [NOT_OBSERVED];
    const wanted = numberAt(live, 'status', 'desiredNumberScheduled');
    return [
      `${numberAt(live, 'status', 'numberAvailable')} of ${wanted} pods are available, ` +
        `${numberAt(live, 'status', 'updatedNumberScheduled')} updated`,
      ...explainPods(ownedBy(live, related('Pod')), related),
      ...warningsAbout([live], related),
    ];
  },
};

/** A ReplicaSet or ReplicationController is ready when all its replicas are available. */
export const replicaSetAwaiter: Awaiter = {
  decides: [],
  explains: POD_EXPLANATIONS,
  assess: (live) =>
    isObserved(live) && numberAt(live, 'status', 'availableReplicas') >= wantedReplicas(live) ? READY : NOT_READY,
  explain(live, related) {
    if (!isObserved(live)) return [NOT_OBSERVED];
    return [
      `${numberAt(live, 'status', 'availableReplicas')} of ${wantedReplicas(live)} replicas are available`,
      ...explainPods(ownedBy(live, related('Pod')), related),
      ...warningsAbout([live], related),
    ];
  },
};

/** A CronJob is ready when it exists: its jobs are its own affair. */
export const cronJobAwaiter: Awaiter = { decides: [], explains: [], assess: () => READY, explain: () => [] };

export function isSuspended(live: KubeObject): boolean {
  return valueAt(live, 'spec', 'suspend') === true;
}
