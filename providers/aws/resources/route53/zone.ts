import type { ResourceRecordSet, VPC } from '@aws-sdk/client-route-53';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, PlainMap, ResourceCall, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { partitionOf } from '../../functions/identity.ts';
import { asMaps, asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { waitFor } from '../../wait.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/route53/zone/ ; imported by its id. */
export const zone: ResourceDefinition = {
  type: 'aws:route53/zone:Zone',
  global: true,
  autoname: { property: 'name', maxLength: 255, lowerCase: true },
  properties: {
    name: { kind: 'string', replaces: true },
    comment: { kind: 'string', default: 'Managed by Pulumi' },
    delegationSetId: { kind: 'string', replaces: true },
    forceDestroy: { kind: 'boolean', default: false, writeOnly: true },
    vpcs: { kind: 'list', parts: ['vpcId', 'vpcRegion'], unordered: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    nameServers: { kind: 'list', output: true },
    primaryNameServer: { kind: 'string', output: true },
    zoneId: { kind: 'string', output: true },
  },
  validate: ({ delegationSetId, vpcs }) =>
    delegationSetId && asMaps(vpcs).length > 0 ? ['a private zone (vpcs) has no delegationSetId.'] : [],
  tags: {
    atCreate: false,
    async set({ aws, id }, tags) {
      const request = { ResourceType: 'hostedzone', ResourceId: id, AddTags: toTagList(tags) } as const;
      await (await aws.client('route53')).changeTagsForResource(request);
    },
    async remove({ aws, id }, keys) {
      const RemoveTagKeys = [...keys];
      const request = { ResourceType: 'hostedzone' as const, ResourceId: id, RemoveTagKeys };
      await (await aws.client('route53')).changeTagsForResource(request);
    },
  },
  async create(call) {
    const { aws, inputs } = call;
    const route53 = await aws.client('route53');
    const [first] = vpcsOf(call, inputs);
    // The reference makes a second try of the same call the same zone.
    const made = await route53.createHostedZone({
      Name: inputs.name as string,
      CallerReference: `mainstay-${crypto.randomUUID()}`,
      HostedZoneConfig: { Comment: inputs.comment as string, ...(first && { PrivateZone: true }) },
      ...(first && { VPC: first }),
      ...(asText(inputs.delegationSetId) && { DelegationSetId: asText(inputs.delegationSetId)! }),
    });
    await waitForChange(call, made.ChangeInfo?.Id);
    return bareId(made.HostedZone!.Id!);
  },
  async ready(call) {
    // A zone is made with one VPC; the others follow.
    await changeVpcs({ ...call, old: {} });
  },
  updates: [
    { properties: ['comment'], apply: updateComment },
    { properties: ['vpcs'], apply: changeVpcs },
  ],
  async read({ aws, id, inputs }) {
    const route53 = await aws.client('route53');
    const found = await unlessGone(route53.getHostedZone({ Id: id }));
    if (!found?.HostedZone) return undefined;
    const { ResourceTagSet } = await route53.listTagsForResource({ ResourceType: 'hostedzone', ResourceId: id });
    const name = found.HostedZone.Name!.replace(/\.$/, '');
    const nameServers = [...(found.DelegationSet?.NameServers ?? [])].sort();
    return {
      name: asText(inputs.name)?.replace(/\.$/, '') === name ? inputs.name : name,
      comment: found.HostedZone.Config?.Comment ?? '',
      delegationSetId: found.DelegationSet?.Id && bareId(found.DelegationSet.Id),
      vpcs: (found.VPCs ?? []).map(({ VPCId, VPCRegion }) => ({ vpcId: VPCId ?? '', vpcRegion: VPCRegion ?? '' })),
      arn: `arn:${partitionOf(aws.configuration.region).partition}:route53:::hostedzone/${id}`,
      nameServers,
      primaryNameServer: nameServers[0],
      zoneId: id,
      tags: fromTagList(ResourceTagSet?.Tags),
    };
  },
  async delete(call) {
    const route53 = await call.aws.client('route53');
    if (call.inputs.forceDestroy === true) await deleteRecords(call);
    try {
      await unlessGone(route53.deleteHostedZone({ Id: call.id }));
    } catch (error) {
      if (!(error instanceof AwsFailure && error.code === 'HostedZoneNotEmpty')) throw error;
      throw new ProviderError(
        `Cannot delete zone ${call.inputs.name} as it has records that are not managed here: ${call.id}. ` +
          'Delete them, or set forceDestroy in an update of its own first.',
        { cause: error },
      );
    }
  },
};

/** `/hostedzone/Z1` and `/change/C1` are shown by their last part. */
export function bareId(id: string): string {
  return id.split('/').at(-1)!;
}

/** Waits until all name servers of Route 53 know a change. */
export async function waitForChange(call: ResourceCall, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  const route53 = await call.aws.client('route53');
  await waitFor('Route 53 to know the change everywhere', call, async () =>
    (await route53.getChange({ Id: bareId(id) })).ChangeInfo?.Status === 'INSYNC' ? true : undefined,
  );
}

function vpcsOf({ aws }: ResourceCall, inputs: PlainMap): readonly VPC[] {
  return asMaps(inputs.vpcs).map(({ vpcId, vpcRegion }) => ({
    VPCId: asText(vpcId),
    VPCRegion: (asText(vpcRegion) ?? aws.configuration.region) as 'eu-west-1',
  }));
}

/** Joins first, as a private zone is never without a VPC. */
async function changeVpcs(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const route53 = await call.aws.client('route53');
  const wanted = vpcsOf(call, call.inputs);
  if (wanted.length === 0 && call.old.vpcs === undefined) return;
  const there = (await route53.getHostedZone({ Id: call.id })).VPCs ?? [];
  const has = (list: readonly VPC[], one: VPC) => list.some(({ VPCId }) => VPCId === one.VPCId);
  for (const one of wanted.filter((each) => !has(there, each)))
    await waitForChange(
      call,
      (await route53.associateVPCWithHostedZone({ HostedZoneId: call.id, VPC: one })).ChangeInfo?.Id,
    );
  for (const one of there.filter((each) => !has(wanted, each)))
    await waitForChange(
      call,
      (await route53.disassociateVPCFromHostedZone({ HostedZoneId: call.id, VPC: one })).ChangeInfo?.Id,
    );
}

async function updateComment({ aws, id, inputs }: ExistingCall): Promise<void> {
  await (await aws.client('route53')).updateHostedZoneComment({ Id: id, Comment: asText(inputs.comment) ?? '' });
}

async function deleteRecords(call: ExistingCall): Promise<void> {
  const route53 = await call.aws.client('route53');
  const records = (await unlessGone(listRecords(call))) ?? [];
  const own = (records[0]?.Name ?? '').length;
  const others = records.filter(({ Type, Name = '' }) => Name.length > own || (Type !== 'NS' && Type !== 'SOA'));
  for (let start = 0; start < others.length; start += 100) {
    const Changes = others
      .slice(start, start + 100)
      .map((ResourceRecordSet) => ({ Action: 'DELETE' as const, ResourceRecordSet }));
    await route53.changeResourceRecordSets({ HostedZoneId: call.id, ChangeBatch: { Changes } });
  }
}

async function listRecords({ aws, id }: ExistingCall): Promise<readonly ResourceRecordSet[]> {
  const route53 = await aws.client('route53');
  const records: ResourceRecordSet[] = [];
  for (let start = {}; ; ) {
    const page = await route53.listResourceRecordSets({ HostedZoneId: id, ...start });
    records.push(...(page.ResourceRecordSets ?? []));
    if (!page.IsTruncated) return records;
    start = {
      StartRecordName: page.NextRecordName,
      StartRecordType: page.NextRecordType,
      StartRecordIdentifier: page.NextRecordIdentifier,
    };
  }
}
