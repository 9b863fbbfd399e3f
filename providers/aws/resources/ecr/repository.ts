import type { PlainMap, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asMap, asMaps, asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ecr/repository/ ; imported by its name. */
export const repository: ResourceDefinition = {
  type: 'aws:ecr/repository:Repository',
  lostCreate: { id: ({ inputs }) => inputs.name as string },
  autoname: { property: 'name', maxLength: 256, lowerCase: true },
  properties: {
    name: { kind: 'string', replaces: true },
    imageTagMutability: { kind: 'string', default: 'MUTABLE', oneOf: ['MUTABLE', 'IMMUTABLE'] },
    imageScanningConfiguration: { kind: 'object', parts: ['scanOnPush'] },
    encryptionConfigurations: { kind: 'list', parts: ['encryptionType', 'kmsKey'], replaces: true, computed: true },
    forceDelete: { kind: 'boolean', writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    registryId: { kind: 'string', output: true },
    repositoryUrl: { kind: 'string', output: true },
  },
  tags: {
    atCreate: true,
    async set({ aws, state }, tags) {
      const { TagResourceCommand } = await import('@aws-sdk/client-ecr');
      await (await aws.client('ecr')).send(
        new TagResourceCommand({ resourceArn: state.arn as string, tags: toTagList(tags) }),
      );
    },
    async remove({ aws, state }, keys) {
      const { UntagResourceCommand } = await import('@aws-sdk/client-ecr');
      await (await aws.client('ecr')).send(
        new UntagResourceCommand({ resourceArn: state.arn as string, tagKeys: [...keys] }),
      );
    },
  },
  async create({ aws, inputs, allTags }) {
    const { CreateRepositoryCommand } = await import('@aws-sdk/client-ecr');
    const [encryption] = asMaps(inputs.encryptionConfigurations);
    const made = await (await aws.client('ecr')).send(
      new CreateRepositoryCommand({
        repositoryName: inputs.name as string,
        imageTagMutability: inputs.imageTagMutability as 'MUTABLE',
        imageScanningConfiguration: scanning(inputs),
        ...(encryption && {
          encryptionConfiguration: {
            encryptionType: (asText(encryption.encryptionType) ?? 'AES256') as 'AES256',
            kmsKey: asText(encryption.kmsKey),
          },
        }),
        tags: toTagList(allTags),
      }),
    );
    return made.repository!.repositoryName!;
  },
  updates: [
    {
      properties: ['imageTagMutability'],
      async apply({ aws, id, inputs }) {
        const { PutImageTagMutabilityCommand } = await import('@aws-sdk/client-ecr');
        const imageTagMutability = inputs.imageTagMutability as 'MUTABLE';
        await (await aws.client('ecr')).send(
          new PutImageTagMutabilityCommand({ repositoryName: id, imageTagMutability }),
        );
      },
    },
    {
      properties: ['imageScanningConfiguration'],
      async apply({ aws, id, inputs }) {
        const { PutImageScanningConfigurationCommand } = await import('@aws-sdk/client-ecr');
        await (await aws.client('ecr')).send(
          new PutImageScanningConfigurationCommand({
            repositoryName: id,
            imageScanningConfiguration: scanning(inputs),
          }),
        );
      },
    },
  ],
  async read({ aws, id }) {
    const { DescribeRepositoriesCommand, ListTagsForResourceCommand } = await import('@aws-sdk/client-ecr');
    const ecr = await aws.client('ecr');
    const found = (await unlessGone(ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [id] }))))
      ?.repositories?.[0];
    if (!found) return undefined;
    const { tags } = await ecr.send(new ListTagsForResourceCommand({ resourceArn: found.repositoryArn! }));
    const { encryptionConfiguration: encryption } = found;
    return {
      name: found.repositoryName,
      imageTagMutability: found.imageTagMutability,
      imageScanningConfiguration: { scanOnPush: found.imageScanningConfiguration?.scanOnPush ?? false },
      encryptionConfigurations: encryptionOutput(encryption),
      arn: found.repositoryArn,
      registryId: found.registryId,
      repositoryUrl: found.repositoryUri,
      tags: fromTagList(tags),
    };
  },
  async delete({ aws, id, inputs }) {
    const { DeleteRepositoryCommand } = await import('@aws-sdk/client-ecr');
    await unlessGone(
      (await aws.client('ecr')).send(
        new DeleteRepositoryCommand({ repositoryName: id, force: inputs.forceDelete === true }),
      ),
    );
  },
};

function scanning(inputs: PlainMap): { readonly scanOnPush: boolean } {
  return { scanOnPush: asMap(inputs.imageScanningConfiguration).scanOnPush === true };
}

/** The key that AWS itself keeps for the service is not one that a program names. */
function encryptionOutput(
  encryption: { readonly encryptionType?: string | undefined; readonly kmsKey?: string | undefined } | undefined,
): readonly PlainMap[] {
  return encryption?.encryptionType ? [{ encryptionType: encryption.encryptionType }] : [];
}
