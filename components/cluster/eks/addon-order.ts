import type { AddonArgs } from './eks-args';

/** Without these no node becomes ready: nodes wait for them. */
const BEFORE_NODES: ReadonlySet<string> = new Set(['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent']);
/** What every cluster needs. CoreDNS runs on nodes: EKS reports it degraded until there are some. */
const ALWAYS = ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent', 'coredns'];
/** Gives pods their roles: whatever has a role waits for it. */
const IDENTITY_AGENT = 'eks-pod-identity-agent';

/** What the pods of an add-on have to be allowed, as EKS documents it: service account -> AWS's own policies. */
const ROLES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'aws-ebs-csi-driver': { 'ebs-csi-controller-sa': ['service-role/AmazonEBSCSIDriverPolicy'] },
  'aws-efs-csi-driver': { 'efs-csi-controller-sa': ['service-role/AmazonEFSCSIDriverPolicy'] },
  'amazon-cloudwatch-observability': { 'cloudwatch-agent': ['CloudWatchAgentServerPolicy', 'AWSXrayWriteOnlyAccess'] },
};

export interface PlannedAddon {
  readonly name: string;
  readonly args: AddonArgs;
  /** Other add-ons that have to be there first. */
  readonly after: readonly string[];
  /** `false`: nodes wait for it. `true`: it waits for nodes. */
  readonly afterNodes: boolean;
  /** Roles to make for its pods: service account -> policies. Empty where the arguments name roles. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/**
 * Every add-on of a cluster in an order in which they can be made: those that every cluster needs, and those that were asked for.
 * Each comes after what it depends on; the ones that nodes wait for come first.
 * Throws where a dependency is not among the cluster's add-ons, or where they wait for each other.
 */
export function planAddons(asked: Readonly<Record<string, AddonArgs>>): readonly PlannedAddon[] {
  const names = [...new Set([...ALWAYS, ...Object.keys(asked)])].filter((name) => asked[name]?.enabled !== false);
  const planned = names.map((name) => planAddon(name, asked[name] ?? {}, names));
  return inOrder(planned);
}

function planAddon(name: string, args: AddonArgs, names: readonly string[]): PlannedAddon {
  for (const other of args.dependsOn ?? []) {
    if (names.includes(other)) continue;
    throw new Error(
      `Cannot plan add-on ${name} as it depends on one that the cluster does not have: ${other}. ` +
        `Add it, or name one of ${names.join(', ')}.`,
    );
  }
  const roles = args.podIdentity ? {} : (ROLES[name] ?? {});
  const hasRole = Object.keys({ ...roles, ...args.podIdentity }).length > 0;
  if (hasRole && !names.includes(IDENTITY_AGENT)) {
    throw new Error(
      `Cannot give add-on ${name} a role as ${IDENTITY_AGENT} is switched off. Leave it on, or set podIdentity: {}.`,
    );
  }
  const after = [...(args.dependsOn ?? []), ...(hasRole && name !== IDENTITY_AGENT ? [IDENTITY_AGENT] : [])];
  return {
    name,
    args,
    roles,
    after: [...new Set(after)],
    afterNodes: !(args.beforeNodes ?? BEFORE_NODES.has(name)),
  };
}

/** Repeatedly takes the first that waits for nothing more; what nodes wait for goes before everything else. */
function inOrder(planned: readonly PlannedAddon[]): readonly PlannedAddon[] {
  const left = [...planned].sort((a, b) => Number(a.afterNodes) - Number(b.afterNodes));
  const done: PlannedAddon[] = [];
  const isReady = ({ after }: PlannedAddon) => after.every((name) => done.some((one) => one.name === name));
  while (left.length > 0) {
    const nodesWait = left.some(({ afterNodes }) => !afterNodes);
    const next = left.findIndex((addon) => isReady(addon) && !(nodesWait && addon.afterNodes));
    if (next < 0) {
      const stuck = left.map(({ name, after }) => `${name} waits for ${after.join(', ') || 'nodes'}`);
      throw new Error(
        `Cannot order add-ons as they wait for each other: ${stuck.join('; ')}. Take out a dependsOn, or set beforeNodes.`,
      );
    }
    done.push(...left.splice(next, 1));
  }
  return done;
}
