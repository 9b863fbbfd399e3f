import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import type { ExistingCall, Plain, PlainMap, PropertyRule, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { compact, fromApi, toApi } from '../../naming.ts';
import { asMap, asMaps, asTexts } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { waitFor } from '../../wait.ts';
import { ec2Arn, ec2Tags, tagSpecification } from './tags.ts';

const text: PropertyRule = { kind: 'string' };
const part = (names: string): PropertyRule => ({ kind: 'object', parts: names.split(' ') });

/** What a version of a template holds, where the API's name is the property's own. */
const DATA: Readonly<Record<string, PropertyRule>> = {
  capacityReservationSpecification: part('capacityReservationPreference capacityReservationTarget'),
  cpuOptions: part('amdSevSnp coreCount threadsPerCore'),
  creditSpecification: part('cpuCredits'),
  disableApiStop: { kind: 'boolean' },
  disableApiTermination: { kind: 'boolean' },
  ebsOptimized: text,
  enclaveOptions: part('enabled'),
  hibernationOptions: part('configured'),
  iamInstanceProfile: part('arn name'),
  imageId: text,
  instanceInitiatedShutdownBehavior: text,
  instanceMarketOptions: part('marketType spotOptions'),
  instanceType: text,
  kernelId: text,
  keyName: text,
  licenseSpecifications: { kind: 'list', unordered: true, parts: ['licenseConfigurationArn'] },
  maintenanceOptions: part('autoRecovery'),
  metadataOptions: part('httpEndpoint httpProtocolIpv6 httpPutResponseHopLimit httpTokens instanceMetadataTags'),
  monitoring: part('enabled'),
  placement: part(
    'affinity availabilityZone groupId groupName hostId hostResourceGroupArn partitionNumber spreadDomain tenancy',
  ),
  privateDnsNameOptions: part('enableResourceNameDnsARecord hostnameType'),
  ramDiskId: text,
  userData: text,
};

/** The same under another name or in another shape. */
const SHAPED: Readonly<Record<string, PropertyRule>> = {
  blockDeviceMappings: { kind: 'list', parts: ['deviceName', 'ebs', 'noDevice', 'virtualName'] },
  securityGroupNames: { kind: 'list', unordered: true },
  tagSpecifications: { kind: 'list', unordered: true, parts: ['resourceType', 'tags'] },
  vpcSecurityGroupIds: { kind: 'list', unordered: true },
};

/** https://www.pulumi.com/registry/packages/aws/api-docs/ec2/launchtemplate/ ; imported by its id. Network interfaces and instance requirements are not served. */
export const launchTemplate: ResourceDefinition = {
  type: 'aws:ec2/launchTemplate:LaunchTemplate',
  tags: ec2Tags,
  autoname: { property: 'name', maxLength: 125 },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
    description: text,
    ...DATA,
    ...SHAPED,
    defaultVersion: { kind: 'number', computed: true },
    updateDefaultVersion: { kind: 'boolean', writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    latestVersion: { kind: 'number', output: true },
  },
  validate: ({ defaultVersion, updateDefaultVersion }) =>
    defaultVersion && updateDefaultVersion ? ['defaultVersion and updateDefaultVersion exclude each other.'] : [],
  async create({ aws, inputs, allTags }) {
    const made = await (await aws.client('ec2')).createLaunchTemplate({
      LaunchTemplateName: inputs.name as string,
      ClientToken: crypto.randomUUID(),
      VersionDescription: inputs.description as string | undefined,
      LaunchTemplateData: dataOf(inputs),
      ...tagSpecification('launch-template', allTags),
    });
    return made.LaunchTemplate!.LaunchTemplateId!;
  },
  updates: [
    { properties: ['description', ...Object.keys(DATA), ...Object.keys(SHAPED)], apply: addVersion },
    { properties: ['defaultVersion'], apply: (call) => chooseDefault(call, call.inputs.defaultVersion) },
  ],
  read: readTemplate,
  async delete({ aws, id }) {
    await unlessGone((await aws.client('ec2')).deleteLaunchTemplate({ LaunchTemplateId: id }));
  },
};

/** A version cannot be changed: a new one takes its place. */
async function addVersion(call: ExistingCall): Promise<void> {
  const ec2 = await call.aws.client('ec2');
  const { description, updateDefaultVersion } = call.inputs;
  const made = await ec2.createLaunchTemplateVersion({
    LaunchTemplateId: call.id,
    VersionDescription: description as string | undefined,
    LaunchTemplateData: dataOf(call.inputs),
  });
  const version = made.LaunchTemplateVersion?.VersionNumber;
  if (updateDefaultVersion === true) await chooseDefault(call, version);
  await waitFor(`version ${version} of launch template ${call.id} to be seen`, call, async () =>
    (await describe(call))?.LatestVersionNumber === version ? true : undefined,
  );
}

async function chooseDefault({ aws, id }: ExistingCall, version: Plain | undefined): Promise<void> {
  if (typeof version !== 'number') return;
  await (await aws.client('ec2')).modifyLaunchTemplate({ LaunchTemplateId: id, DefaultVersion: String(version) });
}

function dataOf(inputs: PlainMap): RequestLaunchTemplateData {
  const data = compact(Object.fromEntries(Object.keys(DATA).map((key) => [key, inputs[key]])));
  const { ebsOptimized, securityGroupNames, vpcSecurityGroupIds, ...rest } = { ...data, ...pick(inputs) };
  return {
    ...(toApi(rest) as RequestLaunchTemplateData),
    ...(ebsOptimized && { EbsOptimized: ebsOptimized === 'true' }),
    ...(securityGroupNames ? { SecurityGroups: securityGroupNames as string[] } : {}),
    ...(vpcSecurityGroupIds ? { SecurityGroupIds: vpcSecurityGroupIds as string[] } : {}),
    ...(inputs.blockDeviceMappings ? { BlockDeviceMappings: devicesOf(inputs) } : {}),
    ...(inputs.tagSpecifications ? { TagSpecifications: specificationsOf(inputs) } : {}),
  };
}

function pick({ securityGroupNames, vpcSecurityGroupIds }: PlainMap): PlainMap {
  return { securityGroupNames, vpcSecurityGroupIds };
}

/** Switches of a disk are texts in the SDK, as they can also be left to AWS. */
function devicesOf({ blockDeviceMappings }: PlainMap) {
  return asMaps(blockDeviceMappings).map(({ ebs, ...device }) => {
    const switches = Object.entries(asMap(ebs)).map(([key, value]) => [key, switchOf(value)]);
    return toApi({ ...device, ...(ebs && { ebs: Object.fromEntries(switches) }) }) as object;
  });
}

function switchOf(value: Plain | undefined): Plain | undefined {
  return value === 'true' ? true : value === 'false' ? false : value === '' ? undefined : value;
}

function specificationsOf({ tagSpecifications }: PlainMap) {
  return asMaps(tagSpecifications).map(({ resourceType, tags }) => ({
    ResourceType: resourceType as 'instance',
    Tags: toTagList(asTexts(tags)),
  }));
}

async function describe({ aws, id }: ExistingCall) {
  const ec2 = await aws.client('ec2');
  const found = await unlessGone(ec2.describeLaunchTemplates({ LaunchTemplateIds: [id] }));
  return found?.LaunchTemplates?.[0];
}

async function readTemplate(call: ExistingCall): Promise<PlainMap | undefined> {
  const { aws, id } = call;
  const found = await describe(call);
  if (!found) return undefined;
  const ec2 = await aws.client('ec2');
  const version = String(found.LatestVersionNumber);
  const versions = await unlessGone(ec2.describeLaunchTemplateVersions({ LaunchTemplateId: id, Versions: [version] }));
  const latest = versions?.LaunchTemplateVersions?.[0];
  const data = asMap(fromApi(latest?.LaunchTemplateData));
  const account = await aws.accountId();
  return {
    ...Object.fromEntries(Object.keys(DATA).map((key) => [key, data[key]])),
    name: found.LaunchTemplateName,
    description: latest?.VersionDescription,
    ebsOptimized: data.ebsOptimized === null || data.ebsOptimized === undefined ? null : String(data.ebsOptimized),
    blockDeviceMappings: asMaps(data.blockDeviceMappings).map(deviceOutput),
    securityGroupNames: data.securityGroups,
    vpcSecurityGroupIds: data.securityGroupIds,
    tagSpecifications: tagSpecificationsOutput(latest?.LaunchTemplateData?.TagSpecifications),
    defaultVersion: found.DefaultVersionNumber,
    latestVersion: found.LatestVersionNumber,
    arn: ec2Arn({ region: aws.configuration.region, account }, `launch-template/${id}`),
    tags: fromTagList(found.Tags),
  };
}

function deviceOutput({ ebs, ...device }: PlainMap): PlainMap {
  const switches = Object.entries(asMap(ebs)).map(([key, value]) => [
    key,
    typeof value === 'boolean' ? String(value) : value,
  ]);
  return { ...device, ...(ebs && { ebs: Object.fromEntries(switches) }) };
}

function tagSpecificationsOutput(
  specifications: readonly {
    readonly ResourceType?: string | undefined;
    readonly Tags?: readonly object[] | undefined;
  }[] = [],
): readonly PlainMap[] {
  // Some servers put the template's own tags among those of what it starts.
  return specifications
    .filter(({ ResourceType }) => ResourceType !== 'launch-template')
    .map(({ ResourceType, Tags }) => ({ resourceType: ResourceType, tags: fromTagList(Tags) }));
}
