import type { Cluster, CreateClusterRequest, Update } from '@aws-sdk/client-eks';
import type { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { partsReplace } from '../../diff.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { compact } from '../../naming.ts';
import { asList, asMap, asText } from '../../plain-values.ts';
import { deletePatiently, retryWhile, waitFor } from '../../wait.ts';
import { eksTags, untilTrusted, waitForUpdate } from './eks-calls.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/eks/cluster/ ; imported by its name. */
export const cluster: ResourceDefinition = {
  type: 'aws:eks/cluster:Cluster',
  tags: eksTags((call) => asText(call.state.arn)),
  autoname: { property: 'name', maxLength: 100 },
  timeouts: { create: 1800, update: 3600, delete: 900 },
  properties: {
    name: { kind: 'string', replaces: true },
    roleArn: { kind: 'string', required: true, replaces: true },
    version: { kind: 'string', computed: true },
    vpcConfig: {
      kind: 'object',
      parts: [
        'controlPlaneEgressMode',
        'endpointPrivateAccess',
        'endpointPublicAccess',
        'publicAccessCidrs',
        'securityGroupIds',
        'subnetIds',
      ],
      required: true,
      computedParts: ['clusterSecurityGroupId', 'controlPlaneEgressMode', 'securityGroupIds', 'vpcId'],
    },
    accessConfig: {
      kind: 'object',
      parts: ['authenticationMode', 'bootstrapClusterCreatorAdminPermissions'],
      computed: true,
      replaces: partsReplace('bootstrapClusterCreatorAdminPermissions'),
    },
    bootstrapSelfManagedAddons: { kind: 'boolean', default: true, replaces: true, writeOnly: true },
    computeConfig: { kind: 'object', parts: ['enabled', 'nodePools', 'nodeRoleArn'], computed: true },
    storageConfig: { kind: 'object', parts: ['blockStorage'], computed: true },
    deletionProtection: { kind: 'boolean', computed: true },
    enabledClusterLogTypes: { kind: 'list', unordered: true },
    // Secrets can be encrypted later, but never again with another key or not at all.
    encryptionConfig: {
      kind: 'object',
      parts: ['provider', 'resources'],
      replaces: (old) => old !== null && old !== undefined,
    },
    forceUpdateVersion: { kind: 'boolean', writeOnly: true },
    kubernetesNetworkConfig: {
      kind: 'object',
      parts: ['elasticLoadBalancing', 'ipFamily', 'serviceIpv4Cidr'],
      computed: true,
      replaces: partsReplace('ipFamily', 'serviceIpv4Cidr'),
    },
    remoteNetworkConfig: { kind: 'object', parts: ['remoteNodeNetworks', 'remotePodNetworks'] },
    upgradePolicy: { kind: 'object', parts: ['supportType'], computed: true },
    zonalShiftConfig: { kind: 'object', parts: ['enabled'] },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    certificateAuthority: { kind: 'object', output: true },
    clusterId: { kind: 'string', output: true },
    createdAt: { kind: 'string', output: true },
    endpoint: { kind: 'string', output: true },
    identities: { kind: 'list', output: true },
    platformVersion: { kind: 'string', output: true },
    status: { kind: 'string', output: true },
  },
  validate: ({ vpcConfig }) =>
    asMap(vpcConfig).subnetIds === undefined ? ['vpcConfig.subnetIds is required: subnets of two zones or more.'] : [],
  async create(call) {
    const eks = await call.aws.client('eks');
    const request = { ...createRequest(call.inputs), tags: { ...call.allTags } };
    const made = await retryWhile(`the role of cluster ${call.inputs.name} to be known`, call, {
      again: untilTrusted(call),
      run: () => eks.createCluster(request),
    });
    return made.cluster!.name!;
  },
  async ready(call) {
    await waitFor(`cluster ${call.id} to be active`, call, async () => {
      const found = await describeCluster(call);
      if (found?.status === 'FAILED') throw failedCluster(found);
      return found?.status === 'ACTIVE' ? true : undefined;
    });
  },
  updates: [
    { properties: ['deletionProtection'], apply: configure(protectionOf) },
    { properties: ['upgradePolicy'], apply: configure(({ upgradePolicy }) => ({ upgradePolicy })) },
    { properties: ['version'], apply: updateVersion },
    { properties: ['accessConfig'], apply: configure(accessOf) },
    { properties: ['enabledClusterLogTypes'], apply: configure((inputs) => ({ logging: loggingOf(inputs) })) },
    { properties: ['vpcConfig'], apply: updateNetwork },
    { properties: ['encryptionConfig'], apply: addEncryption },
    { properties: ['zonalShiftConfig'], apply: configure(zonalShiftOf) },
    { properties: ['remoteNetworkConfig'], apply: configure(({ remoteNetworkConfig }) => ({ remoteNetworkConfig })) },
    { properties: ['computeConfig', 'storageConfig'], apply: configure(autoModeOf) },
  ],
  async read(call) {
    const found = await describeCluster(call);
    return found && found.status !== 'DELETING' ? outputsOf(found) : undefined;
  },
  async delete(call) {
    const eks = await call.aws.client('eks');
    await deletePatiently(`cluster ${call.id}`, call, () => eks.deleteCluster({ name: call.id }));
    await waitFor(`cluster ${call.id} to be gone`, call, async () =>
      (await describeCluster(call)) === undefined ? true : undefined,
    );
  },
};

/** What `describe` says in the names of the SDK; also the answer of the function getCluster. */
export function outputsOf(found: Cluster): PlainMap {
  const network = found.resourcesVpcConfig;
  const [encryption] = found.encryptionConfig ?? [];
  return compact({
    name: found.name,
    roleArn: found.roleArn,
    version: found.version,
    vpcConfig: compact({ ...network, subnetIds: network?.subnetIds ?? [] } as PlainMap),
    accessConfig: found.accessConfig && compact({ ...found.accessConfig }),
    computeConfig: found.computeConfig && compact({ ...found.computeConfig } as PlainMap),
    storageConfig: found.storageConfig && (compact({ ...found.storageConfig } as PlainMap) as PlainMap),
    deletionProtection: found.deletionProtection,
    enabledClusterLogTypes: found.logging?.clusterLogging?.find(({ enabled }) => enabled)?.types ?? [],
    encryptionConfig: encryption && {
      provider: { keyArn: encryption.provider?.keyArn ?? '' },
      resources: encryption.resources ?? [],
    },
    kubernetesNetworkConfig: found.kubernetesNetworkConfig && compact({ ...found.kubernetesNetworkConfig } as PlainMap),
    remoteNetworkConfig: found.remoteNetworkConfig && compact({ ...found.remoteNetworkConfig } as PlainMap),
    upgradePolicy: found.upgradePolicy && compact({ ...found.upgradePolicy }),
    zonalShiftConfig: found.zonalShiftConfig && compact({ ...found.zonalShiftConfig }),
    arn: found.arn,
    certificateAuthority: { data: found.certificateAuthority?.data ?? '' },
    clusterId: found.id,
    createdAt: found.createdAt?.toISOString(),
    endpoint: found.endpoint,
    identities: [{ oidcs: [{ issuer: found.identity?.oidc?.issuer ?? '' }] }],
    platformVersion: found.platformVersion,
    status: found.status,
    tags: found.tags ?? {},
  });
}

/** The SDK's own names are those of the API, but for what is renamed here. */
function createRequest(inputs: PlainMap): CreateClusterRequest {
  const { roleArn, name, version, bootstrapSelfManagedAddons } = inputs;
  const logs = asList(inputs.enabledClusterLogTypes);
  const parts = ['accessConfig', 'computeConfig', 'storageConfig', 'upgradePolicy', 'zonalShiftConfig'] as const;
  const given = [...parts, 'kubernetesNetworkConfig', 'remoteNetworkConfig', 'deletionProtection'] as const;
  return {
    ...(compact(Object.fromEntries(given.map((key) => [key, inputs[key]]))) as Partial<CreateClusterRequest>),
    name: name as string,
    roleArn: roleArn as string,
    ...(asText(version) && { version: asText(version)! }),
    bootstrapSelfManagedAddons: bootstrapSelfManagedAddons !== false,
    resourcesVpcConfig: compact(asMap(inputs.vpcConfig)),
    ...(inputs.encryptionConfig && { encryptionConfig: [asMap(inputs.encryptionConfig)] }),
    ...(logs.length > 0 && { logging: loggingOf(inputs) }),
  };
}

const ALL_LOGS = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];

function loggingOf(inputs: PlainMap) {
  const wanted = asList(inputs.enabledClusterLogTypes);
  const others = ALL_LOGS.filter((type) => !wanted.includes(type));
  const groups = [
    { types: [...wanted], enabled: true },
    { types: others, enabled: false },
  ];
  return { clusterLogging: groups.filter(({ types }) => types.length > 0) } as CreateClusterRequest['logging'];
}

function protectionOf({ deletionProtection }: PlainMap): PlainMap {
  return { deletionProtection: deletionProtection === true };
}

function accessOf({ accessConfig }: PlainMap): PlainMap {
  return { accessConfig: { authenticationMode: asMap(accessConfig).authenticationMode } };
}

function zonalShiftOf({ zonalShiftConfig }: PlainMap): PlainMap {
  return { zonalShiftConfig: { enabled: asMap(zonalShiftConfig).enabled === true } };
}

/** Auto mode is switched in one call: its three parts go together. */
function autoModeOf({ computeConfig, storageConfig, kubernetesNetworkConfig }: PlainMap): PlainMap {
  return compact({ computeConfig, storageConfig, kubernetesNetworkConfig });
}

type ClusterUpdate = (call: ExistingCall & { readonly old: PlainMap }) => Promise<void>;

/** EKS takes one kind of change at a time: each waits until it is done. */
function configure(part: (inputs: PlainMap) => object): ClusterUpdate {
  return (call) => change(call, part(call.inputs));
}

async function change(call: ExistingCall, part: object): Promise<void> {
  const eks = await call.aws.client('eks');
  await finish(call, async () => (await eks.updateClusterConfig({ ...part, name: call.id })).update);
}

async function updateVersion(call: ExistingCall): Promise<void> {
  const version = asText(call.inputs.version);
  if (version === undefined) return;
  const eks = await call.aws.client('eks');
  const force = call.inputs.forceUpdateVersion === true;
  await finish(call, async () => (await eks.updateClusterVersion({ name: call.id, version, force })).update);
}

/** Subnets and groups are one kind of change, the ways to the endpoint another. */
async function updateNetwork(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const [old, next] = [asMap(call.old.vpcConfig), asMap(call.inputs.vpcConfig)];
  for (const group of [
    ['subnetIds', 'securityGroupIds'],
    ['endpointPrivateAccess', 'endpointPublicAccess', 'publicAccessCidrs'],
  ]) {
    const changed = group.some((key) => JSON.stringify(old[key]) !== JSON.stringify(next[key]));
    const part = compact(Object.fromEntries(group.map((key) => [key, next[key]])));
    if (changed && Object.keys(part).length > 0) await change(call, { resourcesVpcConfig: part });
  }
}

async function addEncryption(call: ExistingCall): Promise<void> {
  const eks = await call.aws.client('eks');
  const request = { clusterName: call.id, encryptionConfig: [asMap(call.inputs.encryptionConfig)] };
  await finish(call, async () => (await eks.associateEncryptionConfig(request)).update);
}

async function finish(call: ExistingCall, start: () => Promise<Update | undefined>): Promise<void> {
  await waitForUpdate({ ...call, what: `cluster ${call.id}`, start, place: { name: call.id } });
}

async function describeCluster({ aws, id }: ExistingCall): Promise<Cluster | undefined> {
  return (await unlessGone((await aws.client('eks')).describeCluster({ name: id })))?.cluster;
}

function failedCluster(found: Cluster): ProviderError {
  const issues = (found.health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`).join('; ');
  return new AwsFailure(
    'FAILED',
    `Cannot make cluster ${found.name} as EKS says ${issues || 'FAILED'}.`,
    new Error(issues),
  );
}
