import { isFields, type KubeFields, type KubeObject, listAt, numberAt, textAt, valueAt } from '../object.ts';

/** The condition of a type in `status.conditions`. */
export function conditionOf(object: KubeObject, type: string): KubeFields | undefined {
  return listAt(object, 'status', 'conditions')
    .filter(isFields)
    .find((condition) => textAt(condition, 'type') === type);
}

export function isConditionTrue(object: KubeObject, type: string): boolean {
  return textAt(conditionOf(object, type), 'status') === 'True';
}

/** `Available is False: MinimumReplicasUnavailable: Deployment does not have minimum availability.` */
export function describeCondition(condition: KubeFields): string {
  const parts = [
    `${textAt(condition, 'type')} is ${textAt(condition, 'status')}`,
    textAt(condition, 'reason'),
    textAt(condition, 'message'),
  ];
  return parts.filter((part) => part !== '').join(': ');
}

/** Whether the controller has seen the latest specification. Kinds that do not say are taken to have. */
export function isObserved(object: KubeObject): boolean {
  return numberAt(object, 'status', 'observedGeneration') >= numberAt(object, 'metadata', 'generation');
}

/** `spec.replicas`, of which the default is 1. */
export function wantedReplicas(object: KubeObject): number {
  const replicas = valueAt(object, 'spec', 'replicas');
  return typeof replicas === 'number' ? replicas : 1;
}

export const NOT_OBSERVED = 'the controller has not seen the latest specification yet';

/** What the conditions that are true say, as a Namespace that is ending has them. */
export function conditionSummaries(object: KubeObject): readonly string[] {
  return listAt(object, 'status', 'conditions')
    .filter(isFields)
    .filter((condition) => textAt(condition, 'status') === 'True')
    .map((condition) => textAt(condition, 'message'));
}
