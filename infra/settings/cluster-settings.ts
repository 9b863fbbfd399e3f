import { z } from 'zod';
import { arn, bytes, cidr, cpu, encrypted, name, named } from './fields';

const nodeGroup = z.strictObject({
  instanceTypes: z
    .array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9]+$/, 'is not an instance type: write m7g.large'))
    .min(1)
    .optional(),
  architecture: z.enum(['arm64', 'x64']).optional().describe('Default arm64.'),
  capacity: z.enum(['onDemand', 'spot']).optional().describe('Default onDemand. Spot nodes go at two minutes notice.'),
  minimum: z.int().min(0).max(1000).optional().describe('Default 1.'),
  maximum: z.int().min(1).max(1000),
  diskSize: z.int().min(20).max(16384).optional().describe('GiB. Default 50.'),
  labels: z.record(z.string(), z.string()).optional(),
  taints: z
    .array(
      z.strictObject({
        key: z.string(),
        value: z.string().optional(),
        effect: z.enum(['NO_SCHEDULE', 'PREFER_NO_SCHEDULE', 'NO_EXECUTE']),
      }),
    )
    .optional(),
});

const workloadIdentity = z
  .enum(['podIdentity', 'irsa'])
  .optional()
  .describe(
    'How pods get the AWS roles of `awsPolicies`: by the pod identity agent (default where `eksName` is known), or by the OIDC provider.',
  );

const eks = z.strictObject({
  kind: z.literal('eks'),
  version: z.string().regex(/^1\.\d{2}$/, 'is not a Kubernetes version: write "1.35" with quotes'),
  endpoint: z
    .union([z.literal('private'), z.strictObject({ allowedCidrs: z.array(cidr(8, 32)).min(1) })])
    .optional()
    .describe('Who reaches the Kubernetes API: `private` (default), or also `allowedCidrs`.'),
  nodeGroups: named(nodeGroup).describe('Groups of nodes by name.'),
  addons: z
    .record(
      z.string(),
      z.strictObject({
        version: z.string().optional().describe("Default: EKS's own choice, kept until one is named."),
        dependsOn: z.array(z.string()).optional().describe('Add-ons that have to be there first.'),
        beforeNodes: z.boolean().optional().describe('Whether nodes wait for it, as for a network add-on.'),
        enabled: z.boolean().optional().describe('`false` leaves out one that every cluster gets.'),
        podIdentity: z
          .record(z.string(), arn)
          .optional()
          .describe(
            'Roles of its pods by service account. Default: made for the drivers of EBS and EFS and for CloudWatch.',
          ),
        configuration: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional()
    .describe('EKS add-ons beside the ones that every cluster needs.'),
  access: z
    .record(
      arn,
      z.strictObject({
        policy: z.enum(['admin', 'clusterAdmin', 'edit', 'view']),
        namespaces: z.array(name).min(1).optional(),
      }),
    )
    .optional()
    .describe('Who may do what, by ARN of an IAM role or user.'),
  logRetentionDays: z.int().min(1).max(3653).optional().describe('Default 90.'),
  workloadIdentity,
});

const existing = z.strictObject({
  kind: z.literal('existing'),
  kubeconfig: encrypted
    .optional()
    .describe('Encrypted. Left out: what KUBECONFIG or ~/.kube/config says where the update runs.'),
  context: z.string().optional().describe('Default: the current one of the kubeconfig.'),
  eksName: z
    .string()
    .optional()
    .describe('Its name, where it is an EKS cluster: applications can then have AWS roles.'),
  oidcProviderArn: arn
    .optional()
    .describe('The IAM OIDC provider of its service accounts, for AWS roles without pod identity.'),
  workloadIdentity,
});

export const clusterSettings = z.discriminatedUnion('kind', [eks, existing]);

export const tenantSettings = z.strictObject({
  quota: z
    .strictObject({
      cpu: cpu.optional().describe('Default 8.'),
      memory: bytes.optional().describe('Default 16Gi.'),
      pods: z.int().min(1).optional().describe('Default 50.'),
      storage: bytes.optional(),
      loadBalancers: z.int().min(0).optional().describe('Default 0.'),
    })
    .optional()
    .describe('What all pods of the tenant may ask for together.'),
  defaults: z
    .strictObject({ cpu: cpu.optional(), memory: bytes.optional() })
    .optional()
    .describe('What a container gets that asks for nothing.'),
  members: z
    .strictObject({
      admin: z.array(z.string()).optional(),
      edit: z.array(z.string()).optional(),
      view: z.array(z.string()).optional(),
    })
    .optional()
    .describe('Kubernetes groups, or `user:...`, by what they may do.'),
  podSecurity: z.enum(['restricted', 'baseline', 'privileged']).optional().describe('Default restricted.'),
});
