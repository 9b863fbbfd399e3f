import type { PlainMap, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';

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
