import { type KubeObject, numberAt, textAt, valueAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY } from './awaiter.ts';
import { conditionOf, describeCondition, isObserved, NOT_OBSERVED, wantedReplicas } from './conditions.ts';
import { explainPods, ownedBy, warningsAbout } from './pods.ts';

/**
 * A Deployment is ready when its newest ReplicaSet is completely rolled out and available. The controller says so in the condition
 * Progressing (reason NewReplicaSetAvailable); the counts tell about a change of scale, of which that condition says nothing.
 */
export const deploymentAwaiter: Awaiter = {
  decides: [],
  explains: ['ReplicaSet', 'Pod', 'PersistentVolumeClaim', 'Event'],
  checkedOnRead: true,
  assess(live) {
    if (!isObserved(live)) return NOT_READY;
    const progressing = conditionOf(live, 'Progressing');
    if (textAt(progressing, 'reason') === 'ProgressDeadlineExceeded')
      return { ready: false, failed: textAt(progressing, 'message') };
    // Nothing is rolled out until somebody resumes it.
    if (valueAt(live, 'spec', 'paused') === true) return READY;
    const rolledOut = !progressing || textAt(progressing, 'reason') === 'NewReplicaSetAvailable';
    const wanted = wantedReplicas(live);
    const counts = ['updatedReplicas', 'availableReplicas', 'readyReplicas'];
    return rolledOut && counts.every((count) => numberAt(live, 'status', count) >= wanted) ? READY : NOT_READY;
  },
  explain(live, related) {
    if (!isObserved(live)) return [NOT_OBSERVED];
    const wanted = wantedReplicas(live);
    const updated = numberAt(live, 'status', 'updatedReplicas');
    const available = numberAt(live, 'status', 'availableReplicas');
    const replicaSets = ownedBy(live, related('ReplicaSet'));
    const newest = newestOf(replicaSets);
    const pods = newest ? ownedBy(newest, related('Pod')) : [];
    const failing = ['Progressing', 'Available', 'ReplicaFailure']
      .map((type) => conditionOf(live, type))
      .filter((condition) => condition !== undefined)
      .filter(
        (condition) => (textAt(condition, 'status') === 'False') === (textAt(condition, 'type') !== 'ReplicaFailure'),
      )
      .map(describeCondition);
    return [
      `${updated} of ${wanted} replicas are updated, ${available} of ${wanted} are available`,
      ...explainPods(pods, related),
      ...warningsAbout([live, ...replicaSets], related),
      ...failing,
    ];
  },
};

const REVISION = 'deployment.kubernetes.io/revision';

function newestOf(replicaSets: readonly KubeObject[]): KubeObject | undefined {
  const revision = (replicaSet: KubeObject) => Number(textAt(replicaSet, 'metadata', 'annotations', REVISION));
  return [...replicaSets].sort((left, right) => revision(right) - revision(left))[0];
}
