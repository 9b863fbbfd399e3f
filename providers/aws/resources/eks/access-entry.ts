import type { ResourceCall, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asList, asText } from '../../plain-values.ts';
import { retryWhile } from '../../wait.ts';
import { eksTags, splitEksId } from './eks-calls.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/eks/accessentry/ ; imported by `<cluster>:<principal ARN>`. */
export const accessEntry: ResourceDefinition = {
  type: 'aws:eks/accessEntry:AccessEntry',
  tags: eksTags((call) => asText(call.state.accessEntryArn)),
  properties: {
    clusterName: { kind: 'string', required: true, replaces: true },
    principalArn: { kind: 'string', required: true, replaces: true },
    kubernetesGroups: { kind: 'list', computed: true, unordered: true },
    type: { kind: 'string', default: 'STANDARD', replaces: true },
    userName: { kind: 'string', computed: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    accessEntryArn: { kind: 'string', output: true },
    createdAt: { kind: 'string', output: true },
    modifiedAt: { kind: 'string', output: true },
  },
  async create(call) {
    const { inputs, allTags } = call;
    const eks = await call.aws.client('eks');
    const [clusterName, principalArn] = [inputs.clusterName as string, inputs.principalArn as string];
    const request = {
      clusterName,
      principalArn,
      type: asText(inputs.type),
      username: asText(inputs.userName),
      kubernetesGroups: [...asList(inputs.kubernetesGroups)],
      tags: { ...allTags },
    };
    await retryWhile(`principal ${principalArn} to be known`, call, {
      again: untilPrincipalIsKnown(call),
      run: () => eks.createAccessEntry(request),
    });
    return `${clusterName}:${principalArn}`;
  },
  updates: [
    {
      properties: ['kubernetesGroups', 'userName'],
      async apply({ aws, id, inputs }) {
        const [clusterName, principalArn] = splitEksId(id);
        const kubernetesGroups = [...asList(inputs.kubernetesGroups)];
        const username = asText(inputs.userName);
        await (await aws.client('eks')).updateAccessEntry({ clusterName, principalArn, kubernetesGroups, username });
      },
    },
  ],
  async read({ aws, id }) {
    const [clusterName, principalArn] = splitEksId(id);
    const eks = await aws.client('eks');
    const found = (await unlessGone(eks.describeAccessEntry({ clusterName, principalArn })))?.accessEntry;
    if (!found) return undefined;
    return {
      clusterName: found.clusterName,
      principalArn: found.principalArn,
      kubernetesGroups: found.kubernetesGroups ?? [],
      type: found.type,
      userName: found.username,
      accessEntryArn: found.accessEntryArn,
      createdAt: found.createdAt?.toISOString(),
      modifiedAt: found.modifiedAt?.toISOString(),
      tags: found.tags ?? {},
    };
  },
  async delete({ aws, id }) {
    const [clusterName, principalArn] = splitEksId(id);
    await unlessGone((await aws.client('eks')).deleteAccessEntry({ clusterName, principalArn }));
  },
};

/** A role made a moment ago is not known to EKS yet; a minute later it does not exist. */
function untilPrincipalIsKnown(call: ResourceCall): (error: unknown) => boolean {
  const end = Math.min(call.deadline, Date.now() + 60_000);
  return (error) =>
    error instanceof AwsFailure &&
    Date.now() < end &&
    error.code === 'InvalidParameterException' &&
    /principalArn/i.test(error.reason);
}
