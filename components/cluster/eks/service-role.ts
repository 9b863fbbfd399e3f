import * as iam from '@pulumi/aws/iam';
import type * as pulumi from '@pulumi/pulumi';

/** A role that one AWS service may take. */
export function createRole(
  name: string,
  made: { readonly service: string; readonly parent: pulumi.Resource; readonly tags: Record<string, string> },
): iam.Role {
  // Pod identity tags its sessions with cluster, namespace and service account.
  const actions = made.service === 'pods.eks.amazonaws.com' ? ['sts:AssumeRole', 'sts:TagSession'] : ['sts:AssumeRole'];
  const assumeRolePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: made.service }, Action: actions }],
  });
  return new iam.Role(name, { assumeRolePolicy, tags: made.tags }, { parent: made.parent });
}

/** Gives a role one of AWS's own policies, by name (`AmazonEKSClusterPolicy`, `service-role/AmazonEBSCSIDriverPolicy`). */
export function attach(
  name: string,
  role: iam.Role,
  made: { readonly policy: string; readonly parent: pulumi.Resource },
): iam.RolePolicyAttachment {
  return new iam.RolePolicyAttachment(
    `${name}-${made.policy.split('/').at(-1)}`,
    { role: role.name, policyArn: `arn:aws:iam::aws:policy/${made.policy}` },
    { parent: made.parent },
  );
}
