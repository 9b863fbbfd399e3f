import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { retryWhile } from '../../wait.ts';
import { eksTags, untilTrusted } from './eks-calls.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/eks/podidentityassociation/ ; imported by `<cluster>,<association id>`. */
export const podIdentityAssociation: ResourceDefinition = {
  type: 'aws:eks/podIdentityAssociation:PodIdentityAssociation',
  tags: eksTags((call) => asText(call.state.associationArn)),
  properties: {
    clusterName: { kind: 'string', required: true, replaces: true },
    namespace: { kind: 'string', required: true, replaces: true },
    serviceAccount: { kind: 'string', required: true, replaces: true },
    roleArn: { kind: 'string', required: true },
    targetRoleArn: { kind: 'string' },
    disableSessionTags: { kind: 'boolean', computed: true },
    policy: { kind: 'string', json: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    associationArn: { kind: 'string', output: true },
    associationId: { kind: 'string', output: true },
    externalId: { kind: 'string', output: true },
  },
  async create(call) {
    const { inputs, allTags } = call;
    const eks = await call.aws.client('eks');
    const request = {
      clusterName: inputs.clusterName as string,
      namespace: inputs.namespace as string,
      serviceAccount: inputs.serviceAccount as string,
      ...changeable(inputs),
      tags: { ...allTags },
    };
    const made = await retryWhile(`the role of service account ${request.serviceAccount} to be known`, call, {
      again: untilTrusted(call),
      run: () => eks.createPodIdentityAssociation(request),
    });
    return made.association!.associationId!;
  },
  updates: [{ properties: ['roleArn', 'targetRoleArn', 'disableSessionTags', 'policy'], apply: update }],
  async read(call) {
    const place = placeOf(call);
    const found = (await unlessGone((await call.aws.client('eks')).describePodIdentityAssociation(place)))?.association;
    if (!found) return undefined;
    return {
      id: found.associationId,
      clusterName: found.clusterName,
      namespace: found.namespace,
      serviceAccount: found.serviceAccount,
      roleArn: found.roleArn,
      targetRoleArn: found.targetRoleArn,
      disableSessionTags: found.disableSessionTags,
      policy: found.policy,
      associationArn: found.associationArn,
      associationId: found.associationId,
      externalId: found.externalId,
      tags: found.tags ?? {},
    };
  },
  async delete(call) {
    await unlessGone((await call.aws.client('eks')).deletePodIdentityAssociation(placeOf(call)));
  },
};

function changeable(inputs: PlainMap) {
  return {
    roleArn: inputs.roleArn as string,
    ...(asText(inputs.targetRoleArn) && { targetRoleArn: asText(inputs.targetRoleArn)! }),
    ...(typeof inputs.disableSessionTags === 'boolean' && { disableSessionTags: inputs.disableSessionTags }),
    ...(asText(inputs.policy) && { policy: asText(inputs.policy)! }),
  };
}

async function update(call: ExistingCall): Promise<void> {
  const request = { targetRoleArn: '', ...changeable(call.inputs), ...placeOf(call) };
  await (await call.aws.client('eks')).updatePodIdentityAssociation(request);
}

/** The id alone does not say in which cluster it is. */
function placeOf({ id, inputs, state }: ExistingCall): {
  readonly clusterName: string;
  readonly associationId: string;
} {
  const [clusterName, associationId] = id.split(',');
  if (associationId !== undefined) return { clusterName: clusterName!, associationId };
  return { clusterName: asText(state.clusterName) ?? asText(inputs.clusterName) ?? '', associationId: id };
}
