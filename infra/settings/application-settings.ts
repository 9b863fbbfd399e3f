import { z } from 'zod';
import { imageProblem } from '../../components/application/image-reference';
import { absolutePath, arn, bytes, cidr, cpu, encrypted, host, name, named, port } from './fields';

const image = z.string().superRefine((text, context) => {
  const problem = imageProblem(text)?.replace(/^"[^"]*" /, '');
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

const texts = z.record(z.string().regex(/^[A-Za-z_]\w*$/, 'is not the name of an environment variable'), z.string());

const resources = z.strictObject({ cpu: cpu.optional(), memory: bytes.optional(), cpuLimit: cpu.optional() });

const task = {
  image: image.optional().describe("Default: the application's own."),
  command: z.array(z.string()).min(1),
  args: z.array(z.string()).optional(),
  resources: resources.optional().describe("Default: the application's own; of migrations 100m and 128Mi."),
};

const schedule = z
  .string()
  .regex(
    /^(@(hourly|daily|weekly|monthly|yearly)|\S+(\s+\S+){4})$/,
    'is not a schedule of five fields: write "0 3 * * *"',
  );

const volume = z
  .strictObject({
    path: absolutePath,
    size: bytes.optional().describe('A claim of its own, which outlives the application.'),
    storageClass: z.string().optional(),
    claim: name.optional(),
    secret: name.optional(),
    configMap: name.optional(),
    readOnly: z.boolean().optional(),
  })
  .describe('One of size, claim, secret, configMap; none: scratch space.');

const peer = { namespace: name.optional(), application: name.optional() };

export const applicationSettings = z.strictObject({
  image: image.describe('By tag or digest; `latest` is refused.'),
  tenant: name.optional().describe('Whose namespace it runs in. Default: the namespace `default`.'),
  replicas: z.int().min(0).max(1000).optional().describe('Default 2; not used with autoscaling.'),
  autoscaling: z
    .strictObject({
      minimum: z.int().min(1).max(1000),
      maximum: z.int().min(1).max(1000),
      cpu: z.int().min(1).max(100).optional().describe('Percent of the requested CPU. Default 70.'),
      memory: z.int().min(1).max(100).optional(),
    })
    .refine(({ minimum, maximum }) => minimum <= maximum, 'has a minimum above its maximum')
    .optional(),
  port: port.optional().describe('Where the container listens. Without one nothing leads to it.'),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  environment: texts.optional().describe('Variables in the clear.'),
  secrets: z.record(z.string(), encrypted).optional().describe('Variables that are encrypted in this file.'),
  files: z.record(absolutePath, z.string()).optional().describe('Texts by absolute path.'),
  resources: resources.optional().describe('Requests; memory is the limit too. Default 100m and 128Mi.'),
  probes: z
    .strictObject({
      path: absolutePath.optional(),
      livenessPath: absolutePath.optional(),
      startupSeconds: z.int().min(1).max(3600).optional(),
    })
    .optional()
    .describe('Default: a connection to the port within 60 seconds.'),
  ingress: z
    .strictObject({
      hosts: z.array(host).min(1),
      className: name.optional(),
      path: absolutePath.or(z.literal('/')).optional(),
      tls: z.union([z.literal(false), name]).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  route: z
    .strictObject({
      hosts: z.array(host).min(1),
      gateway: z.strictObject({ name, namespace: name.optional() }),
      path: absolutePath.or(z.literal('/')).optional(),
    })
    .optional()
    .describe('A route of the Gateway API.'),
  network: z
    .strictObject({
      from: z.array(z.strictObject(peer)).optional().describe('Who may come in. Default: nobody.'),
      ingressNamespace: name.optional().describe('Default ingress-nginx.'),
      to: z
        .array(z.strictObject({ cidr: cidr(0, 32).optional(), ...peer }))
        .optional()
        .describe('Where it may go beside DNS. Default: everywhere.'),
    })
    .optional(),
  awsPolicies: z.array(arn).min(1).optional().describe('IAM policies of its pods, by pod identity (EKS clusters).'),
  serviceAccount: z.strictObject({ roleArn: arn.optional(), kubernetesAccess: z.boolean().optional() }).optional(),
  volumes: named(volume).optional(),
  initContainers: named(z.strictObject(task)).optional(),
  cronJobs: named(
    z.strictObject({ ...task, schedule, timeZone: z.string().optional(), deadline: z.int().min(1).optional() }),
  ).optional(),
  migrations: named(z.strictObject(task)).optional().describe('Run to their end before new pods start.'),
  security: z
    .strictObject({
      user: z.int().min(1).max(4294967295).optional().describe('Default 10001.'),
      readOnlyFilesystem: z.boolean().optional().describe('Default true; /tmp is writable all the same.'),
    })
    .optional(),
  spread: z.boolean().optional().describe('Over zones and nodes. Default true.'),
  maxUnavailable: z.int().min(1).optional().describe('Pods that may be missing while nodes are drained. Default 1.'),
  labels: z.record(z.string(), z.string()).optional(),
});
