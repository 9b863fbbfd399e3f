import { z } from 'zod';
import { applicationSettings } from './application-settings';
import { clusterSettings, tenantSettings } from './cluster-settings';
import { host, name, named } from './fields';
import { nearestName } from './nearest-name';
import { networkSettings } from './network-settings';

const registrySettings = z.strictObject({
  repositories: z.array(z.string().regex(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, 'is not the name of a repository')).min(1),
  keep: z.int().min(1).max(10000).optional().describe('Images of each that stay. Default 50.'),
  untaggedDays: z.int().min(1).max(365).optional().describe('Default 7.'),
  readers: z.array(z.string().regex(/^\d{12}$/, 'is not an account number of 12 digits, in quotes')).optional(),
});

const zoneSettings = z.strictObject({
  zoneId: z.string().optional().describe('A zone that is there already; left out, it is made.'),
  private: z.boolean().optional().describe("Whether only this stack's network sees it. Default false: everybody does."),
  records: z
    .array(
      z.strictObject({
        name: z.string().describe('`www`, or `@` for the domain itself.'),
        type: z.enum(['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SRV', 'TXT']),
        values: z.array(z.string()).min(1),
        ttl: z.int().min(1).max(172800).optional().describe('Seconds. Default 300.'),
      }),
    )
    .optional(),
  certificate: z
    .array(z.string())
    .optional()
    .describe('Names below the domain (`@`, `*`, `www`) that get one certificate together.'),
});

const chartSettings = z.strictObject({
  chart: z.string().min(1),
  version: z.string().optional(),
  repository: z.url().optional(),
  tenant: name.optional(),
  values: z.record(z.string(), z.unknown()).optional(),
  skipCrds: z.boolean().optional(),
});

const faultSettings = z.strictObject({
  kind: z.enum(['fail', 'throttle', 'lag', 'drift', 'vanish']),
  match: z.string().min(1).describe('A pattern over URN, type or name; `*` is any text.'),
  on: z.array(z.enum(['create', 'read', 'update', 'delete'])).optional(),
  times: z.int().min(1).optional(),
  milliseconds: z.int().min(1).optional(),
  message: z.string().optional(),
  path: z.string().optional(),
  value: z.unknown().optional(),
});

const packageName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'is not the name of a package: write kubernetes or aws');

const shape = z.strictObject({
  sandbox: z
    .union([z.boolean(), z.array(packageName).min(1)])
    .default(false)
    .describe(
      'Whether the sandbox stands in for every cloud of this stack (`true`), or for which packages (`[kubernetes]`).',
    ),
  sandboxFaults: z.array(faultSettings).optional().describe('What shall go wrong in the sandbox.'),
  tags: z.record(z.string(), z.string()).optional().describe('On every AWS resource, beside project, stack and name.'),
  network: networkSettings.optional().describe('An AWS VPC.'),
  cluster: clusterSettings.optional().describe('Where Kubernetes objects go. Default: the current kubeconfig.'),
  registry: registrySettings.optional().describe('ECR repositories.'),
  domains: z.record(host, zoneSettings).optional().describe('Route 53 zones by domain.'),
  tenants: named(tenantSettings).default({}).describe('Namespaces with an owner.'),
  applications: named(applicationSettings).default({}).describe('What runs.'),
  charts: named(chartSettings).optional().describe('Helm charts.'),
  kustomizations: named(z.strictObject({ directory: z.string().min(1) })).optional(),
  manifests: named(z.strictObject({ paths: z.array(z.string()).min(1), tenant: name.optional() })).optional(),
});

/** Everything that an environment's file may set, each key as `mainstay:<key>` under `config:`. */
export const settingsSchema = shape.superRefine((settings, context) => {
  const say = (path: readonly (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path: [...path], message });
  if (settings.cluster?.kind === 'eks' && settings.network === undefined) {
    say(['cluster', 'kind'], 'needs a network: set mainstay:network');
  }
  if (settings.cluster?.kind === 'eks' && (settings.network?.zones.length ?? 2) < 2) {
    say(['network', 'zones'], 'are too few for EKS: name two or more');
  }
  for (const [domain, zone] of Object.entries(settings.domains ?? {})) {
    if (!zone.private) continue;
    const at = ['domains', domain, 'private'];
    if (settings.network === undefined) say(at, 'needs a network: set mainstay:network');
    if (zone.zoneId !== undefined)
      say(at, 'cannot be set for a zone that is there already: leave out zoneId or private');
    if (zone.certificate) say(at, 'has a certificate, which is proved in public: leave out certificate or private');
  }
  for (const section of ['applications', 'charts', 'manifests'] as const) {
    for (const [key, { tenant }] of Object.entries(settings[section] ?? {})) {
      if (tenant === undefined || tenant in settings.tenants) continue;
      const nearest = nearestName(tenant, Object.keys(settings.tenants));
      say([section, key, 'tenant'], `is not a tenant of this stack${nearest ? `: did you mean ${nearest}?` : ''}`);
    }
  }
  for (const [key, { awsPolicies, ingress, route, port }] of Object.entries(settings.applications)) {
    if (awsPolicies && !canGiveRoles(settings.cluster)) {
      say(
        ['applications', key, 'awsPolicies'],
        'need a cluster that gives roles to pods: kind: eks, or an existing one with eksName (pod identity) or oidcProviderArn (irsa)',
      );
    }
    if ((ingress || route) && port === undefined) {
      say(['applications', key, ingress ? 'ingress' : 'route'], 'leads nowhere: set the port of the application');
    }
  }
});

/** Whether pods of this cluster can take AWS roles, in the way that is asked for. */
function canGiveRoles(cluster: z.infer<typeof clusterSettings> | undefined): boolean {
  if (cluster === undefined) return false;
  if (cluster.kind === 'eks') return true;
  if (cluster.workloadIdentity === 'irsa') return cluster.oidcProviderArn !== undefined;
  if (cluster.workloadIdentity === 'podIdentity') return cluster.eksName !== undefined;
  return cluster.eksName !== undefined || cluster.oidcProviderArn !== undefined;
}

export type Settings = z.infer<typeof settingsSchema>;
