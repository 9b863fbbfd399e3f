import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { partitionOf } from '../../functions/identity.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { deletePatiently } from '../../wait.ts';
import { iamTags, namedInPath } from './naming.ts';

/** IAM keeps five versions of a policy; the oldest makes way for the sixth. */
const MOST_VERSIONS = 5;

/** https://www.pulumi.com/registry/packages/aws/api-docs/iam/policy/ ; imported by its ARN. */
export const policy: ResourceDefinition = {
  type: 'aws:iam/policy:Policy',
  lostCreate: {
    id: async ({ aws, inputs }) => {
      const { partition } = partitionOf(aws.configuration.region);
      return `arn:${partition}:iam::${await aws.accountId()}:policy${inputs.path}${inputs.name}`;
    },
  },
  global: true,
  autoname: { property: 'name', maxLength: 128 },
  properties: {
    ...namedInPath,
    description: { kind: 'string', default: 'Managed by Pulumi', replaces: true },
    policy: { kind: 'string', required: true, json: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    attachmentCount: { kind: 'number', output: true },
    policyId: { kind: 'string', output: true },
  },
  tags: iamTags(
    async ({ aws, id }, Tags) => (await aws.client('iam')).tagPolicy({ PolicyArn: id, Tags }),
    async ({ aws, id }, TagKeys) => (await aws.client('iam')).untagPolicy({ PolicyArn: id, TagKeys }),
  ),
  async create({ aws, inputs, allTags }) {
    const made = await (await aws.client('iam')).createPolicy({
      PolicyName: inputs.name as string,
      Path: inputs.path as string,
      Description: inputs.description as string,
      PolicyDocument: inputs.policy as string,
      Tags: toTagList(allTags),
    });
    return made.Policy!.Arn!;
  },
  updates: [{ properties: ['policy'], apply: addVersion }],
  async read({ aws, id }) {
    const iam = await aws.client('iam');
    const found = (await unlessGone(iam.getPolicy({ PolicyArn: id })))?.Policy;
    if (!found) return undefined;
    const version = await iam.getPolicyVersion({ PolicyArn: id, VersionId: found.DefaultVersionId });
    return {
      name: found.PolicyName,
      path: found.Path,
      description: found.Description ?? '',
      policy: decodeURIComponent(version.PolicyVersion?.Document ?? ''),
      arn: found.Arn,
      attachmentCount: found.AttachmentCount,
      policyId: found.PolicyId,
      tags: fromTagList(found.Tags),
    };
  },
  async delete(call) {
    const iam = await call.aws.client('iam');
    for (const { VersionId, IsDefaultVersion } of await versionsOf(call)) {
      if (!IsDefaultVersion) await unlessGone(iam.deletePolicyVersion({ PolicyArn: call.id, VersionId }));
    }
    await deletePatiently(`policy ${call.id}`, call, () => iam.deletePolicy({ PolicyArn: call.id }));
  },
};

async function versionsOf({ aws, id }: ExistingCall) {
  const iam = await aws.client('iam');
  return (await unlessGone(iam.listPolicyVersions({ PolicyArn: id })))?.Versions ?? [];
}

async function addVersion(call: ExistingCall): Promise<void> {
  const iam = await call.aws.client('iam');
  const versions = await versionsOf(call);
  if (versions.length >= MOST_VERSIONS) {
    const spare = versions.filter(({ IsDefaultVersion }) => !IsDefaultVersion);
    const [oldest] = spare.sort((a, b) => Number(a.CreateDate) - Number(b.CreateDate));
    await unlessGone(iam.deletePolicyVersion({ PolicyArn: call.id, VersionId: oldest?.VersionId }));
  }
  const PolicyDocument = call.inputs.policy as string;
  await iam.createPolicyVersion({ PolicyArn: call.id, PolicyDocument, SetAsDefault: true });
}
