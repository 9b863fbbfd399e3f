import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { PropertyMap } from '../../../protocol/property-value.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import { startKubernetes, whyNot, whyNotPlayed } from '../../../test/servers/start.ts';
import { deployment, podTemplate, service, types, widgetDefinition } from '../manifests.ts';
import { at, type ScriptedEngine } from '../scripted-engine.ts';
import { TestBed } from '../test-bed.ts';
import { type TestCluster, uniqueName } from '../test-cluster.ts';

// The garbage collector knows nothing of a new kind for half a minute: foreground deletion would wait for that.
const BACKGROUND = { 'pulumi.com/deletionPropagationPolicy': 'background' };

describe('waiting on a real control plane', {
  skip: (await whyNot('kubernetes')) || (await whyNotPlayed()),
}, () => {
  let bed: TestBed;
  let engine: ScriptedEngine;
  let cluster: TestCluster;
  const namespace = uniqueName('await');
  const apps = `/apis/apps/v1/namespaces/${namespace}`;

  before(async () => {
    bed = await TestBed.open(startKubernetes, namespace);
    ({ engine, cluster } = bed);
  });

  after(() => bed?.close());

  /** Creates what does not become ready and returns the partial failure. */
  async function createUnready(type: string, name: string, inputs: PropertyMap, timeout = 2): Promise<ProviderError> {
    const error = await engine.create(type, name, inputs, { timeout }).then(
      () => assert.fail('it must not become ready'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ProviderError, String(error));
    assert.ok(error.partial, error.message);
    return error;
  }

  it('waits for a Deployment until all replicas of the newest revision are available', async () => {
    const made = await engine.create(types.deployment, 'd', deployment(namespace, 'rolled', { replicas: 2 }));
    assert.equal(at(made.outputs, 'status', 'availableReplicas'), 2);
    const updated = await engine.update(made, deployment(namespace, 'rolled', { replicas: 3, image: 'nginx:2' }));
    assert.equal(at(updated.outputs, 'status', 'updatedReplicas'), 3);
    const scaled = await engine.update(updated, deployment(namespace, 'rolled', { replicas: 5, image: 'nginx:2' }));
    assert.equal(at(scaled.outputs, 'status', 'availableReplicas'), 5);
    await engine.delete(scaled);
  });

  for (const [broken, expected] of [
    [
      'image',
      /container "main" of pod "broken-image-\S+" is waiting: ImagePullBackOff: Back-off pulling image "nginx:1"/,
    ],
    ['crash', /CrashLoopBackOff: .*last end: exit code 1: no database/],
    ['probe', /Readiness probe failed|Ready is False: ContainersNotReady/],
  ] as const) {
    it(`keeps a Deployment whose pods fail (${broken}) as partly initialised, says why, and goes on from there`, async () => {
      const name = `broken-${broken}`;
      const inputs = deployment(namespace, name, { replicas: 1, podAnnotations: { 'mainstay.test/broken': broken } });
      const error = await createUnready(types.deployment, name, inputs);
      assert.equal(error.partial!.id, `${namespace}/${name}`);
      assert.match(error.partial!.reasons.join('\n'), expected);
      assert.match(error.message, /was not ready within 2 s/);
      assert.equal(at(error.partial!.outputs, 'metadata', 'name'), name);
      const resource = { type: types.deployment, name, id: error.partial!.id, inputs, outputs: error.partial!.outputs };
      await assert.rejects(engine.refresh(resource), (refreshed: unknown) => {
        assert.ok(refreshed instanceof ProviderError && refreshed.partial);
        assert.match(refreshed.partial.reasons.join('\n'), /0 of 1 are available/);
        return true;
      });
      const repaired = await engine.update(resource, deployment(namespace, name, { replicas: 1 }));
      assert.equal(at(repaired.outputs, 'status', 'readyReplicas'), 1);
      await engine.delete(repaired);
    });
  }

  describe('says while it waits what is missing', { concurrency: true }, () => {
    const core = `/api/v1/namespaces/${namespace}`;
    const broken = { 'mainstay.test/broken': 'image' };
    const pull = /container "main" of pod "[\w-]+" is waiting: ImagePullBackOff: Back-off pulling image "nginx:1"/;
    const labelled = (name: string) => ({
      selector: { matchLabels: { app: name } },
      template: podTemplate({ app: name }, { podAnnotations: broken }),
    });
    const set = (kind: string, name: string, spec: PropertyMap) => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { namespace, name },
      spec: { ...labelled(name), ...spec },
    });
    const pod = (name: string, spec: PropertyMap = {}, annotations: PropertyMap = {}) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, annotations },
      spec: { ...(at(podTemplate({}), 'spec') as PropertyMap), ...spec },
    });
    const job = (name: string) => {
      const template = {
        metadata: { annotations: broken },
        spec: { ...(at(pod(name), 'spec') as object), restartPolicy: 'Never' },
      };
      return { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace, name }, spec: { template } } as PropertyMap;
    };

    for (const [type, inputs, count] of [
      [types.deployment, deployment(namespace, 'missing-d', { podAnnotations: broken }), /0 of 1 are available/],
      [types.statefulSet, set('StatefulSet', 'missing-s', { serviceName: 'x', replicas: 2 }), /0 of 2 pods are ready/],
      [types.daemonSet, set('DaemonSet', 'missing-a', {}), /0 of 2 pods are available/],
      [types.replicaSet, set('ReplicaSet', 'missing-r', { replicas: 1 }), /0 of 1 replicas are available/],
      [types.pod, pod('missing-p', {}, broken), pull],
      [types.job, job('missing-j'), pull],
    ] as const)
      it(`for a ${type.split(':')[2]}`, async () => {
        const name = String(at(inputs, 'metadata', 'name'));
        const error = await createUnready(type, name, inputs, 2);
        assert.match(error.message, count);
        assert.match(error.message, pull);
        const shown = engine.messages.filter(({ urn, status }) => status && urn?.endsWith(`::${name}`));
        assert.ok(
          shown.some(({ message }) => count.test(message) && pull.test(message)),
          shown.map(({ message }) => message).join('\n'),
        );
        assert.equal(shown.at(-1)?.message, '', 'what was missing is not shown any longer when nobody waits');
      });

    it('for a pod that fits nowhere', async () => {
      const container = { resources: { requests: { cpu: '10000' } } };
      const error = await createUnready(types.deployment, 'huge', deployment(namespace, 'huge', { container }));
      assert.match(error.message, /cannot be scheduled: .*Insufficient cpu/);
    });

    it('for a pod whose claim is not bound', async () => {
      const resources = { requests: { storage: '1Gi' } };
      await cluster.post(`${core}/persistentvolumeclaims`, {
        metadata: { name: 'unbound' },
        spec: { storageClassName: 'no-such-class', accessModes: ['ReadWriteOnce'], resources },
      });
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'unbound' } }];
      const error = await createUnready(types.pod, 'claiming', pod('claiming', { volumes }));
      assert.match(error.message, /cannot be scheduled: .*unbound immediate PersistentVolumeClaims/);
      assert.match(error.message, /persistent volume claim "unbound" is Pending, not Bound/);
    });

    it('for a pod whose probe fails, by the words of the event', async () => {
      const annotations = { 'mainstay.test/broken': 'probe' };
      const error = await createUnready(types.pod, 'probed', pod('probed', {}, annotations));
      assert.match(error.message, /Pod "probed": Unhealthy: Readiness probe failed: connection refused/);
    });
  });

  it('stops waiting at once when the deadline for progress has passed', async () => {
    const podAnnotations = { 'mainstay.test/broken': 'image' };
    const inputs = deployment(namespace, 'late', { replicas: 1, podAnnotations, spec: { progressDeadlineSeconds: 1 } });
    const start = performance.now();
    const error = await createUnready(types.deployment, 'late', inputs, 60);
    assert.ok(performance.now() - start < 20_000);
    assert.match(error.message, /has timed out progressing/);
    await cluster.delete(`${apps}/deployments/late`);
  });

  it('does not wait with skipAwait, and honours timeoutSeconds', async () => {
    const podAnnotations = { 'mainstay.test/broken': 'image' };
    const skipped = deployment(namespace, 'skipped', {
      podAnnotations,
      annotations: { 'pulumi.com/skipAwait': 'true' },
    });
    const made = await engine.create(types.deployment, 'skipped', skipped);
    await engine.delete(made);
    const annotations = { 'pulumi.com/timeoutSeconds': '1' };
    const error = await createUnready(
      types.deployment,
      'short',
      deployment(namespace, 'short', { podAnnotations, annotations }),
      0,
    );
    assert.match(error.message, /was not ready within 1 s/);
    await cluster.delete(`${apps}/deployments/short`);
  });

  it('stops waiting when cancelled and keeps what was created', async () => {
    const cancel = new AbortController();
    const podAnnotations = { 'mainstay.test/broken': 'image' };
    const creating = engine.create(types.deployment, 'c', deployment(namespace, 'cancelled', { podAnnotations }), {
      signal: cancel.signal,
    });
    setTimeout(() => cancel.abort(), 500);
    await assert.rejects(creating, (error: unknown) => {
      assert.ok(error instanceof ProviderError && error.partial);
      assert.match(error.message, /waiting was cancelled/);
      return true;
    });
    await cluster.delete(`${apps}/deployments/cancelled`);
  });

  it('waits for a StatefulSet, a DaemonSet, a ReplicaSet and a Pod', async () => {
    const labels = { app: 'sets' };
    const spec = { selector: { matchLabels: labels }, template: podTemplate(labels) };
    const header = (kind: string) => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { namespace, name: kind.toLowerCase() },
    });
    const statefulInputs = { ...header('StatefulSet'), spec: { ...spec, serviceName: 'sets', replicas: 2 } };
    const statefulSet = await engine.create(types.statefulSet, 'statefulset', statefulInputs);
    assert.equal(at(statefulSet.outputs, 'status', 'readyReplicas'), 2);
    const changed = {
      ...statefulInputs,
      spec: { ...statefulInputs.spec, template: podTemplate(labels, { image: 'nginx:2' }) },
    };
    const updated = await engine.update(statefulSet, changed);
    assert.equal(at(updated.outputs, 'status', 'updatedReplicas'), 2);
    const daemonSet = await engine.create(types.daemonSet, 'daemonset', { ...header('DaemonSet'), spec });
    assert.equal(
      at(daemonSet.outputs, 'status', 'numberAvailable'),
      at(daemonSet.outputs, 'status', 'desiredNumberScheduled'),
    );
    const replicaSet = await engine.create(types.replicaSet, 'replicaset', {
      ...header('ReplicaSet'),
      spec: { ...spec, replicas: 1 },
    });
    assert.equal(at(replicaSet.outputs, 'status', 'availableReplicas'), 1);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: 'pod' },
      spec: at(podTemplate({}), 'spec')!,
    };
    const running = await engine.create(types.pod, 'pod', pod);
    assert.equal(at(running.outputs, 'status', 'phase'), 'Running');
    for (const made of [updated, daemonSet, replicaSet, running]) await engine.delete(made);
  });

  it('waits for a Job to do its work, and says so when it has failed', async () => {
    const job = (name: string, annotations: PropertyMap): PropertyMap => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace, name },
      spec: {
        activeDeadlineSeconds: annotations['mainstay.test/broken'] ? 1 : 60,
        template: {
          metadata: { annotations },
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1' }] },
        },
      },
    });
    const done = await engine.create(types.job, 'done', job('done', {}));
    assert.equal(at(done.outputs, 'status', 'succeeded'), 1);
    const error = await createUnready(types.job, 'fails', job('fails', { 'mainstay.test/broken': 'image' }), 60);
    assert.match(error.message, /DeadlineExceeded/);
    await engine.delete(done);
    const cron = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { namespace, name: 'cron' },
      spec: { schedule: '0 0 * * *', jobTemplate: { spec: at(job('x', {}), 'spec')! } },
    };
    await engine.delete(await engine.create(types.cronJob, 'cron', cron));
  });

  it('waits for a Service until a ready pod answers for it', async () => {
    const error = await createUnready(types.service, 'lonely', service(namespace, 'lonely'), 1);
    assert.match(error.message, /no ready pod matches its selector \{"app":"lonely"\}/);
    const creating = engine.create(types.service, 'served', service(namespace, 'served'));
    const pods = await engine.create(types.deployment, 'served', deployment(namespace, 'served'));
    const served = await creating;
    const external = { type: 'ExternalName', externalName: 'example.org', selector: {}, ports: [] };
    const named = await engine.create(types.service, 'external', service(namespace, 'external', external));
    const balanced = await createUnready(
      types.service,
      'lb',
      service(namespace, 'lb', { type: 'LoadBalancer', selector: { app: 'served' } }),
      1,
    );
    assert.match(balanced.message, /no load balancer address yet/);
    for (const made of [named, served, pods]) await engine.delete(made);
  });

  it('waits for an Ingress until it has an address and its services have pods', async () => {
    const backend = { service: { name: 'web', port: { number: 80 } } };
    const rules = [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
    const inputs = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace, name: 'ingress' },
      spec: { rules },
    };
    const creating = engine.create(types.ingress, 'ingress', inputs, { timeout: 30 });
    const pods = await engine.create(types.deployment, 'web', deployment(namespace, 'web'));
    const web = await engine.create(types.service, 'web', service(namespace, 'web'));
    await delay(700);
    assert.ok(engine.statuses.some((status) => status.includes('no ingress controller has given it one')));
    const status = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
    await cluster.edit(
      `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/ingress/status`,
      status,
      'controller',
    );
    const ingress = await creating;
    assert.equal(at(ingress.outputs, 'status', 'loadBalancer', 'ingress', 0, 'ip'), '192.0.2.1');
    for (const made of [ingress, web, pods]) await engine.delete(made);
  });

  it('waits for a claim until it is bound, or until it waits for its first pod', async () => {
    const classes = '/apis/storage.k8s.io/v1/storageclasses';
    const waiting = uniqueName('waiting');
    const header = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'mainstay.test/none' };
    await cluster.post(classes, { ...header, metadata: { name: waiting }, volumeBindingMode: 'WaitForFirstConsumer' });
    const claim = (name: string, storageClassName: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name },
      spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    const first = await engine.create(types.claim, 'first', claim('first', waiting));
    assert.equal(at(first.outputs, 'status', 'phase'), 'Pending');
    const error = await createUnready(types.claim, 'nowhere', claim('nowhere', 'no-such-class'), 1);
    assert.match(error.message, /there is no storage class "no-such-class"/);
    await engine.delete(first);
    await cluster.delete(`${classes}/${waiting}`);
  });

  it('waits for an APIService to be reachable', async () => {
    const version = 'v1alpha1';
    const group = `${uniqueName('a')}.mainstay.test`;
    const spec = {
      group,
      version,
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      service: { namespace, name: 'none' },
    };
    const inputs = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec,
    };
    const error = await createUnready(types.apiService, 'api', inputs, 2);
    assert.match(error.message, /Available is False: ServiceNotFound/);
    await cluster.delete(`/apis/apiregistration.k8s.io/v1/apiservices/${version}.${group}`);
  });

  it('waits for conditions and fields of a custom resource, as its annotation says', async () => {
    const group = `${uniqueName('w')}.mainstay.test`;
    const definition = await engine.create(types.definition, 'widgets', widgetDefinition(group));
    const widget = (name: string, waitFor: string) => ({
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name, annotations: { 'pulumi.com/waitFor': waitFor, ...BACKGROUND } },
      spec: { size: 1 },
    });
    const type = `kubernetes:${group}/v1:Widget`;
    const waitFor = JSON.stringify(['condition=Ready', 'jsonpath={.status.phase}=Running']);
    const creating = engine.create(type, 'w', widget('w', waitFor));
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    const path = `/apis/${group}/v1/namespaces/${namespace}/widgets/w`;
    while (!(await cluster.get(path).catch(() => undefined))) await delay(20);
    await delay(100);
    await cluster.edit(`${path}/status`, { status }, 'operator');
    const made = await creating;
    assert.equal(at(made.outputs, 'status', 'phase'), 'Running');
    const error = await createUnready(type, 'never', widget('never', 'condition=Ready'), 1);
    assert.match(error.message, /waiting for condition=Ready/);
    await assert.rejects(engine.create(type, 'bad', widget('bad', 'ready')), /must start with jsonpath= or condition=/);
    await engine.delete(made);
    await engine.delete(definition);
  });
});
