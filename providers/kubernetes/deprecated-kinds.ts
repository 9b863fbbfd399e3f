import { apiVersion, type ObjectKind } from './kind.ts';

/** Kinds that Kubernetes no longer serves, or will not: the version that took them away, and what to use instead. */
const DEPRECATED: Readonly<Record<string, { readonly removed: string; readonly instead: string }>> = {
  'extensions/v1beta1/DaemonSet': { removed: '1.16', instead: 'apps/v1/DaemonSet' },
  'extensions/v1beta1/Deployment': { removed: '1.16', instead: 'apps/v1/Deployment' },
  'extensions/v1beta1/Ingress': { removed: '1.22', instead: 'networking.k8s.io/v1/Ingress' },
  'extensions/v1beta1/NetworkPolicy': { removed: '1.16', instead: 'networking.k8s.io/v1/NetworkPolicy' },
  'extensions/v1beta1/ReplicaSet': { removed: '1.16', instead: 'apps/v1/ReplicaSet' },
  'apps/v1beta1/Deployment': { removed: '1.16', instead: 'apps/v1/Deployment' },
  'apps/v1beta1/StatefulSet': { removed: '1.16', instead: 'apps/v1/StatefulSet' },
  'apps/v1beta2/DaemonSet': { removed: '1.16', instead: 'apps/v1/DaemonSet' },
  'apps/v1beta2/Deployment': { removed: '1.16', instead: 'apps/v1/Deployment' },
  'apps/v1beta2/ReplicaSet': { removed: '1.16', instead: 'apps/v1/ReplicaSet' },
  'apps/v1beta2/StatefulSet': { removed: '1.16', instead: 'apps/v1/StatefulSet' },
  'networking.k8s.io/v1beta1/Ingress': { removed: '1.22', instead: 'networking.k8s.io/v1/Ingress' },
  'networking.k8s.io/v1beta1/IngressClass': { removed: '1.22', instead: 'networking.k8s.io/v1/IngressClass' },
  'apiextensions.k8s.io/v1beta1/CustomResourceDefinition': {
    removed: '1.22',
    instead: 'apiextensions.k8s.io/v1/CustomResourceDefinition',
  },
  'apiregistration.k8s.io/v1beta1/APIService': { removed: '1.22', instead: 'apiregistration.k8s.io/v1/APIService' },
  'rbac.authorization.k8s.io/v1beta1/Role': { removed: '1.22', instead: 'rbac.authorization.k8s.io/v1/Role' },
  'rbac.authorization.k8s.io/v1beta1/RoleBinding': {
    removed: '1.22',
    instead: 'rbac.authorization.k8s.io/v1/RoleBinding',
  },
  'rbac.authorization.k8s.io/v1beta1/ClusterRole': {
    removed: '1.22',
    instead: 'rbac.authorization.k8s.io/v1/ClusterRole',
  },
  'rbac.authorization.k8s.io/v1beta1/ClusterRoleBinding': {
    removed: '1.22',
    instead: 'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  },
  'batch/v1beta1/CronJob': { removed: '1.25', instead: 'batch/v1/CronJob' },
  'policy/v1beta1/PodDisruptionBudget': { removed: '1.25', instead: 'policy/v1/PodDisruptionBudget' },
  'policy/v1beta1/PodSecurityPolicy': { removed: '1.25', instead: 'pod security admission' },
  'autoscaling/v2beta1/HorizontalPodAutoscaler': { removed: '1.25', instead: 'autoscaling/v2/HorizontalPodAutoscaler' },
  'autoscaling/v2beta2/HorizontalPodAutoscaler': { removed: '1.26', instead: 'autoscaling/v2/HorizontalPodAutoscaler' },
  'discovery.k8s.io/v1beta1/EndpointSlice': { removed: '1.25', instead: 'discovery.k8s.io/v1/EndpointSlice' },
  'flowcontrol.apiserver.k8s.io/v1beta2/FlowSchema': {
    removed: '1.29',
    instead: 'flowcontrol.apiserver.k8s.io/v1/FlowSchema',
  },
  'flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema': {
    removed: '1.32',
    instead: 'flowcontrol.apiserver.k8s.io/v1/FlowSchema',
  },
};

/** A warning where the kind is on its way out or gone; undefined for all others. */
export function deprecationWarning(kind: ObjectKind): string | undefined {
  const name = `${apiVersion(kind)}/${kind.kind}`;
  const found = DEPRECATED[name];
  return found && `${name} is not served by Kubernetes ${found.removed} and later. Use ${found.instead}`;
}
