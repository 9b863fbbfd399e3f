import * as core from '@pulumi/kubernetes/core/v1';
import * as networking from '@pulumi/kubernetes/networking/v1';
import * as rbac from '@pulumi/kubernetes/rbac/v1';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, withTransform } from '../component';
import { planBindings, planLimits, planPolicies, planQuota, type TenantMembers } from './tenant-plan';

export interface TenantArgs extends ComponentArgs {
  /** Default: the tenant's name. */
  readonly namespace?: string;
  /** What all pods of the tenant may ask for together. Default: 8 CPUs, 16Gi, 50 pods. */
  readonly quota?: {
    readonly cpu?: string;
    readonly memory?: string;
    readonly pods?: number;
    readonly storage?: string;
    /** Load balancers cost money and open doors. Default 0. */
    readonly loadBalancers?: number;
  };
  /** What a container gets that asks for nothing. Default 100m and 128Mi. */
  readonly defaults?: { readonly cpu?: string; readonly memory?: string };
  /** Who may do what, by Kubernetes groups and users. */
  readonly members?: TenantMembers;
  /** Default `restricted` (Pod Security Standards). */
  readonly podSecurity?: 'restricted' | 'baseline' | 'privileged';
  /** On the namespace. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A namespace that one team owns: with a quota, limits, role bindings, and no traffic but what is allowed. */
export class Tenant extends pulumi.ComponentResource {
  /** The namespace's name; whoever uses it is made after the namespace and its policies. */
  readonly namespace: pulumi.Output<string>;

  constructor(name: string, args: TenantArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Tenant', name, {}, withTransform(args, options));
    const namespaceName = args.namespace ?? name;
    const security = args.podSecurity ?? 'restricted';
    const namespace = new core.Namespace(
      name,
      {
        metadata: {
          name: namespaceName,
          labels: {
            ...args.labels,
            'app.kubernetes.io/managed-by': 'pulumi',
            'pod-security.kubernetes.io/enforce': security,
            'pod-security.kubernetes.io/warn': security,
          },
        },
      },
      { parent: this },
    );
    const inside = (object: string) => ({ name: object, namespace: namespace.metadata.name });
    const child = { parent: this };
    new core.ResourceQuota(name, { metadata: inside('quota'), spec: { hard: planQuota(args) } }, child);
    new core.LimitRange(name, { metadata: inside('limits'), spec: { limits: planLimits(args) } }, child);
    for (const { role, subjects } of planBindings(args.members ?? {})) {
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role };
      new rbac.RoleBinding(`${name}-${role}`, { metadata: inside(role), roleRef, subjects }, child);
    }
    const policies = planPolicies().map(
      ({ name: policy, spec }) =>
        new networking.NetworkPolicy(`${name}-${policy}`, { metadata: inside(policy), spec }, child),
    );
    this.namespace = pulumi.all([namespace.metadata.name, ...policies.map(({ id }) => id)]).apply(([made]) => made!);
    this.registerOutputs({ namespace: this.namespace });
  }
}
