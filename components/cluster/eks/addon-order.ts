import type { AddonArgs } from './eks-args';

/** Without these no node becomes ready: they go in before nodes. */
const BEFORE_NODES = ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent'];
/** Runs on nodes: EKS reports it degraded until there are some. */
const ALWAYS_AFTER = ['coredns'];

export interface PlannedAddon {
  readonly name: string;
  readonly phase: 'beforeNodes' | 'afterNodes';
  readonly args: AddonArgs;
}

/** Every add-on of a cluster and when it goes in: the ones that every cluster needs, and those that were asked for. */
export function planAddons(asked: Readonly<Record<string, AddonArgs>>): readonly PlannedAddon[] {
  const names = [...new Set([...BEFORE_NODES, ...ALWAYS_AFTER, ...Object.keys(asked)])];
  return names.map((name) => ({
    name,
    phase: BEFORE_NODES.includes(name) ? 'beforeNodes' : 'afterNodes',
    args: asked[name] ?? {},
  }));
}
