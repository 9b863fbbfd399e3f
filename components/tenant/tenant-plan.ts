import type { types } from '@pulumi/kubernetes';
import type { TenantArgs } from './tenant';

/** Kubernetes' own roles, and who has them. Groups are plain names; users are written `user:ana@example.org`. */
export interface TenantMembers {
  /** Everything in the namespace, roles too. */
  readonly admin?: readonly string[];
  /** What runs, but no roles. */
  readonly edit?: readonly string[];
  /** Reading, but no secrets. */
  readonly view?: readonly string[];
}

/** The `hard` limits of the namespace's ResourceQuota. */
export function planQuota({ quota = {} }: TenantArgs): Record<string, string> {
  const { cpu = '8', memory = '16Gi', pods = 50, storage, loadBalancers = 0 } = quota;
  return {
    'requests.cpu': cpu,
    'requests.memory': memory,
    'limits.memory': memory,
    pods: String(pods),
    'services.loadbalancers': String(loadBalancers),
    'services.nodeports': '0',
    ...(storage === undefined ? {} : { 'requests.storage': storage }),
  };
}

export function planLimits({ defaults = {} }: TenantArgs): types.input.core.v1.LimitRangeItem[] {
  const { cpu = '100m', memory = '128Mi' } = defaults;
  return [{ type: 'Container', defaultRequest: { cpu, memory }, default: { memory } }];
}

export function planBindings(
  members: TenantMembers,
): readonly { readonly role: string; readonly subjects: types.input.rbac.v1.Subject[] }[] {
  return (['admin', 'edit', 'view'] as const).flatMap((role) => {
    const subjects = (members[role] ?? []).map((member) => ({
      apiGroup: 'rbac.authorization.k8s.io',
      kind: member.startsWith('user:') ? 'User' : 'Group',
      name: member.replace(/^user:/, ''),
    }));
    return subjects.length === 0 ? [] : [{ role, subjects }];
  });
}

/** Nothing in; out only to the cluster's DNS, until an application's own policy says more. */
export function planPolicies(): readonly {
  readonly name: string;
  readonly spec: types.input.networking.v1.NetworkPolicySpec;
}[] {
  const dns = [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ];
  const kubeSystem = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } };
  return [
    { name: 'default-deny', spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } },
    {
      name: 'allow-dns',
      spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [kubeSystem], ports: dns }] },
    },
  ];
}
