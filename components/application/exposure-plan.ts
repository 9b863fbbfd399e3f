import type { types } from '@pulumi/kubernetes';
import type { ApplicationArgs, NetworkPolicyArgs } from './application-args';

type NetworkPolicySpec = types.input.networking.v1.NetworkPolicySpec;
type Peer = types.input.networking.v1.NetworkPolicyPeer;

/** Label of the pods that serve: Service, Deployment and budget select by it. */
export const APPLICATION_LABEL = 'app.kubernetes.io/name';
/** Label of all pods of an application, its migrations and scheduled jobs too: network policies select by it. */
export const INSTANCE_LABEL = 'app.kubernetes.io/instance';
/** Label that Kubernetes puts on every namespace. */
const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';

/**
 * Who talks to an application and whom it talks to. Nobody comes in who was not named; the ingress controller's namespace only
 * where there is an ingress or a route.
 */
export function planNetworkPolicy(name: string, args: ApplicationArgs): NetworkPolicySpec {
  const { network = {}, port } = args;
  const from = (network.from ?? []).map(peer);
  if (args.ingress || args.route) from.push(peer({ namespace: ingressNamespace(args, network) }));
  const ports = port === undefined ? undefined : [{ protocol: 'TCP', port }];
  const ingress = port === undefined || from.length === 0 ? [] : [{ from, ports }];
  const spec = { podSelector: { matchLabels: { [INSTANCE_LABEL]: name } }, ingress };
  // A tenant lets nothing out by default: without a list, out is everywhere.
  if (network.to === undefined) return { ...spec, policyTypes: ['Ingress', 'Egress'], egress: [{}] };
  const dns = [53].flatMap((dnsPort) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port: dnsPort })));
  const egress = [
    { to: [peer({ namespace: 'kube-system' })], ports: dns },
    ...network.to.map((to) => ({ to: [peer(to)] })),
  ];
  return { ...spec, policyTypes: ['Ingress', 'Egress'], egress };
}

function ingressNamespace(args: ApplicationArgs, network: NetworkPolicyArgs): string {
  return network.ingressNamespace ?? args.route?.gateway.namespace ?? 'ingress-nginx';
}

function peer(of: { readonly cidr?: string; readonly namespace?: string; readonly application?: string }): Peer {
  if (of.cidr !== undefined) return { ipBlock: { cidr: of.cidr } };
  return {
    ...(of.namespace === undefined ? {} : { namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: of.namespace } } }),
    ...(of.application === undefined ? {} : { podSelector: { matchLabels: { [INSTANCE_LABEL]: of.application } } }),
  };
}

export function planIngress(
  name: string,
  args: NonNullable<ApplicationArgs['ingress']>,
): types.input.networking.v1.IngressSpec {
  const backend = { service: { name, port: { name: 'http' } } };
  const path = { path: args.path ?? '/', pathType: 'Prefix', backend };
  const secretName = args.tls ?? `${name}-tls`;
  return {
    ingressClassName: args.className,
    rules: args.hosts.map((host) => ({ host, http: { paths: [path] } })),
    tls: secretName === false ? undefined : [{ hosts: [...args.hosts], secretName }],
  };
}

/** The `spec` of an HTTPRoute (gateway.networking.k8s.io/v1). */
export function planRoute(name: string, args: NonNullable<ApplicationArgs['route']>): Record<string, unknown> {
  return {
    parentRefs: [args.gateway],
    hostnames: [...args.hosts],
    rules: [
      { matches: [{ path: { type: 'PathPrefix', value: args.path ?? '/' } }], backendRefs: [{ name, port: 80 }] },
    ],
  };
}

/** Targets of the autoscaler. */
export function planMetrics(
  args: NonNullable<ApplicationArgs['autoscaling']>,
): types.input.autoscaling.v2.MetricSpec[] {
  const metric = (name: string, averageUtilization: number) => ({
    type: 'Resource',
    resource: { name, target: { type: 'Utilization', averageUtilization } },
  });
  return [metric('cpu', args.cpu ?? 70), ...(args.memory === undefined ? [] : [metric('memory', args.memory)])];
}
