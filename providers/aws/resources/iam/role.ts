import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { partitionOf } from '../../functions/identity.ts';
import { asList } from '../../plain-values.ts';
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

/** https://www.pulumi.com/registry/packages/aws/api-docs/iam/rolepolicy/ ; imported by `<role>:<name>`. */
export const rolePolicy: ResourceDefinition = {
  type: 'aws:iam/rolePolicy:RolePolicy',
  global: true,
  autoname: { property: 'name', maxLength: 128 },
  properties: {
    name: { kind: 'string', replaces: true },
    role: { kind: 'string', required: true, replaces: true },
    policy: { kind: 'string', required: true, json: true },
  },
  async create(call) {
    const id = `${call.inputs.role}:${call.inputs.name}`;
    await putPolicy({ ...call, id, state: {} });
    return id;
  },
  updates: [{ properties: ['policy'], apply: putPolicy }],
  async read({ aws, id }) {
    const { GetRolePolicyCommand } = await import('@aws-sdk/client-iam');
    const [RoleName, PolicyName] = splitPair(id);
    const found = await unlessGone((await aws.client('iam')).send(new GetRolePolicyCommand({ RoleName, PolicyName })));
    return (
      found && { role: found.RoleName, name: found.PolicyName, policy: decodeURIComponent(found.PolicyDocument ?? '') }
    );
  },
  async delete({ aws, id }) {
    const { DeleteRolePolicyCommand } = await import('@aws-sdk/client-iam');
    const [RoleName, PolicyName] = splitPair(id);
    await unlessGone((await aws.client('iam')).send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  },
};

function splitPair(id: string): readonly [string, string] {
  const cut = id.indexOf(':');
  return [id.slice(0, cut), id.slice(cut + 1)];
}

async function putPolicy({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { PutRolePolicyCommand } = await import('@aws-sdk/client-iam');
  const [RoleName, PolicyName] = splitPair(id);
  await (await aws.client('iam')).send(
    new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: inputs.policy as string }),
  );
}

/** https://www.pulumi.com/registry/packages/aws/api-docs/iam/rolepolicyattachment/ ; imported by `<role>/<policy arn>`. */
export const rolePolicyAttachment: ResourceDefinition = {
  type: 'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
  global: true,
  properties: {
    role: { kind: 'string', required: true, replaces: true },
    policyArn: { kind: 'string', required: true, replaces: true },
  },
  async create({ aws, inputs }) {
    const { AttachRolePolicyCommand } = await import('@aws-sdk/client-iam');
    const { role: RoleName, policyArn: PolicyArn } = inputs as { readonly role: string; readonly policyArn: string };
    await (await aws.client('iam')).send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    return `${RoleName}/${PolicyArn}`;
  },
  async read({ aws, id }) {
    const { paginateListAttachedRolePolicies } = await import('@aws-sdk/client-iam');
    const { RoleName, PolicyArn } = splitAttachment(id);
    const attached: PlainMap[] = [];
    const list = async () => {
      for await (const page of paginateListAttachedRolePolicies({ client: await aws.client('iam') }, { RoleName })) {
        if (page.AttachedPolicies?.some((one) => one.PolicyArn === PolicyArn))
          attached.push({ role: RoleName, policyArn: PolicyArn });
      }
    };
    await unlessGone(list());
    return attached[0];
  },
  async delete({ aws, id }) {
    const { DetachRolePolicyCommand } = await import('@aws-sdk/client-iam');
    await unlessGone((await aws.client('iam')).send(new DetachRolePolicyCommand(splitAttachment(id))));
  },
};

function splitAttachment(id: string): { readonly RoleName: string; readonly PolicyArn: string } {
  const cut = id.indexOf('/');
  return { RoleName: id.slice(0, cut), PolicyArn: id.slice(cut + 1) };
}

/** https://www.pulumi.com/registry/packages/aws/api-docs/iam/openidconnectprovider/ ; imported by its ARN. */
export const openIdConnectProvider: ResourceDefinition = {
  type: 'aws:iam/openIdConnectProvider:OpenIdConnectProvider',
  lostCreate: {
    id: async ({ aws, inputs }) => {
      const { partition } = partitionOf(aws.configuration.region);
      const host = String(inputs.url).replace('https://', '');
      return `arn:${partition}:iam::${await aws.accountId()}:oidc-provider/${host}`;
    },
  },
  global: true,
  properties: {
    url: { kind: 'string', required: true, replaces: true },
    clientIdLists: { kind: 'list', required: true, unordered: true },
    thumbprintLists: { kind: 'list', computed: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
  },
  tags: {
    atCreate: true,
    async set({ aws, id }, tags) {
      const { TagOpenIDConnectProviderCommand } = await import('@aws-sdk/client-iam');
      await (await aws.client('iam')).send(
        new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: id, Tags: toTagList(tags) }),
      );
    },
    async remove({ aws, id }, keys) {
      const { UntagOpenIDConnectProviderCommand } = await import('@aws-sdk/client-iam');
      await (await aws.client('iam')).send(
        new UntagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: id, TagKeys: [...keys] }),
      );
    },
  },
  async create({ aws, inputs, allTags }) {
    const { CreateOpenIDConnectProviderCommand } = await import('@aws-sdk/client-iam');
    const made = await (await aws.client('iam')).send(
      new CreateOpenIDConnectProviderCommand({
        Url: inputs.url as string,
        ClientIDList: [...asList(inputs.clientIdLists)],
        ThumbprintList: [...asList(inputs.thumbprintLists)],
        Tags: toTagList(allTags),
      }),
    );
    return made.OpenIDConnectProviderArn!;
  },
  updates: [
    { properties: ['clientIdLists'], apply: changeClients },
    {
      properties: ['thumbprintLists'],
      async apply({ aws, id, inputs }) {
        const { UpdateOpenIDConnectProviderThumbprintCommand } = await import('@aws-sdk/client-iam');
        const ThumbprintList = [...asList(inputs.thumbprintLists)];
        await (await aws.client('iam')).send(
          new UpdateOpenIDConnectProviderThumbprintCommand({ OpenIDConnectProviderArn: id, ThumbprintList }),
        );
      },
    },
  ],
  async read({ aws, id, inputs }) {
    const { GetOpenIDConnectProviderCommand } = await import('@aws-sdk/client-iam');
    const found = await unlessGone(
      (await aws.client('iam')).send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: id })),
    );
    if (!found) return undefined;
    // AWS keeps the URL without its scheme.
    const url =
      typeof inputs.url === 'string' && inputs.url.replace('https://', '') === found.Url
        ? inputs.url
        : `https://${found.Url}`;
    return {
      url,
      clientIdLists: found.ClientIDList ?? [],
      thumbprintLists: found.ThumbprintList ?? [],
      arn: id,
      tags: fromTagList(found.Tags),
    };
  },
  async delete({ aws, id }) {
    const { DeleteOpenIDConnectProviderCommand } = await import('@aws-sdk/client-iam');
    await unlessGone(
      (await aws.client('iam')).send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: id })),
    );
  },
};

async function changeClients({ aws, id, inputs, old }: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const iam = await aws.client('iam');
  const [before, wanted] = [asList(old.clientIdLists), asList(inputs.clientIdLists)];
  for (const ClientID of wanted.filter((one) => !before.includes(one)))
    await iam.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn: id, ClientID });
  for (const ClientID of before.filter((one) => !wanted.includes(one)))
    await iam.removeClientIDFromOpenIDConnectProvider({ OpenIDConnectProviderArn: id, ClientID });
}
