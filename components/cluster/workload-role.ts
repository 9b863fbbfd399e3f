import * as eks from '@pulumi/aws/eks';
import * as iam from '@pulumi/aws/iam';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, stackTags, withTransform } from '../component';

export interface WorkloadRoleArgs extends ComponentArgs {
  /** Where the pods run. */
  readonly namespace: string;
  /** Whose pods get the role, and nobody else. */
  readonly serviceAccount: string;
  /** What the pods may do: ARNs of policies. */
  readonly policyArns: readonly pulumi.Input<string>[];
  /**
   * How pods get it: by pod identity (the cluster's name), or by the cluster's OIDC provider (IRSA, where the agent cannot run; the
   * service account is then annotated with `roleArn`).
   */
  readonly through:
    | { readonly kind: 'podIdentity'; readonly clusterName: pulumi.Input<string> }
    | { readonly kind: 'irsa'; readonly oidcProviderArn: pulumi.Input<string> };
  /** On every resource that can have some, beside project, stack and name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** An IAM role for the pods of exactly one service account. */
export class WorkloadRole extends pulumi.ComponentResource {
  /** For the annotation of the service account (IRSA), or for policies of others. */
  readonly roleArn: pulumi.Output<string>;

  constructor(name: string, args: WorkloadRoleArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:WorkloadRole', name, {}, withTransform(args, options));
    const tags = stackTags(name, args.tags);
    const role = new iam.Role(name, { assumeRolePolicy: trustPolicy(args), tags }, { parent: this });
    args.policyArns.forEach((policyArn, index) => {
      new iam.RolePolicyAttachment(`${name}-${index}`, { role: role.name, policyArn }, { parent: this });
    });
    const { through, namespace, serviceAccount } = args;
    if (through.kind === 'podIdentity') {
      new eks.PodIdentityAssociation(
        name,
        { clusterName: through.clusterName, namespace, serviceAccount, roleArn: role.arn, tags },
        { parent: this },
      );
    }
    this.roleArn = role.arn;
    this.registerOutputs({ roleArn: this.roleArn });
  }
}

/** Who may take the role: EKS's pod identity service, or tokens of this one service account. */
function trustPolicy(args: WorkloadRoleArgs): pulumi.Output<string> {
  const { through } = args;
  if (through.kind === 'podIdentity') {
    const Action = ['sts:AssumeRole', 'sts:TagSession'];
    return pulumi.jsonStringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action }],
    });
  }
  return pulumi.output(through.oidcProviderArn).apply((arn) => {
    const issuer = arn.replace(/^.*:oidc-provider\//, '');
    const subject = `system:serviceaccount:${args.namespace}:${args.serviceAccount}`;
    const condition = { StringEquals: { [`${issuer}:sub`]: subject, [`${issuer}:aud`]: 'sts.amazonaws.com' } };
    return JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: arn },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: condition,
        },
      ],
    });
  });
}
