import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, type MockStack, mockStack } from '../testing/mock-stack';
import { Application } from './application';
import type { ApplicationArgs } from './application-args';
import { imageProblem, parseImage } from './image-reference';

const ARGS: ApplicationArgs = { image: 'registry.example/shop:1.4.2', port: 8080, namespace: 'store' };
const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
const POD = 'spec.template.spec';

function made(args: Partial<ApplicationArgs> = {}): Promise<MockStack> {
  return mockStack(() => new Application('shop', { ...ARGS, ...args }));
}

/** What differs between two stacks, as `type::name`. */
function changed(before: MockStack, after: MockStack): readonly string[] {
  const known = new Map(before.resources.map(({ urn, inputs }) => [urn, JSON.stringify(inputs)]));
  return after.resources.filter(({ urn, inputs }) => known.get(urn) !== JSON.stringify(inputs)).map(({ urn }) => urn);
}

describe('Application', () => {
  it('makes what a service needs, and nothing that leads in from outside', async () => {
    const kinds = (await made()).resources.map(({ type }) => type.split(':').at(-1)).filter((kind) => kind !== 'Stack');
    assert.deepEqual(kinds.sort(), [
      'Application',
      'Deployment',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ]);
    const stack = await made();
    assert.equal(at(stack.only('kubernetes:core/v1:Service').inputs, 'spec.type'), 'ClusterIP');
    const policy = stack.only('kubernetes:networking.k8s.io/v1:NetworkPolicy').inputs;
    assert.deepEqual(at(policy, 'spec.ingress'), []);
  });

  it('runs restricted: no root, no capabilities, no writable filesystem, no token', async () => {
    const { inputs } = (await made()).only(DEPLOYMENT);
    assert.equal(at(inputs, `${POD}.securityContext.runAsNonRoot`), true);
    assert.equal(at(inputs, `${POD}.securityContext.seccompProfile.type`), 'RuntimeDefault');
    assert.equal(at(inputs, `${POD}.automountServiceAccountToken`), false);
    assert.deepEqual(at(inputs, `${POD}.containers.0.securityContext`), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.deepEqual(at(inputs, `${POD}.containers.0.resources.limits`), { memory: '128Mi' });
  });

  it('asks for readiness at the port, or at a path', async () => {
    const plain = (await made()).only(DEPLOYMENT).inputs;
    assert.deepEqual(at(plain, `${POD}.containers.0.readinessProbe.tcpSocket`), { port: 8080 });
    assert.equal(at(plain, `${POD}.containers.0.livenessProbe`), undefined);
    const paths = (await made({ probes: { path: '/healthz', livenessPath: '/livez' } })).only(DEPLOYMENT).inputs;
    assert.deepEqual(at(paths, `${POD}.containers.0.startupProbe.httpGet`), { path: '/healthz', port: 8080 });
    assert.deepEqual(at(paths, `${POD}.containers.0.livenessProbe.httpGet`), { path: '/livez', port: 8080 });
  });

  it('changes the Deployment alone for a new image or a new size, and nothing that would replace it', async () => {
    const before = await made();
    const image = await made({ image: 'registry.example/shop:1.5.0' });
    assert.deepEqual(changed(before, image), [`${DEPLOYMENT}::shop`]);
    const size = await made({ replicas: 5 });
    assert.deepEqual(changed(before, size), [`${DEPLOYMENT}::shop`]);
    for (const stack of [image, size]) {
      for (const path of ['metadata.name', 'metadata.namespace', 'spec.selector']) {
        assert.deepEqual(at(stack.only(DEPLOYMENT).inputs, path), at(before.only(DEPLOYMENT).inputs, path), path);
      }
    }
  });

  it('keeps selectors apart from labels that may change', async () => {
    const { inputs } = (await made({ labels: { team: 'store' } })).only(DEPLOYMENT);
    assert.deepEqual(at(inputs, 'spec.selector.matchLabels'), { 'app.kubernetes.io/name': 'shop' });
    assert.equal(at(inputs, 'spec.template.metadata.labels.team'), 'store');
  });

  it('gives configuration names of its own, so that pods roll out with every change', async () => {
    const stack = await made({ secrets: { TOKEN: 's3cret' }, files: { '/etc/shop/app.toml': 'a = 1' } });
    const secret = stack.only('kubernetes:core/v1:Secret');
    assert.deepEqual(secret.inputs.stringData, { secret: { TOKEN: 's3cret' } });
    assert.equal(at(secret.inputs, 'metadata.name'), undefined);
    const { inputs } = stack.only(DEPLOYMENT);
    assert.equal(at(inputs, `${POD}.containers.0.envFrom.0.secretRef.name`), 'shop-0a1b2c3d');
    assert.deepEqual(at(inputs, `${POD}.volumes.1`), { name: 'files', configMap: { name: 'shop-0a1b2c3d' } });
    assert.deepEqual(at(inputs, `${POD}.containers.0.volumeMounts.1`), {
      name: 'files',
      mountPath: '/etc/shop/app.toml',
      subPath: 'etc_shop_app.toml',
      readOnly: true,
    });
    assert.ok(!JSON.stringify(inputs).includes('s3cret'));
  });

  it('lets the ingress controller in where there is an ingress, with TLS', async () => {
    const stack = await made({ ingress: { hosts: ['www.shop.example'], className: 'nginx' } });
    const ingress = stack.only('kubernetes:networking.k8s.io/v1:Ingress').inputs;
    assert.deepEqual(at(ingress, 'spec.tls'), [{ hosts: ['www.shop.example'], secretName: 'shop-tls' }]);
    const policy = stack.only('kubernetes:networking.k8s.io/v1:NetworkPolicy').inputs;
    assert.deepEqual(at(policy, 'spec.ingress.0.from'), [
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } },
    ]);
    assert.deepEqual(at(policy, 'spec.ingress.0.ports'), [{ protocol: 'TCP', port: 8080 }]);
  });

  it('routes by the Gateway API', async () => {
    const gateway = { name: 'public', namespace: 'gateways' };
    const stack = await made({ route: { hosts: ['www.shop.example'], gateway } });
    const route = stack.only('kubernetes:gateway.networking.k8s.io/v1:HTTPRoute').inputs;
    assert.deepEqual(at(route, 'spec.parentRefs'), [gateway]);
    assert.deepEqual(at(route, 'spec.rules.0.backendRefs'), [{ name: 'shop', port: 80 }]);
  });

  it('goes only where it was allowed to, beside DNS', async () => {
    const stack = await made({
      network: { to: [{ cidr: '10.0.0.0/8' }, { namespace: 'store', application: 'cart' }] },
    });
    const { inputs } = stack.only('kubernetes:networking.k8s.io/v1:NetworkPolicy');
    const [dns, block, cart, ...more] = at(inputs, 'spec.egress') as readonly unknown[];
    assert.equal(at(dns, 'ports.0.port'), 53);
    assert.deepEqual(block, { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] });
    assert.deepEqual(at(cart, 'to.0.podSelector.matchLabels'), { 'app.kubernetes.io/instance': 'cart' });
    assert.deepEqual(more, []);
  });

  it('counts migrations and scheduled jobs in for policies, and out for the service', async () => {
    const task = { command: ['/app/task'] };
    const stack = await made({ migrations: { schema: task }, cronJobs: { clean: { ...task, schedule: '@daily' } } });
    const job = at(stack.only('kubernetes:batch/v1:Job').inputs, 'spec.template.metadata.labels');
    const cron = at(stack.only('kubernetes:batch/v1:CronJob').inputs, 'spec.jobTemplate.spec.template.metadata.labels');
    const pod = at(stack.only(DEPLOYMENT).inputs, 'spec.template.metadata.labels') as Record<string, string>;
    const policy = stack.only('kubernetes:networking.k8s.io/v1:NetworkPolicy').inputs;
    const service = stack.only('kubernetes:core/v1:Service').inputs;
    assert.deepEqual(at(policy, 'spec.podSelector.matchLabels'), { 'app.kubernetes.io/instance': 'shop' });
    for (const labels of [job, cron]) assert.deepEqual(labels, { 'app.kubernetes.io/instance': 'shop' });
    assert.equal(pod['app.kubernetes.io/instance'], 'shop');
    assert.deepEqual(at(service, 'spec.selector'), { 'app.kubernetes.io/name': 'shop' });
  });

  it('leaves the number of pods to the autoscaler', async () => {
    const stack = await made({ autoscaling: { minimum: 3, maximum: 9, memory: 80 } });
    assert.equal(at(stack.only(DEPLOYMENT).inputs, 'spec.replicas'), undefined);
    const { inputs } = stack.only('kubernetes:autoscaling/v2:HorizontalPodAutoscaler');
    assert.deepEqual([at(inputs, 'spec.minReplicas'), at(inputs, 'spec.maxReplicas')], [3, 9]);
    assert.equal((at(inputs, 'spec.metrics') as readonly unknown[]).length, 2);
  });

  it('has a disruption budget only where there is more than one pod', async () => {
    const budgets = async (args: Partial<ApplicationArgs>) =>
      (await made(args)).ofType('kubernetes:policy/v1:PodDisruptionBudget').length;
    assert.deepEqual([await budgets({}), await budgets({ replicas: 1 })], [1, 0]);
    assert.equal(await budgets({ autoscaling: { minimum: 1, maximum: 4 } }), 0);
  });

  it('migrates with the new image before new pods start', async () => {
    const stack = await made({ migrations: { schema: { command: ['/app/migrate'] } } });
    const job = stack.only('kubernetes:batch/v1:Job');
    assert.equal(at(job.inputs, `${POD}.containers.0.image`), 'registry.example/shop:1.4.2');
    assert.equal(at(job.inputs, 'metadata.name'), undefined);
    assert.ok(stack.only(DEPLOYMENT).dependencies.includes(job.urn));
    assert.ok(job.dependencies.includes('kubernetes:networking.k8s.io/v1:NetworkPolicy::shop'));
  });

  it('runs scheduled jobs and init containers as restricted as itself', async () => {
    const task = { command: ['/app/clean-up'] };
    const stack = await made({
      cronJobs: { clean: { ...task, schedule: '0 3 * * *' } },
      initContainers: { warm: task },
    });
    const cron = stack.only('kubernetes:batch/v1:CronJob').inputs;
    assert.equal(at(cron, 'spec.concurrencyPolicy'), 'Forbid');
    const container = at(cron, 'spec.jobTemplate.spec.template.spec.containers.0');
    assert.equal(at(container, 'securityContext.allowPrivilegeEscalation'), false);
    const warm = at(stack.only(DEPLOYMENT).inputs, `${POD}.initContainers.0`);
    assert.equal(at(warm, 'securityContext.readOnlyRootFilesystem'), true);
    assert.equal(at(warm, 'image'), 'registry.example/shop:1.4.2');
  });

  it('keeps what was written, and hands a volume over before the next pod asks for it', async () => {
    const stack = await made({ volumes: { data: { path: '/data', size: '10Gi' }, cache: { path: '/cache' } } });
    const claim = stack.only('kubernetes:core/v1:PersistentVolumeClaim');
    assert.equal(claim.retainOnDelete, true);
    const { inputs } = stack.only(DEPLOYMENT);
    assert.equal(at(inputs, 'spec.strategy.type'), 'Recreate');
    assert.deepEqual(at(inputs, `${POD}.volumes.1`), {
      name: 'data',
      persistentVolumeClaim: { claimName: 'shop-data' },
    });
    assert.deepEqual(at(inputs, `${POD}.volumes.2`), { name: 'cache', emptyDir: {} });
  });

  it('mounts volumes of every kind where they are wanted', async () => {
    const volumes = {
      scratch: { path: '/var/scratch' },
      shared: { path: '/srv/shared', claim: 'shared-data', readOnly: true },
      keys: { path: '/etc/keys', secret: 'keys' },
      settings: { path: '/etc/settings', configMap: 'settings' },
    };
    const { inputs } = (await made({ volumes })).only(DEPLOYMENT);
    assert.deepEqual(at(inputs, `${POD}.volumes`), [
      { name: 'tmp', emptyDir: {} },
      { name: 'scratch', emptyDir: {} },
      { name: 'shared', persistentVolumeClaim: { claimName: 'shared-data' } },
      { name: 'keys', secret: { secretName: 'keys' } },
      { name: 'settings', configMap: { name: 'settings' } },
    ]);
    const mounts = at(inputs, `${POD}.containers.0.volumeMounts`) as readonly { name: string; readOnly?: boolean }[];
    assert.deepEqual(
      mounts.map(({ name, readOnly = false }) => `${name} ${readOnly}`),
      ['tmp false', 'scratch false', 'shared true', 'keys false', 'settings false'],
    );
  });

  it('scales by what it asked for, of CPU and of memory', async () => {
    const stack = await made({ autoscaling: { minimum: 2, maximum: 6, cpu: 60, memory: 80 } });
    const { inputs } = stack.only('kubernetes:autoscaling/v2:HorizontalPodAutoscaler');
    const metrics = at(inputs, 'spec.metrics') as readonly { resource: { name: string; target: object } }[];
    assert.deepEqual(
      metrics.map(({ resource }) => [resource.name, at(resource, 'target.averageUtilization')]),
      [
        ['cpu', 60],
        ['memory', 80],
      ],
    );
    assert.equal(at(inputs, 'spec.scaleTargetRef.name'), 'shop');
  });

  it('gives tasks the size they ask for, migrations a size of their own, everything else the size of the application', async () => {
    const task = { command: ['/x'] };
    const large = { resources: { cpu: '2', memory: '4Gi' } };
    const stack = await made({
      ...large,
      initContainers: { wait: task },
      migrations: { up: task, fill: { ...task, resources: { memory: '1Gi' } } },
      cronJobs: { daily: { ...task, schedule: '0 3 * * *' } },
    });
    const memory = (inputs: unknown, path: string) => at(inputs, `${path}.resources.requests.memory`);
    const job = (name: string) => stack.named('kubernetes:batch/v1:Job', `shop-${name}`).inputs;
    assert.equal(memory(stack.only(DEPLOYMENT).inputs, `${POD}.initContainers.0`), '4Gi');
    assert.equal(memory(job('up'), `${POD}.containers.0`), '128Mi');
    assert.equal(memory(job('fill'), `${POD}.containers.0`), '1Gi');
    const cron = stack.only('kubernetes:batch/v1:CronJob').inputs;
    assert.equal(memory(cron, 'spec.jobTemplate.spec.template.spec.containers.0'), '4Gi');
  });

  it('takes an AWS role by its service account', async () => {
    const stack = await made({ serviceAccount: { roleArn: 'arn:aws:iam::123456789012:role/shop' } });
    const { inputs } = stack.only('kubernetes:core/v1:ServiceAccount');
    assert.equal(
      at(inputs, 'metadata.annotations.eks\\.amazonaws\\.com/role-arn'),
      'arn:aws:iam::123456789012:role/shop',
    );
  });

  it('listens nowhere without a port', async () => {
    const stack = await made({ port: undefined });
    assert.equal(stack.ofType('kubernetes:core/v1:Service').length, 0);
    assert.equal(at(stack.only(DEPLOYMENT).inputs, `${POD}.containers.0.readinessProbe`), undefined);
    await assert.rejects(() => made({ port: undefined, ingress: { hosts: ['a.example'] } }), /listens on no port/);
  });

  it('spreads over zones and nodes, rather unevenly than not at all', async () => {
    const spread = at((await made()).only(DEPLOYMENT).inputs, `${POD}.topologySpreadConstraints`) as readonly unknown[];
    assert.deepEqual(
      spread.map((constraint) => at(constraint, 'whenUnsatisfiable')),
      ['ScheduleAnyway', 'ScheduleAnyway'],
    );
    const none = (await made({ spread: false })).only(DEPLOYMENT).inputs;
    assert.equal(at(none, `${POD}.topologySpreadConstraints`), undefined);
  });

  it('hands every resource to the transform', async () => {
    const stack = await made({
      transform: ({ type, props, opts }) =>
        type === DEPLOYMENT ? { props: { ...props, spec: { ...props.spec, paused: true } }, opts } : undefined,
    });
    assert.equal(at(stack.only(DEPLOYMENT).inputs, 'spec.paused'), true);
  });
});

describe('imageProblem', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  for (const image of [
    'registry.example/shop:1.4.2',
    'registry.example:5000/a/b:v1',
    `shop@${digest}`,
    `shop:1@${digest}`,
  ]) {
    it(`takes ${image.slice(0, 40)}`, () => assert.equal(imageProblem(image), undefined));
  }
  for (const image of ['shop', 'shop:latest', 'registry.example:5000/shop', 'shop@sha256:123', 'sh op:1', '']) {
    it(`refuses "${image}"`, () => assert.match(imageProblem(image) ?? 'taken', /tag|tomorrow|digest|not an image/));
  }

  it("tells a registry's port from a tag", () => {
    assert.deepEqual(parseImage('registry.example:5000/shop'), {
      repository: 'registry.example:5000/shop',
      tag: undefined,
      digest: undefined,
    });
  });
});
