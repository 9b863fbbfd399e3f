/**
 * Everything at once, for programs that use much of it. Import a component's own file where loading time matters: this one loads
 * the AWS SDK too.
 */
export { Application } from './application/application';
export type { ApplicationArgs } from './application/application-args';
export { Certificate, type CertificateArgs } from './certificate/certificate';
export { Chart, type ChartArgs } from './chart/chart';
export { Cluster, type ClusterArgs } from './cluster/cluster';
export { WorkloadRole, type WorkloadRoleArgs } from './cluster/workload-role';
export { Dns, type DnsArgs } from './dns/dns';
export { Kustomization, type KustomizationArgs } from './kustomization/kustomization';
export { Manifests, type ManifestsArgs } from './manifests/manifests';
export { Network, type NetworkArgs } from './network/network';
export { Registry, type RegistryArgs } from './registry/registry';
export { Tenant, type TenantArgs } from './tenant/tenant';
