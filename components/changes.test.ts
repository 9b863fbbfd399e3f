import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Application } from './application/application';
import { Certificate } from './certificate/certificate';
import { Cluster } from './cluster/cluster';
import { Dns } from './dns/dns';
import { Network } from './network/network';
import { Registry } from './registry/registry';
import { Tenant } from './tenant/tenant';
import { type MockStack, mockStack } from './testing/mock-stack';

/** What a change of one argument changes: these resources and no other. None of the arguments below may make anything new. */

const EKS = { kind: 'eks', version: '1.35', subnetIds: ['subnet-a', 'subnet-b'] } as const;
const VPC = { cidr: '10.0.0.0/16', zones: ['eu-central-1a', 'eu-central-1b'], nat: 'none' } as const;
const application = (more: object) => () => new Application('x', { image: 'shop:1.0.0', port: 8080, ...more });
const record = (values: readonly string[], ttl: number) => ({ name: 'www', type: 'A', values, ttl }) as const;

const CHANGES: Readonly<Record<string, readonly [() => unknown, () => unknown, readonly string[]]>> = {
  'the image of an Application': [application({}), application({ image: 'shop:1.1.0' }), ['Deployment']],
  'the image of an Application, by digest': [
    application({}),
    application({ image: `shop@sha256:${'a'.repeat(64)}` }),
    ['Deployment'],
  ],
  'the size of an Application': [
    application({ migrations: { up: { command: ['/up'] } } }),
    application({ migrations: { up: { command: ['/up'] } }, replicas: 9, resources: { cpu: '2', memory: '4Gi' } }),
    ['Deployment'],
  ],
  'the limits of an autoscaler': [
    application({ autoscaling: { minimum: 2, maximum: 4 } }),
    application({ autoscaling: { minimum: 3, maximum: 40, cpu: 50 } }),
    ['HorizontalPodAutoscaler'],
  ],
  'a variable of an Application': [
    application({ environment: { LEVEL: 'info' } }),
    application({ environment: { LEVEL: 'debug' } }),
    ['Deployment'],
  ],
  'the quota of a Tenant': [
    () => new Tenant('x', {}),
    () => new Tenant('x', { quota: { cpu: '64', memory: '1Ti' } }),
    ['ResourceQuota'],
  ],
  'the members of a Tenant': [
    () => new Tenant('x', { members: { edit: ['a'] } }),
    () => new Tenant('x', { members: { edit: ['a', 'b'] } }),
    ['RoleBinding'],
  ],
  'how many images a Registry keeps': [
    () => new Registry('x', { repositories: ['shop'] }),
    () => new Registry('x', { repositories: ['shop'], keep: 5, untaggedDays: 1 }),
    ['LifecyclePolicy'],
  ],
  'what a name of a Dns leads to': [
    () => new Dns('x', { domain: 'shop.example', records: [record(['192.0.2.1'], 300)] }),
    () => new Dns('x', { domain: 'shop.example', records: [record(['192.0.2.2'], 60)] }),
    ['Record'],
  ],
  'the nodes of a Cluster': [
    () => new Cluster('x', { ...EKS, nodeGroups: { general: { maximum: 2 } } }),
    () =>
      new Cluster('x', { ...EKS, nodeGroups: { general: { minimum: 2, maximum: 9, instanceTypes: ['m7g.4xlarge'] } } }),
    ['LaunchTemplate', 'NodeGroup'],
  ],
  'the version of an add-on': [
    () => new Cluster('x', { ...EKS, nodeGroups: {}, addons: { coredns: {} } }),
    () => new Cluster('x', { ...EKS, nodeGroups: {}, addons: { coredns: { version: 'v2' } } }),
    ['Addon'],
  ],
  'who reaches the API of a Cluster': [
    () => new Cluster('x', { ...EKS, nodeGroups: {} }),
    () => new Cluster('x', { ...EKS, nodeGroups: {}, endpoint: { allowedCidrs: ['198.51.100.0/24'] } }),
    ['Cluster'],
  ],
  'how long a Network keeps its flow logs': [
    () => new Network('x', VPC),
    () => new Network('x', { ...VPC, flowLogs: { retentionDays: 365 } }),
    ['LogGroup'],
  ],
  'the tags of a Certificate': [
    () => new Certificate('x', { domain: 'shop.example', zoneId: 'Z1' }),
    () => new Certificate('x', { domain: 'shop.example', zoneId: 'Z1', tags: { Team: 'shop' } }),
    ['Certificate'],
  ],
};

/** Inputs by which clouds know a resource: another value is another resource. */
const IDENTITY = ['name', 'namePrefix', 'bucket', 'clusterName', 'nodeGroupName', 'addonName', 'vpcId', 'cidrBlock'];

describe('a change of', () => {
  for (const [what, [before, after, kinds]] of Object.entries(CHANGES)) {
    it(`${what} changes ${kinds.join(' and ')} alone, in place`, async () => {
      const [old, young] = [await mockStack(before), await mockStack(after)];
      assert.deepEqual(urns(young), urns(old));
      const changed = young.resources.filter(
        ({ urn, inputs }) => JSON.stringify(inputs) !== JSON.stringify(find(old, urn)?.inputs),
      );
      assert.deepEqual(changed.map(({ type }) => type.split(':').at(-1)).sort(), kinds);
      for (const { urn, inputs } of changed) {
        for (const key of IDENTITY) assert.deepEqual(inputs[key], find(old, urn)?.inputs[key], `${urn} ${key}`);
      }
    });
  }
});

const urns = (stack: MockStack) => stack.resources.map(({ urn }) => urn).sort();
const find = (stack: MockStack, urn: string) => stack.resources.find((one) => one.urn === urn);
