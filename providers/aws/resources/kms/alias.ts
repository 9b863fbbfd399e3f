import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/kms/alias/ ; imported by its name. */
export const alias: ResourceDefinition = {
  type: 'aws:kms/alias:Alias',
  lostCreate: { id: ({ inputs }) => inputs.name as string },
  autoname: { property: 'name', maxLength: 256, prefix: 'alias/' },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
    targetKeyId: { kind: 'string', required: true },
    arn: { kind: 'string', output: true },
    targetKeyArn: { kind: 'string', output: true },
  },
  validate: ({ name }) =>
    /^alias\/[\w/-]+$/.test(String(name)) && !String(name).startsWith('alias/aws/')
      ? []
      : [`name begins with "alias/" and is not one of AWS's own (alias/aws/…): ${name}.`],
  async create({ aws, inputs }) {
    const [AliasName, TargetKeyId] = [inputs.name as string, inputs.targetKeyId as string];
    await (await aws.client('kms')).createAlias({ AliasName, TargetKeyId });
    return AliasName;
  },
  updates: [
    {
      properties: ['targetKeyId'],
      async apply({ aws, id, inputs }) {
        await (await aws.client('kms')).updateAlias({ AliasName: id, TargetKeyId: inputs.targetKeyId as string });
      },
    },
  ],
  async read(call) {
    const found = await describe(call);
    if (!found?.TargetKeyId) return undefined;
    const targetKeyArn = found.AliasArn?.replace(/alias\/.*$/, `key/${found.TargetKeyId}`);
    // The key was given by its id or by its ARN: either stays.
    const given = asText(call.inputs.targetKeyId);
    const targetKeyId = given === targetKeyArn ? given : found.TargetKeyId;
    return { name: found.AliasName, targetKeyId, arn: found.AliasArn, targetKeyArn };
  },
  async delete({ aws, id }) {
    await unlessGone((await aws.client('kms')).deleteAlias({ AliasName: id }));
  },
};

async function describe({ aws, id }: ExistingCall) {
  const { paginateListAliases } = await import('@aws-sdk/client-kms');
  for await (const page of paginateListAliases({ client: await aws.client('kms') }, {})) {
    const found = page.Aliases?.find(({ AliasName }) => AliasName === id);
    if (found) return found;
  }
  return undefined;
}
