import type { PropertyMap } from '../../protocol/property-value.ts';

/** Objects that tests are made of, with what a test does not care about filled in. */

export function namespaceNamed(name: string): PropertyMap {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function configMap(namespace: string, data: PropertyMap, metadata: PropertyMap = {}): PropertyMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, ...metadata }, data };
}

export interface DeploymentOptions {
  readonly replicas?: number;
  readonly image?: string;
  readonly annotations?: PropertyMap;
  readonly podAnnotations?: PropertyMap;
  readonly container?: PropertyMap;
  readonly selector?: string;
  readonly spec?: PropertyMap;
}

export function deployment(namespace: string, name: string, options: DeploymentOptions = {}): PropertyMap {
  const labels = { app: options.selector ?? name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name, annotations: options.annotations ?? {} },
    spec: {
      ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
      selector: { matchLabels: labels },
      template: podTemplate(labels, options),
      ...options.spec,
    },
  };
}

export function podTemplate(labels: PropertyMap, options: DeploymentOptions = {}): PropertyMap {
  return {
    metadata: { labels, annotations: options.podAnnotations ?? {} },
    spec: { containers: [{ name: 'main', image: options.image ?? 'nginx:1', ...options.container }] },
  };
}

export function service(namespace: string, name: string, spec: PropertyMap = {}): PropertyMap {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  };
}

export const types = {
  namespace: 'kubernetes:core/v1:Namespace',
  configMap: 'kubernetes:core/v1:ConfigMap',
  secret: 'kubernetes:core/v1:Secret',
  service: 'kubernetes:core/v1:Service',
  pod: 'kubernetes:core/v1:Pod',
  claim: 'kubernetes:core/v1:PersistentVolumeClaim',
  deployment: 'kubernetes:apps/v1:Deployment',
  statefulSet: 'kubernetes:apps/v1:StatefulSet',
  daemonSet: 'kubernetes:apps/v1:DaemonSet',
  replicaSet: 'kubernetes:apps/v1:ReplicaSet',
  job: 'kubernetes:batch/v1:Job',
  cronJob: 'kubernetes:batch/v1:CronJob',
  ingress: 'kubernetes:networking.k8s.io/v1:Ingress',
  definition: 'kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition',
  apiService: 'kubernetes:apiregistration.k8s.io/v1:APIService',
} as const;

/** A definition of `Widget` in `<prefix>.mainstay.test`. */
export function widgetDefinition(group: string): PropertyMap {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] },
                status: { type: 'object', x_kubernetes_preserve_unknown_fields: true },
              },
            },
          },
        },
      ],
    },
  };
}
