/** The annotations that steer the provider (official names: provider/pkg/metadata in pulumi/pulumi-kubernetes). */
export const annotations = {
  autonamed: 'pulumi.com/autonamed',
  skipAwait: 'pulumi.com/skipAwait',
  waitFor: 'pulumi.com/waitFor',
  timeoutSeconds: 'pulumi.com/timeoutSeconds',
  replaceUnready: 'pulumi.com/replaceUnready',
  patchForce: 'pulumi.com/patchForce',
  patchFieldManager: 'pulumi.com/patchFieldManager',
  deletionPropagation: 'pulumi.com/deletionPropagationPolicy',
  helmHook: 'helm.sh/hook',
  lastApplied: 'kubectl.kubernetes.io/last-applied-configuration',
} as const;
