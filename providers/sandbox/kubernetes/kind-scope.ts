/** Kinds of Kubernetes' own API groups that live outside namespaces. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'APIService',
  'CertificateSigningRequest',
  'ClusterRole',
  'ClusterRoleBinding',
  'ClusterTrustBundle',
  'ComponentStatus',
  'CSIDriver',
  'CSINode',
  'CustomResourceDefinition',
  'DeviceClass',
  'FlowSchema',
  'IngressClass',
  'IPAddress',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'PriorityLevelConfiguration',
  'ResourceSlice',
  'RuntimeClass',
  'ServiceCIDR',
  'StorageClass',
  'StorageVersion',
  'StorageVersionMigration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'VolumeAttachment',
  'VolumeAttributesClass',
]);

/** Kinds of well-known custom groups that live outside namespaces. Others are taken as namespaced. */
const CLUSTER_SCOPED_CUSTOM: ReadonlySet<string> = new Set([
  'gateway.networking.k8s.io/GatewayClass',
  'cert-manager.io/ClusterIssuer',
  'external-secrets.io/ClusterSecretStore',
  'karpenter.sh/NodePool',
  'karpenter.k8s.aws/EC2NodeClass',
]);

/** Whether objects of this kind have no namespace. */
export function isClusterScoped(apiVersion: string, kind: string): boolean {
  const base = kind.replace(/Patch$/, '');
  if (CLUSTER_SCOPED.has(base)) return true;
  return CLUSTER_SCOPED_CUSTOM.has(`${apiVersion.split('/')[0]}/${base}`);
}
