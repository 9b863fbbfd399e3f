import type { CreateNodegroupRequest, Nodegroup, Taint } from '@aws-sdk/client-eks';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, Plain, PlainMap, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { compact } from '../../naming.ts';
import { asList, asMap, asMaps, asText, asTexts } from '../../plain-values.ts';
import { deletePatiently, retryWhile, waitFor } from '../../wait.ts';
import { eksTags, splitEksId, untilTrusted, waitForUpdate } from './eks-calls.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/eks/nodegroup/ ; imported by `<cluster>:<name>`. */
export const nodeGroup: ResourceDefinition = {
  type: 'aws:eks/nodeGroup:NodeGroup',
  tags: eksTags((call) => asText(call.state.arn)),
  autoname: { property: 'nodeGroupName', maxLength: 63 },
  timeouts: { create: 3600, update: 3600, delete: 3600 },
  properties: {
    clusterName: { kind: 'string', required: true, replaces: true },
    nodeGroupName: { kind: 'string', replaces: true },
    nodeGroupNamePrefix: { kind: 'string', replaces: true, writeOnly: true },
    nodeRoleArn: { kind: 'string', required: true, replaces: true },
    subnetIds: { kind: 'list', required: true, replaces: true, unordered: true },
    scalingConfig: { kind: 'object', parts: ['desiredSize', 'maxSize', 'minSize'], required: true },
    amiType: { kind: 'string', computed: true, replaces: true },
    capacityType: { kind: 'string', computed: true, replaces: true },
    diskSize: { kind: 'number', computed: true, replaces: true },
    instanceTypes: { kind: 'list', computed: true, replaces: true },
    labels: { kind: 'map' },
    launchTemplate: { kind: 'object', parts: ['id', 'name', 'version'], replaces: replacesTemplate },
    nodeRepairConfig: {
      kind: 'object',
      parts: [
        'enabled',
        'maxParallelNodesRepairedCount',
        'maxParallelNodesRepairedPercentage',
        'maxUnhealthyNodeThresholdCount',
        'maxUnhealthyNodeThresholdPercentage',
        'nodeRepairConfigOverrides',
      ],
      computed: true,
    },
    releaseVersion: { kind: 'string', computed: true },
    remoteAccess: { kind: 'object', parts: ['ec2SshKey', 'sourceSecurityGroupIds'], replaces: true },
    taints: { kind: 'list', parts: ['effect', 'key', 'value'], unordered: true },
    updateConfig: {
      kind: 'object',
      parts: ['maxUnavailable', 'maxUnavailablePercentage', 'updateStrategy'],
      computed: true,
    },
    version: { kind: 'string', computed: true },
    forceUpdateVersion: { kind: 'boolean', writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    resources: { kind: 'list', output: true },
    status: { kind: 'string', output: true },
  },
  validate: ({ scalingConfig }) => scalingFailures(asMap(scalingConfig)),
  async create(call) {
    const eks = await call.aws.client('eks');
    const request = { ...createRequest(call.inputs), tags: { ...call.allTags } };
    await retryWhile(`the role of node group ${request.nodegroupName} to be known`, call, {
      again: untilTrusted(call),
      run: () => eks.createNodegroup(request),
    });
    return `${request.clusterName}:${request.nodegroupName}`;
  },
  async ready(call) {
    await waitFor(`node group ${call.id} to be active`, call, async () => {
      const found = await describe(call);
      if (found?.status === 'CREATE_FAILED' || found?.status === 'DEGRADED') throw failed(call.id, found);
      return found?.status === 'ACTIVE' ? true : undefined;
    });
  },
  updates: [
    { properties: ['version', 'releaseVersion', 'launchTemplate'], apply: updateVersion },
    { properties: ['scalingConfig', 'labels', 'taints', 'updateConfig', 'nodeRepairConfig'], apply: updateConfig },
  ],
  async read(call) {
    const found = await describe(call);
    return found && found.status !== 'DELETING' ? outputsOf(found) : undefined;
  },
  async delete(call) {
    const [clusterName, nodegroupName] = splitEksId(call.id);
    const eks = await call.aws.client('eks');
    await deletePatiently(`node group ${call.id}`, call, () => eks.deleteNodegroup({ clusterName, nodegroupName }));
    await waitFor(`node group ${call.id} to be gone`, call, async () => {
      const found = await describe(call);
      if (found?.status === 'DELETE_FAILED') throw failed(call.id, found);
      return found === undefined ? true : undefined;
    });
  },
};

function scalingFailures({ minSize, maxSize, desiredSize }: PlainMap): readonly string[] {
  const sizes = [minSize, desiredSize, maxSize];
  if (sizes.some((size) => typeof size === 'string')) return [];
  if (sizes.some((size) => typeof size !== 'number')) return ['scalingConfig needs minSize, desiredSize and maxSize.'];
  const inOrder = Number(minSize) <= Number(desiredSize) && Number(desiredSize) <= Number(maxSize);
  return inOrder ? [] : [`scalingConfig.desiredSize is from minSize to maxSize: ${sizes.join(', ')}.`];
}

/** Another version of a template rolls the nodes; another template is another group. */
function replacesTemplate(old: Plain | undefined, next: Plain | undefined): boolean {
  const [before, after] = [asMap(old), asMap(next)];
  const key = after.id === undefined ? 'name' : 'id';
  return old === null || next === null || old === undefined || next === undefined || before[key] !== after[key];
}

function createRequest(inputs: PlainMap): CreateNodegroupRequest {
  const same = ['amiType', 'capacityType', 'diskSize', 'labels', 'nodeRepairConfig', 'releaseVersion', 'updateConfig'];
  const { ec2SshKey, sourceSecurityGroupIds } = asMap(inputs.remoteAccess);
  return {
    ...(compact(Object.fromEntries([...same, 'version'].map((key) => [key, inputs[key]]))) as object),
    clusterName: inputs.clusterName as string,
    nodegroupName: inputs.nodeGroupName as string,
    nodeRole: inputs.nodeRoleArn as string,
    subnets: [...asList(inputs.subnetIds)],
    scalingConfig: asMap(inputs.scalingConfig) as CreateNodegroupRequest['scalingConfig'],
    ...(asList(inputs.instanceTypes).length > 0 && { instanceTypes: [...asList(inputs.instanceTypes)] }),
    ...(inputs.launchTemplate && { launchTemplate: templateOf(inputs) }),
    ...(inputs.remoteAccess && {
      remoteAccess: { ec2SshKey: asText(ec2SshKey), sourceSecurityGroups: [...asList(sourceSecurityGroupIds)] },
    }),
    ...(inputs.taints && { taints: taintsOf(inputs) }),
  };
}

function templateOf({ launchTemplate }: PlainMap): {
  readonly id?: string;
  readonly name?: string;
  readonly version?: string;
} {
  const { id, name, version } = asTexts(launchTemplate);
  return { ...(id ? { id } : { name: name ?? '' }), ...(version && { version }) };
}

function taintsOf({ taints }: PlainMap): Taint[] {
  return asMaps(taints).map(({ key, value, effect }) => ({ key, value: value ?? '', effect }) as Taint);
}

async function updateVersion(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const [clusterName, nodegroupName] = splitEksId(call.id);
  const eks = await call.aws.client('eks');
  const changed = (key: string) => JSON.stringify(call.old[key]) !== JSON.stringify(call.inputs[key]);
  const { version, releaseVersion, launchTemplate, forceUpdateVersion } = call.inputs;
  const request = {
    clusterName,
    nodegroupName,
    force: forceUpdateVersion === true,
    ...(changed('version') && asText(version) && { version: asText(version)! }),
    ...(changed('releaseVersion') && asText(releaseVersion) && { releaseVersion: asText(releaseVersion)! }),
    ...(changed('launchTemplate') && launchTemplate && { launchTemplate: templateOf(call.inputs) }),
  };
  const start = async () => (await eks.updateNodegroupVersion(request)).update;
  await waitForUpdate({ ...call, what: `node group ${call.id}`, start, place: { name: clusterName, nodegroupName } });
}

async function updateConfig(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const [clusterName, nodegroupName] = splitEksId(call.id);
  const eks = await call.aws.client('eks');
  const { inputs, old } = call;
  const [labels, oldLabels] = [asTexts(inputs.labels), asTexts(old.labels)];
  const [taints, oldTaints] = [taintsOf(inputs), taintsOf(old)];
  const key = (taint: Taint) => `${taint.key} ${taint.effect}`;
  const request = {
    clusterName,
    nodegroupName,
    scalingConfig: asMap(inputs.scalingConfig),
    labels: { addOrUpdateLabels: labels, removeLabels: Object.keys(oldLabels).filter((name) => !(name in labels)) },
    taints: {
      addOrUpdateTaints: taints,
      removeTaints: oldTaints.filter((one) => !taints.some((other) => key(other) === key(one))),
    },
    ...(inputs.updateConfig && { updateConfig: asMap(inputs.updateConfig) }),
    ...(inputs.nodeRepairConfig && { nodeRepairConfig: asMap(inputs.nodeRepairConfig) }),
  };
  const start = async () => (await eks.updateNodegroupConfig(request as never)).update;
  await waitForUpdate({ ...call, what: `node group ${call.id}`, start, place: { name: clusterName, nodegroupName } });
}

async function describe({ aws, id }: ExistingCall): Promise<Nodegroup | undefined> {
  const [clusterName, nodegroupName] = splitEksId(id);
  return (await unlessGone((await aws.client('eks')).describeNodegroup({ clusterName, nodegroupName })))?.nodegroup;
}

function outputsOf(found: Nodegroup): PlainMap {
  const { ec2SshKey, sourceSecurityGroups } = found.remoteAccess ?? {};
  return compact({
    clusterName: found.clusterName,
    nodeGroupName: found.nodegroupName,
    nodeRoleArn: found.nodeRole,
    subnetIds: found.subnets ?? [],
    scalingConfig: found.scalingConfig && compact({ ...found.scalingConfig }),
    amiType: found.amiType,
    capacityType: found.capacityType,
    // With a launch template the disk is the template's.
    diskSize: found.launchTemplate ? undefined : found.diskSize,
    instanceTypes: found.instanceTypes ?? [],
    labels: found.labels ?? {},
    launchTemplate: found.launchTemplate && compact({ ...found.launchTemplate }),
    nodeRepairConfig: found.nodeRepairConfig && (compact({ ...found.nodeRepairConfig } as PlainMap) as PlainMap),
    releaseVersion: found.releaseVersion,
    remoteAccess: ec2SshKey ? { ec2SshKey, sourceSecurityGroupIds: sourceSecurityGroups ?? [] } : undefined,
    taints: (found.taints ?? []).map((taint) => compact({ ...taint })),
    updateConfig: found.updateConfig && compact({ ...found.updateConfig }),
    version: found.version,
    arn: found.nodegroupArn,
    resources: [
      {
        autoscalingGroups: (found.resources?.autoScalingGroups ?? []).map(({ name = '' }) => ({ name })),
        remoteAccessSecurityGroupId: found.resources?.remoteAccessSecurityGroup ?? '',
      },
    ],
    status: found.status,
    tags: found.tags ?? {},
  });
}

function failed(id: string, found: Nodegroup): ProviderError {
  const issues = (found.health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`);
  return new ProviderError(`Cannot bring node group ${id} up as EKS says ${found.status}: ${issues.join('; ')}.`);
}
