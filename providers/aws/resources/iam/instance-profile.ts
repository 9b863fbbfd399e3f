import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { deletePatiently, retryWhile } from '../../wait.ts';
import { iamTags, namedInPath } from './naming.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/iam/instanceprofile/ ; imported by its name. */
export const instanceProfile: ResourceDefinition = {
  type: 'aws:iam/instanceProfile:InstanceProfile',
  lostCreate: { id: ({ inputs }) => inputs.name as string },
  global: true,
  autoname: { property: 'name', maxLength: 128 },
  properties: {
    ...namedInPath,
    role: { kind: 'string', afterCreate: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    createDate: { kind: 'string', output: true },
    uniqueId: { kind: 'string', output: true },
  },
  tags: iamTags(
    async ({ aws, id }, Tags) => (await aws.client('iam')).tagInstanceProfile({ InstanceProfileName: id, Tags }),
    async ({ aws, id }, TagKeys) =>
      (await aws.client('iam')).untagInstanceProfile({ InstanceProfileName: id, TagKeys }),
  ),
  async create({ aws, inputs, allTags }) {
    const InstanceProfileName = inputs.name as string;
    const Path = inputs.path as string;
    await (await aws.client('iam')).createInstanceProfile({ InstanceProfileName, Path, Tags: toTagList(allTags) });
    return InstanceProfileName;
  },
  updates: [{ properties: ['role'], apply: changeRole }],
  async read({ aws, id }) {
    const iam = await aws.client('iam');
    const found = (await unlessGone(iam.getInstanceProfile({ InstanceProfileName: id })))?.InstanceProfile;
    if (!found) return undefined;
    return {
      name: found.InstanceProfileName,
      path: found.Path,
      role: found.Roles?.[0]?.RoleName,
      arn: found.Arn,
      createDate: found.CreateDate?.toISOString(),
      uniqueId: found.InstanceProfileId,
      tags: fromTagList(found.Tags),
    };
  },
  async delete(call) {
    const iam = await call.aws.client('iam');
    await removeRole(call, asText(call.state.role) ?? asText(call.inputs.role));
    await deletePatiently(`instance profile ${call.id}`, call, () =>
      iam.deleteInstanceProfile({ InstanceProfileName: call.id }),
    );
  },
};

/** A profile holds one role at most. */
async function changeRole(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  await removeRole(call, asText(call.old.role));
  const RoleName = asText(call.inputs.role);
  if (RoleName === undefined) return;
  const iam = await call.aws.client('iam');
  const shortly = { ...call, deadline: Math.min(call.deadline, Date.now() + 60_000) };
  await retryWhile(`role ${RoleName} to be known`, shortly, {
    again: (error) => error instanceof AwsFailure && error.code === 'NoSuchEntity',
    run: () => iam.addRoleToInstanceProfile({ InstanceProfileName: call.id, RoleName }),
  });
}

async function removeRole({ aws, id }: ExistingCall, RoleName: string | undefined): Promise<void> {
  if (RoleName === undefined) return;
  await unlessGone((await aws.client('iam')).removeRoleFromInstanceProfile({ InstanceProfileName: id, RoleName }));
}
