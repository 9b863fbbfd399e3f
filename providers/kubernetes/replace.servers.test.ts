import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PropertyMap } from '../../protocol/property-value.ts';
import { startKubernetes, whyNot } from '../../test/servers/start.ts';
import { podTemplate, types, widgetDefinition } from './manifests.ts';
import { at, type ScriptedEngine } from './scripted-engine.ts';
import { TestBed } from './test-bed.ts';
import { type TestCluster, uniqueName } from './test-cluster.ts';

const SKIP_AWAIT = { 'pulumi.com/skipAwait': 'true', 'pulumi.com/deletionPropagationPolicy': 'background' };

/** One object, one change of it, and whether it has to be made anew for that. */
interface Case {
  readonly title: string;
  readonly type: string;
  readonly object: PropertyMap;
  readonly change: PropertyMap;
  readonly replaces: readonly string[];
}

describe('a change replaces an object exactly where a field cannot be changed', {
  skip: await whyNot('kubernetes'),
}, () => {
  let bed: TestBed;
  let engine: ScriptedEngine;
  let cluster: TestCluster;
  const namespace = uniqueName('replace');
  const group = `${namespace}.mainstay.test`;

  before(async () => {
    bed = await TestBed.open(startKubernetes, namespace);
    ({ engine, cluster } = bed);
    const definition = widgetDefinition(group) as never;
    const spec = at(definition, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema', 'properties', 'spec') as {
      properties: Record<string, PropertyMap>;
    };
    const rule = [{ rule: 'self == oldSelf', message: 'Value is immutable' }];
    spec.properties.color = { type: 'string', x_kubernetes_validations: rule };
    await engine.create(types.definition, 'widgets', definition);
  });

  after(async () => {
    await cluster?.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`).catch(() => {});
    await bed?.close();
  });

  const app = (name: string) => ({ selector: { matchLabels: { app: name } }, template: podTemplate({ app: name }) });
  const job = {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1' }] } },
    suspend: true,
  };
  const claim = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'none',
    resources: { requests: { storage: '1Gi' } },
  };
  const role = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name });
  const spec = (value: object): PropertyMap => ({ spec: value as PropertyMap });

  const cases: readonly Case[] = [
    {
      title: 'the selector of a Deployment',
      type: types.deployment,
      object: spec(app('a')),
      change: spec(app('b')),
      replaces: ['spec.selector.matchLabels.app'],
    },
    {
      title: 'the replicas of a Deployment',
      type: types.deployment,
      object: spec(app('a')),
      change: spec({ ...app('a'), replicas: 2 }),
      replaces: [],
    },
    {
      title: 'the selector of a ReplicaSet',
      type: types.replicaSet,
      object: spec(app('a')),
      change: spec(app('b')),
      replaces: ['spec.selector.matchLabels.app'],
    },
    {
      title: 'the replicas of a ReplicaSet',
      type: types.replicaSet,
      object: spec(app('a')),
      change: spec({ ...app('a'), replicas: 2 }),
      replaces: [],
    },
    {
      title: 'the service of a StatefulSet',
      type: types.statefulSet,
      object: spec({ ...app('a'), serviceName: 'a' }),
      change: spec({ ...app('a'), serviceName: 'b' }),
      replaces: ['spec.serviceName'],
    },
    {
      title: 'the template of a StatefulSet',
      type: types.statefulSet,
      object: spec({ ...app('a'), serviceName: 'a' }),
      change: spec({ ...app('a'), serviceName: 'a', template: podTemplate({ app: 'a' }, { image: 'nginx:2' }) }),
      replaces: [],
    },
    {
      title: 'the template of a Job',
      type: types.job,
      object: spec(job),
      change: spec({
        ...job,
        template: { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'main', image: 'busybox:1' }] } },
      }),
      replaces: ['spec.template.spec.restartPolicy'],
    },
    {
      title: 'the completion mode of a Job',
      type: types.job,
      object: spec({ ...job, completions: 1, completionMode: 'NonIndexed' }),
      change: spec({ ...job, completions: 1, completionMode: 'Indexed' }),
      replaces: ['spec.completionMode'],
    },
    {
      title: 'the deadline of a Job',
      type: types.job,
      object: spec(job),
      change: spec({ ...job, activeDeadlineSeconds: 60 }),
      replaces: [],
    },
    {
      title: 'the schedule of a CronJob',
      type: types.cronJob,
      object: spec({ schedule: '0 0 * * *', jobTemplate: { spec: job } }),
      change: spec({ schedule: '1 0 * * *', jobTemplate: { spec: job } }),
      replaces: [],
    },
    {
      title: 'the class of a claim',
      type: types.claim,
      object: spec(claim),
      change: spec({ ...claim, storageClassName: 'other' }),
      replaces: ['spec.storageClassName'],
    },
    {
      title: 'the volume mode of a claim',
      type: types.claim,
      object: spec({ ...claim, volumeMode: 'Filesystem' }),
      change: spec({ ...claim, volumeMode: 'Block' }),
      replaces: ['spec.volumeMode'],
    },
    {
      title: 'the type of a Secret',
      type: types.secret,
      object: { type: 'Opaque', stringData: { a: 'b' } },
      change: { type: 'mainstay.test/x', stringData: { a: 'b' } },
      replaces: ['type'],
    },
    {
      title: 'the ports of a Service',
      type: types.service,
      object: spec({ ports: [{ port: 80 }] }),
      change: spec({ ports: [{ port: 81 }] }),
      replaces: [],
    },
    {
      title: 'the role of a binding',
      type: 'kubernetes:rbac.authorization.k8s.io/v1:RoleBinding',
      object: { roleRef: role('a') },
      change: { roleRef: role('b') },
      replaces: ['roleRef.name'],
    },
    {
      title: 'the binding mode of a StorageClass',
      type: 'kubernetes:storage.k8s.io/v1:StorageClass',
      object: { provisioner: 'x', volumeBindingMode: 'Immediate' },
      change: { provisioner: 'x', volumeBindingMode: 'WaitForFirstConsumer' },
      replaces: ['volumeBindingMode'],
    },
    {
      title: 'the value of a PriorityClass',
      type: 'kubernetes:scheduling.k8s.io/v1:PriorityClass',
      object: { value: 1 },
      change: { value: 2 },
      replaces: ['value'],
    },
    {
      title: 'the data of a ConfigMap that says that it is immutable',
      type: types.configMap,
      object: { immutable: true, data: { a: '1' } },
      change: { immutable: true, data: { a: '2' } },
      replaces: ['data.a'],
    },
    {
      title: 'a field of a custom kind with a rule against changes',
      type: `kubernetes:${group}/v1:Widget`,
      object: spec({ size: 1, color: 'red' }),
      change: spec({ size: 1, color: 'blue' }),
      replaces: ['spec.color'],
    },
    {
      title: 'a field of a custom kind',
      type: `kubernetes:${group}/v1:Widget`,
      object: spec({ size: 1, color: 'red' }),
      change: spec({ size: 2, color: 'red' }),
      replaces: [],
    },
    {
      title: 'a label',
      type: types.service,
      object: spec({ ports: [{ port: 80 }] }),
      change: { ...spec({ ports: [{ port: 80 }] }), metadata: { labels: { a: 'b' } } },
      replaces: [],
    },
  ];

  for (const [index, { title, type, object, change, replaces }] of cases.entries())
    it(`${title}: ${replaces.length > 0 ? 'made anew' : 'changed in place'}`, async () => {
      const [, apiVersion, kind] = type.split(':') as [string, string, string];
      const inputs = (body: PropertyMap): PropertyMap => ({
        apiVersion: apiVersion.replace('core/', ''),
        kind,
        ...body,
        metadata: { annotations: SKIP_AWAIT, ...(body.metadata as PropertyMap | undefined) },
      });
      const made = await engine.create(type, `case-${index}`, inputs(object));
      const diff = await engine.diff(made, inputs(change));
      assert.equal(diff.changes, 'some');
      assert.deepEqual(diff.replaces, replaces);
      // What is planned as an update has to be one that the server takes.
      const last = replaces.length > 0 ? made : await engine.update(made, inputs(change));
      await engine.delete(last);
    });
});
