import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { partitionOf } from '../../functions/identity.ts';
import { asList } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';

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
