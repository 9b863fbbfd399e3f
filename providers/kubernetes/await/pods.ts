import { isFields, type KubeObject, kindOf, listAt, nameOf, numberAt, textAt } from '../object.ts';
import type { Related } from './awaiter.ts';
import { conditionOf, describeCondition } from './conditions.ts';

/** Reasons of a waiting container that are steps on the way to running. */
const ORDINARY_WAITING = ['ContainerCreating', 'PodInitializing', ''];
/** More pods than these say nothing new. */
const MAX_PODS = 3;

/** The objects that `owner` controls, directly. */
export function ownedBy(owner: KubeObject, objects: readonly KubeObject[]): readonly KubeObject[] {
  const uid = textAt(owner, 'metadata', 'uid');
  if (uid === '') return [];
  return objects.filter((object) =>
    listAt(object, 'metadata', 'ownerReferences').some((reference) => textAt(reference, 'uid') === uid),
  );
}

/** What keeps pods from becoming ready: unschedulable, unbound claims, image and container errors, failing probes. */
export function explainPods(pods: readonly KubeObject[], related: Related): readonly string[] {
  const unready = pods.filter((pod) => textAt(conditionOf(pod, 'Ready'), 'status') !== 'True');
  const reasons = unready.flatMap((pod) => explainPod(pod, related));
  // Pods of one template mostly fail for one reason.
  return [...new Set(reasons)].slice(0, MAX_PODS);
}

/** What keeps one pod from becoming ready. */
export function explainPod(pod: KubeObject, related: Related): readonly string[] {
  const name = `pod ${JSON.stringify(nameOf(pod))}`;
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled && textAt(scheduled, 'status') === 'False')
    return [
      `${name} cannot be scheduled: ${textAt(scheduled, 'message') || textAt(scheduled, 'reason')}`,
      ...unboundClaims(pod, related),
    ];
  const containers = [...listAt(pod, 'status', 'initContainerStatuses'), ...listAt(pod, 'status', 'containerStatuses')];
  const problems = containers.flatMap((status) => explainContainer(status as KubeObject, name));
  if (problems.length > 0) return [...problems, ...warningsAbout([pod], related)];
  const warnings = warningsAbout([pod], related);
  if (warnings.length > 0) return warnings;
  if (textAt(pod, 'status', 'phase') === 'Failed')
    return [`${name} failed: ${textAt(pod, 'status', 'message') || textAt(pod, 'status', 'reason')}`];
  const ready = conditionOf(pod, 'Ready');
  return [
    ready ? `${name}: ${describeCondition(ready)}` : `${name} is ${textAt(pod, 'status', 'phase') || 'not started'}`,
  ];
}

function explainContainer(status: KubeObject, pod: string): readonly string[] {
  const name = `container ${JSON.stringify(textAt(status, 'name'))} of ${pod}`;
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  const message = textAt(status, 'state', 'waiting', 'message');
  if (!ORDINARY_WAITING.includes(waiting)) return [`${name} is waiting: ${waiting}: ${message}${lastEnd(status)}`];
  const exitCode = numberAt(status, 'state', 'terminated', 'exitCode');
  if (exitCode !== 0) {
    const reason = textAt(status, 'state', 'terminated', 'reason');
    return [
      `${name} ended with exit code ${exitCode} (${reason}): ${textAt(status, 'state', 'terminated', 'message')}`,
    ];
  }
  return [];
}

function lastEnd(status: KubeObject): string {
  const ended = status.lastState;
  if (!isFields(ended) || !isFields(ended.terminated)) return '';
  const message = textAt(ended, 'terminated', 'message');
  return ` (last end: exit code ${numberAt(ended, 'terminated', 'exitCode')}${message ? `: ${message}` : ''})`;
}

function unboundClaims(pod: KubeObject, related: Related): readonly string[] {
  const names = listAt(pod, 'spec', 'volumes').map((volume) => textAt(volume, 'persistentVolumeClaim', 'claimName'));
  return related('PersistentVolumeClaim')
    .filter((claim) => names.includes(nameOf(claim)) && textAt(claim, 'status', 'phase') !== 'Bound')
    .map(
      (claim) =>
        `persistent volume claim ${JSON.stringify(nameOf(claim))} is ${textAt(claim, 'status', 'phase') || 'Pending'}, not Bound`,
    );
}

/** The last warning of each kind that the cluster gave about one of `objects`. */
export function warningsAbout(objects: readonly KubeObject[], related: Related): readonly string[] {
  const byUid = new Map(objects.map((object) => [textAt(object, 'metadata', 'uid'), object]));
  const last = new Map<string, string>();
  for (const event of related('Event')) {
    const about = byUid.get(textAt(event, 'involvedObject', 'uid'));
    if (!about || textAt(event, 'type') !== 'Warning') continue;
    const reason = textAt(event, 'reason');
    last.set(
      reason,
      `${kindOf(about) || 'object'} ${JSON.stringify(nameOf(about))}: ${reason}: ${textAt(event, 'message')}`,
    );
  }
  return [...last.values()];
}
