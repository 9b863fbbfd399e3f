import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/iam/rolepolicy/ ; imported by `<role>:<name>`. */
export const rolePolicy: ResourceDefinition = {
  type: 'aws:iam/rolePolicy:RolePolicy',
  global: true,
  autoname: { property: 'name', maxLength: 128 },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
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
