import { type KubeObject, listAt, nameOf, sameValue, textAt, valueAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY, type Related } from './awaiter.ts';
import { conditionOf, describeCondition, isConditionTrue } from './conditions.ts';
import { warningsAbout } from './pods.ts';

/** An awaiter for what says of itself in one place whether it is ready. */
function simpleAwaiter(isReady: (live: KubeObject) => boolean, explain: (live: KubeObject) => string): Awaiter {
  return {
    decides: [],
    explains: ['Event'],
    assess: (live) => (isReady(live) ? READY : NOT_READY),
    explain: (live, related) => [explain(live), ...warningsAbout([live], related)],
  };
}

const phaseOf = (live: KubeObject) => textAt(live, 'status', 'phase');

export const namespaceAwaiter = simpleAwaiter(
  (live) => phaseOf(live) === 'Active',
  (live) => `its phase is ${phaseOf(live) || 'not set'}, not Active`,
);

export const persistentVolumeAwaiter = simpleAwaiter(
  (live) => ['Available', 'Bound'].includes(phaseOf(live)),
  (live) => `its phase is ${phaseOf(live) || 'not set'}, neither Available nor Bound`,
);

/** Ready when the controller has taken the limits over, so that they are enforced. */
export const resourceQuotaAwaiter = simpleAwaiter(
  (live) => sameValue(valueAt(live, 'spec', 'hard'), valueAt(live, 'status', 'hard')),
  () => 'the quota controller has not taken its limits over yet',
);

/** A service account's token is filled in by a controller. All other Secrets are ready when they exist. */
export const secretAwaiter = simpleAwaiter(
  (live) =>
    textAt(live, 'type') !== 'kubernetes.io/service-account-token' || valueAt(live, 'data', 'token') !== undefined,
  () => 'no token has been made for its service account: does that account exist?',
);

/** Ready when instances can be created. A name that another definition has taken never becomes free by waiting. */
export const customResourceDefinitionAwaiter: Awaiter = {
  decides: [],
  explains: [],
  assess(live) {
    const names = conditionOf(live, 'NamesAccepted');
    if (textAt(names, 'status') === 'False') return { ready: false, failed: describeCondition(names!) };
    return isConditionTrue(live, 'Established') && names ? READY : NOT_READY;
  },
  explain: (live) => explainConditions(live, 'it is not established yet'),
};

export const apiServiceAwaiter: Awaiter = {
  decides: [],
  explains: [],
  assess: (live) => (isConditionTrue(live, 'Available') ? READY : NOT_READY),
  explain: (live) => explainConditions(live, 'the API server has not tried to reach it yet'),
};

function explainConditions(live: KubeObject, otherwise: string): readonly string[] {
  const conditions = (listAt(live, 'status', 'conditions') as readonly KubeObject[]).filter(
    (condition) => textAt(condition, 'status') !== 'True',
  );
  return conditions.length > 0 ? conditions.map(describeCondition) : [otherwise];
}

/** A claim is ready when it is bound, or, where its class binds with the first pod that uses it, when it waits for that pod. */
export const persistentVolumeClaimAwaiter: Awaiter = {
  decides: ['StorageClass'],
  explains: ['Event'],
  assess(live, related) {
    const phase = phaseOf(live);
    if (phase === 'Bound') return READY;
    if (phase === 'Lost') return { ready: false, failed: 'the volume that it was bound to no longer exists' };
    return phase === 'Pending' && waitsForConsumer(live, related) ? READY : NOT_READY;
  },
  explain: (live, related) => [
    `it is ${phaseOf(live) || 'Pending'}, not Bound: ${storageClassState(live, related)}`,
    ...warningsAbout([live], related),
  ],
};

function waitsForConsumer(claim: KubeObject, related: Related): boolean {
  return textAt(storageClassOf(claim, related), 'volumeBindingMode') === 'WaitForFirstConsumer';
}

function storageClassOf(claim: KubeObject, related: Related): KubeObject | undefined {
  const name = textAt(claim, 'spec', 'storageClassName');
  return related('StorageClass').find((storageClass) => nameOf(storageClass) === name);
}

function storageClassState(claim: KubeObject, related: Related): string {
  const name = textAt(claim, 'spec', 'storageClassName');
  if (name === '') return 'it names no storage class, and no volume fits';
  return storageClassOf(claim, related)
    ? `storage class ${JSON.stringify(name)} has provided no volume yet`
    : `there is no storage class ${JSON.stringify(name)}`;
}
