import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ecr/lifecyclepolicy/ ; imported by the repository's name. */
export const lifecyclePolicy: ResourceDefinition = {
  type: 'aws:ecr/lifecyclePolicy:LifecyclePolicy',
  properties: {
    repository: { kind: 'string', required: true, replaces: true },
    policy: { kind: 'string', required: true, json: true },
    registryId: { kind: 'string', output: true },
  },
  async create(call) {
    await putLifecycle({ ...call, id: call.inputs.repository as string, state: {} });
    return call.inputs.repository as string;
  },
  updates: [{ properties: ['policy'], apply: putLifecycle }],
  async read({ aws, id }) {
    const { GetLifecyclePolicyCommand } = await import('@aws-sdk/client-ecr');
    const found = await unlessGone(
      (await aws.client('ecr')).send(new GetLifecyclePolicyCommand({ repositoryName: id })),
    );
    return (
      found && { repository: found.repositoryName, policy: found.lifecyclePolicyText, registryId: found.registryId }
    );
  },
  async delete({ aws, id }) {
    const { DeleteLifecyclePolicyCommand } = await import('@aws-sdk/client-ecr');
    await unlessGone((await aws.client('ecr')).send(new DeleteLifecyclePolicyCommand({ repositoryName: id })));
  },
};

async function putLifecycle({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { PutLifecyclePolicyCommand } = await import('@aws-sdk/client-ecr');
  await (await aws.client('ecr')).send(
    new PutLifecyclePolicyCommand({ repositoryName: id, lifecyclePolicyText: inputs.policy as string }),
  );
}
