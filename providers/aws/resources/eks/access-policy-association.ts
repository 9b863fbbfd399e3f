import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asList, asMap } from '../../plain-values.ts';
import { retryWhile, waitFor } from '../../wait.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/eks/accesspolicyassociation/ ; imported by `<cluster>#<principal>#<policy>`. */
export const accessPolicyAssociation: ResourceDefinition = {
  type: 'aws:eks/accessPolicyAssociation:AccessPolicyAssociation',
  properties: {
    clusterName: { kind: 'string', required: true, replaces: true },
    principalArn: { kind: 'string', required: true, replaces: true },
    policyArn: { kind: 'string', required: true, replaces: true },
    accessScope: { kind: 'object', parts: ['namespaces', 'type'], required: true, replaces: true },
    associatedAt: { kind: 'string', output: true },
    modifiedAt: { kind: 'string', output: true },
  },
  validate({ accessScope }) {
    const { type, namespaces } = asMap(accessScope);
    if (type === 'namespace' && asList(namespaces).length === 0 && !namespaces)
      return ['accessScope.namespaces is required where its type is namespace.'];
    return type === 'cluster' && asList(namespaces).length > 0
      ? ['accessScope.namespaces can only be given where its type is namespace.']
      : [];
  },
  async create(call) {
    const { clusterName, principalArn, policyArn } = call.inputs as Readonly<Record<string, string>>;
    const { type, namespaces } = asMap(call.inputs.accessScope);
    const eks = await call.aws.client('eks');
    const accessScope = { type: type as 'cluster', namespaces: [...asList(namespaces)] };
    const request = { clusterName, principalArn, policyArn, accessScope };
    await retryWhile(`the access entry of ${principalArn} to be known`, shortly(call), {
      again: (error) => error instanceof AwsFailure && error.code === 'ResourceNotFoundException',
      run: () => eks.associateAccessPolicy(request),
    });
    return [clusterName, principalArn, policyArn].join('#');
  },
  read: readAssociation,
  async delete(call) {
    const [clusterName, principalArn, policyArn] = call.id.split('#');
    await unlessGone((await call.aws.client('eks')).disassociateAccessPolicy({ clusterName, principalArn, policyArn }));
    await waitFor(`access policy ${call.id} to be gone`, call, async () =>
      (await readAssociation(call)) === undefined ? true : undefined,
    );
  },
};

function shortly<T extends { readonly deadline: number }>(call: T): T {
  return { ...call, deadline: Math.min(call.deadline, Date.now() + 20_000) };
}

async function readAssociation({ aws, id }: ExistingCall): Promise<PlainMap | undefined> {
  const [clusterName, principalArn, policyArn] = id.split('#');
  const { paginateListAssociatedAccessPolicies } = await import('@aws-sdk/client-eks');
  const pages = paginateListAssociatedAccessPolicies(
    { client: await aws.client('eks') },
    { clusterName, principalArn },
  );
  const search = async () => {
    for await (const page of pages) {
      const found = page.associatedAccessPolicies?.find((one) => one.policyArn === policyArn);
      if (found) return found;
    }
    return undefined;
  };
  const found = await unlessGone(search());
  if (!found) return undefined;
  const { type, namespaces = [] } = found.accessScope ?? {};
  return {
    clusterName,
    principalArn,
    policyArn,
    accessScope: { type, ...(namespaces.length > 0 && { namespaces }) },
    associatedAt: found.associatedAt?.toISOString(),
    modifiedAt: found.modifiedAt?.toISOString(),
  };
}
