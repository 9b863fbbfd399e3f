import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ecr/repositorypolicy/ ; imported by the repository's name. */
export const repositoryPolicy: ResourceDefinition = {
  type: 'aws:ecr/repositoryPolicy:RepositoryPolicy',
  properties: {
    repository: { kind: 'string', required: true, replaces: true },
    policy: { kind: 'string', required: true, json: true },
    registryId: { kind: 'string', output: true },
  },
  async create(call) {
    await putAccess({ ...call, id: call.inputs.repository as string, state: {} });
    return call.inputs.repository as string;
  },
  updates: [{ properties: ['policy'], apply: putAccess }],
  async read({ aws, id }) {
    const { GetRepositoryPolicyCommand } = await import('@aws-sdk/client-ecr');
    const found = await unlessGone(
      (await aws.client('ecr')).send(new GetRepositoryPolicyCommand({ repositoryName: id })),
    );
    return found && { repository: found.repositoryName, policy: found.policyText, registryId: found.registryId };
  },
  async delete({ aws, id }) {
    const { DeleteRepositoryPolicyCommand } = await import('@aws-sdk/client-ecr');
    await unlessGone((await aws.client('ecr')).send(new DeleteRepositoryPolicyCommand({ repositoryName: id })));
  },
};

async function putAccess({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { SetRepositoryPolicyCommand } = await import('@aws-sdk/client-ecr');
  await (await aws.client('ecr')).send(
    new SetRepositoryPolicyCommand({ repositoryName: id, policyText: inputs.policy as string }),
  );
}
