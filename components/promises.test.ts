import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { Application } from './application/application';
import { Certificate } from './certificate/certificate';
import { Chart } from './chart/chart';
import { Cluster } from './cluster/cluster';
import { WorkloadRole } from './cluster/workload-role';
import type { ComponentArgs } from './component';
import { Dns } from './dns/dns';
import { Kustomization } from './kustomization/kustomization';
import { Manifests } from './manifests/manifests';
import { Network } from './network/network';
import { Registry } from './registry/registry';
import { Tenant } from './tenant/tenant';
import { at, type MockStack, mockRendered, mockStack, type Registered } from './testing/mock-stack';

/** What docs/components.md promises of every component, asked of every component. */

type Make = (common: ComponentArgs, options?: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;

const KUBECONFIG = JSON.stringify({
  'current-context': 'x',
  contexts: [{ name: 'x', context: { cluster: 'x' } }],
  clusters: [{ name: 'x', cluster: { server: 'https://x.example' } }],
});
const EKS = { version: '1.35', subnetIds: ['subnet-a', 'subnet-b'], nodeGroups: { general: { maximum: 2 } } };
const ROLE = { namespace: 'store', serviceAccount: 'shop', policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] };
const NAMES = { records: [{ name: 'www', type: 'A', values: ['192.0.2.1'] }] } as const;
const TASKS = {
  migrations: { up: { command: ['/up'] } },
  cronJobs: { daily: { command: ['/d'], schedule: '0 3 * * *' } },
};

const COMPONENTS: Readonly<Record<string, Make>> = {
  Network: (args, options) =>
    new Network(
      'x',
      { cidr: '10.0.0.0/16', zones: ['eu-central-1a'], ipv6: true, endpoints: { interface: ['sts'] }, ...args },
      options,
    ),
  'Cluster (EKS)': (args, options) =>
    new Cluster('x', { kind: 'eks', ...EKS, addons: { 'aws-ebs-csi-driver': {} }, ...args }, options),
  'Cluster (existing)': (args, options) =>
    new Cluster('x', { kind: 'existing', kubeconfig: KUBECONFIG, ...args }, options),
  WorkloadRole: (args, options) =>
    new WorkloadRole('x', { ...ROLE, through: { kind: 'podIdentity', clusterName: 'main' }, ...args }, options),
  Application: (args, options) =>
    new Application(
      'x',
      { image: 'shop:1.0.0', port: 8080, files: { '/a': 'b' }, secrets: { A: 'b' }, ...TASKS, ...args },
      options,
    ),
  Tenant: (args, options) => new Tenant('x', { members: { view: ['developers'] }, ...args }, options),
  Registry: (args, options) => new Registry('x', { repositories: ['shop'], ...args }, options),
  Dns: (args, options) => new Dns('x', { domain: 'shop.example', ...NAMES, ...args }, options),
  Certificate: (args, options) => new Certificate('x', { domain: 'shop.example', zoneId: 'Z1', ...args }, options),
  Chart: (args, options) => new Chart('x', { chart: 'web', version: '1.0.0', ...args }, options),
  Kustomization: (args, options) => new Kustomization('x', { directory: 'deploy', ...args }, options),
  Manifests: (args, options) => new Manifests('x', { text: 'kind: List', ...args }, options),
};

const RENDERED = ['Namespace', 'ConfigMap', 'Deployment'].map((kind) => ({
  apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
  kind,
  metadata: { name: 'rendered' },
}));

const own = (stack: MockStack): readonly Registered[] =>
  stack.resources.filter(({ type }) => !type.startsWith('mainstay:') && !type.startsWith('test:'));

for (const [name, make] of Object.entries(COMPONENTS)) {
  describe(name, () => {
    const made = (
      args: ComponentArgs = {},
      more: () => pulumi.ComponentResourceOptions | undefined = () => undefined,
    ) => {
      mockRendered(RENDERED);
      return mockStack(() => make(args, more()));
    };

    it('hands every resource that it makes to the transform, and takes what comes back', async () => {
      const seen: string[] = [];
      const stack = await made({
        transform({ type, name: resource, props, opts }) {
          seen.push(`${type}::${resource}`);
          return type.startsWith('mainstay:') ? undefined : { props: { ...props, marked: 'yes' }, opts };
        },
      });
      assert.ok(own(stack).length > 0);
      for (const { urn, inputs } of own(stack)) {
        assert.ok(seen.includes(urn), urn);
        assert.equal(inputs.marked, 'yes', urn);
      }
    });

    it('is the parent of all that it makes', async () => {
      const stack = await made();
      const component = stack.resources.find(({ type }) => type.startsWith('mainstay:index:'));
      for (const { urn, parent } of own(stack)) assert.equal(parent, component?.urn, urn);
    });

    it('makes nothing before what it depends on is there', async () => {
      const stack = await made({}, () => ({ dependsOn: [new First()] }));
      assert.ok(own(stack).length > 1);
      for (const { urn, dependencies } of own(stack)) {
        if (urn !== FIRST) assert.ok(dependencies.includes(FIRST), urn);
      }
    });

    it('tags what can be tagged with project, stack and name', async () => {
      const stack = await made();
      for (const { type, urn, inputs } of own(stack)) {
        if (!type.startsWith('aws:') || !takesTags(type)) continue;
        assert.deepEqual([at(inputs, 'tags.Project'), at(inputs, 'tags.Stack')], ['estate', 'test'], urn);
        assert.match(String(at(inputs, 'tags.Name')), /^test-/, urn);
      }
    });

    it('opens nothing to the outside by itself', async () => {
      for (const resource of own(await made())) assert.deepEqual(openings(resource), [], resource.urn);
    });
  });
}

describe('what is asked for', () => {
  it('opens what it says, and the question above would see it', async () => {
    const ingress = { port: 80, ingress: { hosts: ['www.shop.example'] } };
    const open = await mockStack(() => {
      new Application('shop', { image: 'shop:1.0.0', ...ingress });
      new Cluster('main', { kind: 'eks', ...EKS, endpoint: { allowedCidrs: ['198.51.100.0/24'] } });
      new Registry('images', { repositories: ['shop'], readers: ['123456789012'] });
    });
    const seen = open.resources.flatMap(openings);
    assert.deepEqual(seen.sort(), ['Ingress', 'a public Kubernetes API']);
  });
});

/** A resource of no package in particular. */
class First extends pulumi.CustomResource {
  constructor() {
    super('other:index:First', 'first', {});
  }
}
const FIRST = 'other:index:First::first';

/** Whether the published SDK has `tags` among a type's inputs. */
function takesTags(type: string): boolean {
  const [, module = '', kind = ''] = type.split(':');
  const file = join(dirname(require.resolve('@pulumi/aws/package.json')), `${module}.d.ts`);
  assert.ok(existsSync(file), file);
  const [, inputs = ''] = readFileSync(file, 'utf8').split(`export interface ${kind}Args {`);
  return /^ {4}tags\?:/m.test(inputs);
}

/** Ways from the internet, or from other accounts, that a resource opens. */
function openings({ type, inputs }: Registered): readonly string[] {
  const kind = type.split(':').at(-1)!;
  const rules = [inputs.ingress].flat().filter((rule) => /0\.0\.0\.0\/0|::\/0/.test(JSON.stringify(rule ?? '')));
  const policy = String(inputs.policy ?? inputs.assumeRolePolicy ?? '');
  return [
    ...(rules.length > 0 ? ['ingress from everywhere'] : []),
    ...(inputs.mapPublicIpOnLaunch === true ? ['public addresses'] : []),
    ...(at(inputs, 'vpcConfig.endpointPublicAccess') === true ? ['a public Kubernetes API'] : []),
    ...(/"AWS":"\*"|"Principal":"\*"/.test(policy) ? ['everybody in AWS'] : []),
    ...(['Ingress', 'HTTPRoute'].includes(kind) ? [kind] : []),
    ...(['LoadBalancer', 'NodePort'].includes(String(at(inputs, 'spec.type')))
      ? ['a service outside of the cluster']
      : []),
    ...(kind === 'NetworkPolicy' && JSON.stringify(at(inputs, 'spec.ingress') ?? []).includes('[{}]')
      ? ['all ingress']
      : []),
    ...(at(inputs, 'spec.template.spec.hostNetwork') || /hostPort/.test(JSON.stringify(inputs))
      ? ['the host network']
      : []),
  ];
}
