import type * as pulumi from '@pulumi/pulumi';
import { Application } from '../../components/application/application';
import { Chart } from '../../components/chart/chart';
import { Cluster } from '../../components/cluster/cluster';
import type { WorkloadRole, WorkloadRoleArgs } from '../../components/cluster/workload-role';
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
    const given =
      awsPolicies && giveRole(name, { settings, namespace: tenant ?? 'default', policyArns: awsPolicies, cluster });
    const serviceAccount = given?.annotate
      ? { ...args.serviceAccount, roleArn: given.role.roleArn }
      : args.serviceAccount;
    // Pods that start before their role is theirs would run without it until somebody restarts them.
    const dependsOn = given ? [given.role] : [];
    const own = { ...args, serviceAccount, namespace: namespaceOf(tenant) };
    return [name, new Application(name, own, { ...options, dependsOn })] as const;
  });
  return { cluster, applications: Object.fromEntries(applications) };
}

function createCluster(
  { cluster, tags }: Settings,
  subnetIds: pulumi.Input<pulumi.Input<string>[]> | undefined,
): Cluster | undefined {
  if (cluster === undefined) return undefined;
  const { workloadIdentity: _, ...args } = cluster;
  if (args.kind === 'existing') return new Cluster('main', args);
  return new Cluster('main', { ...args, subnetIds: subnetIds ?? [], tags });
}

/**
 * A role for the pods of an application, through EKS's pod identity or the cluster's OIDC provider. `annotate`: their service account
 * has to name it.
 */
function giveRole(
  name: string,
  made: {
    readonly settings: Settings;
    readonly namespace: string;
    readonly policyArns: readonly string[];
    readonly cluster: Cluster | undefined;
  },
): { readonly role: WorkloadRole; readonly annotate: boolean } {
  // Loaded here, as few applications need AWS and its SDK is slow to load.
  const workload =
    require('../../components/cluster/workload-role') as typeof import('../../components/cluster/workload-role');
  const { namespace, policyArns, cluster, settings } = made;
  const through = identityOf(cluster, settings.cluster?.workloadIdentity);
  if (through === undefined)
    throw new Error(`Cannot give application ${name} a role as its cluster gives none to pods.`);
  const args = { namespace, serviceAccount: name, policyArns, through, tags: settings.tags };
  return { role: new workload.WorkloadRole(name, args), annotate: through.kind === 'irsa' };
}

function identityOf(
  cluster: Cluster | undefined,
  wanted: 'podIdentity' | 'irsa' | undefined,
): WorkloadRoleArgs['through'] | undefined {
  if (cluster?.eksName && wanted !== 'irsa') return { kind: 'podIdentity', clusterName: cluster.eksName };
  if (cluster?.oidcProviderArn) return { kind: 'irsa', oidcProviderArn: cluster.oidcProviderArn };
  return undefined;
}
