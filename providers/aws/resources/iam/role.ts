import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { deletePatiently, retryWhile } from '../../wait.ts';
import { iamTags, namedInPath } from './naming.ts';

/** A principal made a moment ago is not known everywhere yet: AWS then says that the policy is malformed. */
const isUnknownPrincipal = (error: unknown) =>
  error instanceof AwsFailure && error.code === 'MalformedPolicyDocument' && /principal/i.test(error.message);

/** https://www.pulumi.com/registry/packages/aws/api-docs/iam/role/ ; imported by its name. */
export const role: ResourceDefinition = {
  type: 'aws:iam/role:Role',
  lostCreate: { id: ({ inputs }) => inputs.name as string },
  global: true,
  autoname: { property: 'name', maxLength: 64 },
  properties: {
    ...namedInPath,
    assumeRolePolicy: { kind: 'string', required: true, json: true },
    description: { kind: 'string', default: 'Managed by Pulumi' },
    maxSessionDuration: { kind: 'number', default: 3600 },
    permissionsBoundary: { kind: 'string' },
    forceDetachPolicies: { kind: 'boolean', default: false, writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    uniqueId: { kind: 'string', output: true },
    createDate: { kind: 'string', output: true },
  },
  tags: iamTags(
    async ({ aws, id }, Tags) => (await aws.client('iam')).tagRole({ RoleName: id, Tags }),
    async ({ aws, id }, TagKeys) => (await aws.client('iam')).untagRole({ RoleName: id, TagKeys }),
  ),
  async create(call) {
    const { CreateRoleCommand } = await import('@aws-sdk/client-iam');
    const iam = await call.aws.client('iam');
    const { inputs } = call;
    const command = () =>
      new CreateRoleCommand({
        RoleName: inputs.name as string,
        Path: inputs.path as string,
        AssumeRolePolicyDocument: inputs.assumeRolePolicy as string,
        Description: inputs.description as string,
        MaxSessionDuration: inputs.maxSessionDuration as number,
        PermissionsBoundary: (inputs.permissionsBoundary as string | undefined) ?? undefined,
        Tags: toTagList(call.allTags),
      });
    const made = await retryWhile('the principals of the role to be known', shortly(call), {
      again: isUnknownPrincipal,
      run: () => iam.send(command()),
    });
    return made.Role!.RoleName!;
  },
  updates: [
    { properties: ['assumeRolePolicy'], apply: updateTrust },
    { properties: ['description', 'maxSessionDuration'], apply: updateRole },
    { properties: ['permissionsBoundary'], apply: updateBoundary },
  ],
  async read({ aws, id }) {
    const { GetRoleCommand } = await import('@aws-sdk/client-iam');
    const found = (await unlessGone((await aws.client('iam')).send(new GetRoleCommand({ RoleName: id }))))?.Role;
    if (!found) return undefined;
    return {
      name: found.RoleName,
      path: found.Path,
      assumeRolePolicy: decodeURIComponent(found.AssumeRolePolicyDocument ?? ''),
      description: found.Description ?? '',
      maxSessionDuration: found.MaxSessionDuration,
      permissionsBoundary: found.PermissionsBoundary?.PermissionsBoundaryArn,
      arn: found.Arn,
      uniqueId: found.RoleId,
      createDate: found.CreateDate?.toISOString(),
      tags: fromTagList(found.Tags),
    };
  },
  async delete(call) {
    const { DeleteRoleCommand } = await import('@aws-sdk/client-iam');
    const iam = await call.aws.client('iam');
    if (call.inputs.forceDetachPolicies === true) await detachAll(call);
    await deletePatiently(`role ${call.id}`, call, () => iam.send(new DeleteRoleCommand({ RoleName: call.id })));
  },
};

/** A minute for what should take seconds. */
function shortly<T extends { readonly deadline: number }>(call: T): T {
  return { ...call, deadline: Math.min(call.deadline, Date.now() + 60_000) };
}

async function updateTrust(call: ExistingCall): Promise<void> {
  const { UpdateAssumeRolePolicyCommand } = await import('@aws-sdk/client-iam');
  const iam = await call.aws.client('iam');
  const command = () =>
    new UpdateAssumeRolePolicyCommand({ RoleName: call.id, PolicyDocument: call.inputs.assumeRolePolicy as string });
  await retryWhile('the principals of the role to be known', shortly(call), {
    again: isUnknownPrincipal,
    run: () => iam.send(command()),
  });
}

async function updateRole({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { UpdateRoleCommand } = await import('@aws-sdk/client-iam');
  const { description, maxSessionDuration } = inputs;
  await (await aws.client('iam')).send(
    new UpdateRoleCommand({
      RoleName: id,
      Description: description as string,
      MaxSessionDuration: maxSessionDuration as number,
    }),
  );
}

async function updateBoundary({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { DeleteRolePermissionsBoundaryCommand, PutRolePermissionsBoundaryCommand } = await import(
    '@aws-sdk/client-iam'
  );
  const iam = await aws.client('iam');
  const boundary = inputs.permissionsBoundary;
  if (typeof boundary === 'string')
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: id, PermissionsBoundary: boundary }));
  else await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName: id }));
}

async function detachAll({ aws, id }: ExistingCall): Promise<void> {
  const { DeleteRolePolicyCommand, DetachRolePolicyCommand, ListAttachedRolePoliciesCommand, ListRolePoliciesCommand } =
    await import('@aws-sdk/client-iam');
  const iam = await aws.client('iam');
  const attached = await unlessGone(iam.send(new ListAttachedRolePoliciesCommand({ RoleName: id })));
  for (const { PolicyArn } of attached?.AttachedPolicies ?? [])
    await iam.send(new DetachRolePolicyCommand({ RoleName: id, PolicyArn }));
  const inline = await unlessGone(iam.send(new ListRolePoliciesCommand({ RoleName: id })));
  for (const PolicyName of inline?.PolicyNames ?? [])
    await iam.send(new DeleteRolePolicyCommand({ RoleName: id, PolicyName }));
}
