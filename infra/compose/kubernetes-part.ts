import type * as pulumi from '@pulumi/pulumi';
import { Application } from '../../components/application/application';
import { Chart } from '../../components/chart/chart';
import { Cluster } from '../../components/cluster/cluster';
import { Kustomization } from '../../components/kustomization/kustomization';
import { Manifests } from '../../components/manifests/manifests';
import { Tenant } from '../../components/tenant/tenant';
import type { Settings } from '../settings/settings-schema';

export interface KubernetesPart {
  /** Undefined where objects go to the current kubeconfig. */
  readonly cluster: Cluster | undefined;
  readonly applications: Readonly<Record<string, Application>>;
}

/** Makes the cluster, tenants, and everything that runs. `subnetIds` are the private ones of the stack's network. */
export function composeKubernetes(
  settings: Settings,
  subnetIds: pulumi.Input<pulumi.Input<string>[]> | undefined,
): KubernetesPart {
  const cluster = createCluster(settings, subnetIds);
  const options: pulumi.ComponentResourceOptions = cluster ? { providers: [cluster.provider] } : {};
  const tenants = new Map(
    Object.entries(settings.tenants).map(([name, args]) => [name, new Tenant(name, args, options)]),
  );
  const namespaceOf = (tenant: string | undefined) =>
    tenant === undefined ? undefined : tenants.get(tenant)?.namespace;
  for (const [name, { tenant, ...args }] of Object.entries(settings.manifests ?? {})) {
    new Manifests(name, { ...args, namespace: namespaceOf(tenant) }, options);
  }
  for (const [name, args] of Object.entries(settings.kustomizations ?? {})) new Kustomization(name, args, options);
  for (const [name, { tenant, ...args }] of Object.entries(settings.charts ?? {})) {
    new Chart(name, { ...args, namespace: namespaceOf(tenant) }, options);
  }
  const applications = Object.entries(settings.applications).map(([name, { tenant, awsPolicies, ...args }]) => {
    const role =
      awsPolicies && giveRole(name, { settings, namespace: tenant ?? 'default', policyArns: awsPolicies, cluster });
    // Pods that start before their role is theirs would run without it until somebody restarts them.
    const dependsOn = role ? [role] : [];
    return [
      name,
      new Application(name, { ...args, namespace: namespaceOf(tenant) }, { ...options, dependsOn }),
    ] as const;
  });
  return { cluster, applications: Object.fromEntries(applications) };
}

function createCluster(
  { cluster, tags }: Settings,
  subnetIds: pulumi.Input<pulumi.Input<string>[]> | undefined,
): Cluster | undefined {
  if (cluster === undefined) return undefined;
  if (cluster.kind === 'existing') return new Cluster('main', cluster);
  return new Cluster('main', { ...cluster, subnetIds: subnetIds ?? [], tags });
}

/** The pods of an application take its AWS role through EKS's pod identity. */
function giveRole(
  name: string,
  made: {
    readonly settings: Settings;
    readonly namespace: string;
    readonly policyArns: readonly string[];
    readonly cluster: Cluster | undefined;
  },
): pulumi.Resource {
  // Loaded here, as few applications need AWS and its SDK is slow to load.
  const { WorkloadRole } =
    require('../../components/cluster/workload-role') as typeof import('../../components/cluster/workload-role');
  const clusterName = made.cluster?.eksName;
  if (clusterName === undefined) throw new Error(`Cannot give application ${name} a role as there is no EKS cluster.`);
  const { namespace, policyArns } = made;
  const through = { kind: 'podIdentity', clusterName } as const;
  return new WorkloadRole(name, { namespace, serviceAccount: name, policyArns, through, tags: made.settings.tags });
}
