import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asList, asMaps, asText, asTexts } from '../../plain-values.ts';
import { deletePatiently, retryWhile, waitFor } from '../../wait.ts';
import { eksTags, splitEksId, untilTrusted } from './eks-calls.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/eks/fargateprofile/ ; imported by `<cluster>:<name>`. */
export const fargateProfile: ResourceDefinition = {
  type: 'aws:eks/fargateProfile:FargateProfile',
  tags: eksTags((call) => asText(call.state.arn)),
  autoname: { property: 'fargateProfileName', maxLength: 63 },
  timeouts: { create: 600, delete: 600 },
  properties: {
    clusterName: { kind: 'string', required: true, replaces: true },
    fargateProfileName: { kind: 'string', replaces: true },
    podExecutionRoleArn: { kind: 'string', required: true, replaces: true },
    selectors: { kind: 'list', parts: ['labels', 'namespace'], required: true, replaces: true, unordered: true },
    subnetIds: { kind: 'list', replaces: true, unordered: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    status: { kind: 'string', output: true },
  },
  async create(call) {
    const { inputs, allTags } = call;
    const eks = await call.aws.client('eks');
    const [clusterName, fargateProfileName] = [inputs.clusterName as string, inputs.fargateProfileName as string];
    const request = {
      clusterName,
      fargateProfileName,
      podExecutionRoleArn: inputs.podExecutionRoleArn as string,
      subnets: [...asList(inputs.subnetIds)],
      selectors: asMaps(inputs.selectors).map(({ namespace, labels }) => ({
        namespace: asText(namespace),
        ...(labels ? { labels: asTexts(labels) } : {}),
      })),
      tags: { ...allTags },
    };
    // EKS makes one profile at a time, and a role is not known to it at once.
    const untrusted = untilTrusted(call);
    await retryWhile(`Fargate profile ${fargateProfileName} to be accepted`, call, {
      again: (error) => untrusted(error) || (error as { readonly code?: string }).code === 'ResourceInUseException',
      run: () => eks.createFargateProfile(request),
    });
    return `${clusterName}:${fargateProfileName}`;
  },
  async ready(call) {
    await waitFor(`Fargate profile ${call.id} to be active`, call, async () => {
      const found = await describe(call);
      if (found?.status === 'CREATE_FAILED')
        throw new ProviderError(`Cannot make Fargate profile ${call.id} as EKS says CREATE_FAILED.`);
      return found?.status === 'ACTIVE' ? true : undefined;
    });
  },
  async read(call) {
    const found = await describe(call);
    if (!found || found.status === 'DELETING') return undefined;
    return {
      clusterName: found.clusterName,
      fargateProfileName: found.fargateProfileName,
      podExecutionRoleArn: found.podExecutionRoleArn,
      subnetIds: found.subnets ?? [],
      selectors: (found.selectors ?? []).map(({ namespace = '', labels }) => ({
        namespace,
        ...(labels && Object.keys(labels).length > 0 && { labels }),
      })),
      arn: found.fargateProfileArn,
      status: found.status,
      tags: found.tags ?? {},
    };
  },
  async delete(call) {
    const [clusterName, fargateProfileName] = splitEksId(call.id);
    const eks = await call.aws.client('eks');
    await deletePatiently(`Fargate profile ${call.id}`, call, () =>
      eks.deleteFargateProfile({ clusterName, fargateProfileName }),
    );
    await waitFor(`Fargate profile ${call.id} to be gone`, call, async () =>
      (await describe(call)) === undefined ? true : undefined,
    );
  },
};

async function describe({ aws, id }: ExistingCall) {
  const [clusterName, fargateProfileName] = splitEksId(id);
  const eks = await aws.client('eks');
  return (await unlessGone(eks.describeFargateProfile({ clusterName, fargateProfileName })))?.fargateProfile;
}
