import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { ApplicationArgs, SideTaskArgs, VolumeArgs } from './application-args';

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;
type Probe = types.input.core.v1.Probe;

/** Names of what an application's pods refer to. */
export interface PodReferences {
  readonly serviceAccount: pulumi.Input<string>;
  readonly secret?: pulumi.Input<string>;
  readonly configMap?: pulumi.Input<string>;
  /** Claims by volume. */
  readonly claims: Readonly<Record<string, pulumi.Input<string>>>;
  readonly selector: Readonly<Record<string, string>>;
}

/** The pod of an application: one container, restricted (Pod Security Standards), spread, with probes. */
export function planPod(name: string, args: ApplicationArgs, references: PodReferences): PodSpec {
  const container: Container = {
    ...baseContainer(name, args, references),
    image: args.image,
    command: list(args.command),
    args: list(args.args),
    ports: args.port === undefined ? undefined : [{ name: 'http', containerPort: args.port }],
    ...(args.port === undefined ? {} : probes(args.port, args)),
  };
  return {
    ...basePod(args, references),
    initContainers: tasks(args.initContainers).map(([task, taskArgs]) =>
      taskContainer(task, taskArgs, { args, references }),
    ),
    containers: [container],
    topologySpreadConstraints: args.spread === false ? undefined : spread(references.selector),
  };
}

/** The pod of a task that runs to its end: a migration or a scheduled job. */
export function planTaskPod(
  name: string,
  task: SideTaskArgs,
  made: { readonly args: ApplicationArgs; readonly references: PodReferences },
): PodSpec {
  return {
    ...basePod(made.args, made.references),
    restartPolicy: 'Never',
    containers: [taskContainer(name, task, made)],
  };
}

function basePod(args: ApplicationArgs, references: PodReferences): Omit<PodSpec, 'containers'> {
  const user = args.security?.user ?? 10001;
  return {
    serviceAccountName: references.serviceAccount,
    automountServiceAccountToken: args.serviceAccount?.kubernetesAccess ?? false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: planVolumes(args, references),
  };
}

function taskContainer(
  name: string,
  task: SideTaskArgs,
  { args, references }: { readonly args: ApplicationArgs; readonly references: PodReferences },
): Container {
  return {
    ...baseContainer(name, { ...args, resources: task.resources ?? args.resources }, references),
    image: task.image ?? args.image,
    command: list(task.command),
    args: list(task.args),
  };
}

function baseContainer(name: string, args: ApplicationArgs, references: PodReferences): Container {
  const { cpu = '100m', memory = '128Mi', cpuLimit } = args.resources ?? {};
  return {
    name,
    env: Object.entries(args.environment ?? {}).map(([variable, value]) => ({ name: variable, value })),
    envFrom: references.secret === undefined ? undefined : [{ secretRef: { name: references.secret } }],
    resources: {
      requests: { cpu, memory },
      limits: cpuLimit === undefined ? { memory } : { cpu: cpuLimit, memory },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: args.security?.readOnlyFilesystem ?? true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: planMounts(args),
  };
}

function probes(
  port: number,
  args: ApplicationArgs,
): Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  const { path, livenessPath, startupSeconds = 60 } = args.probes ?? {};
  const ask = (of: string | undefined): Probe =>
    of === undefined ? { tcpSocket: { port } } : { httpGet: { path: of, port } };
  return {
    startupProbe: { ...ask(path), periodSeconds: 2, failureThreshold: Math.ceil(startupSeconds / 2) },
    readinessProbe: { ...ask(path), periodSeconds: 5, failureThreshold: 3 },
    livenessProbe:
      livenessPath === undefined ? undefined : { ...ask(livenessPath), periodSeconds: 10, failureThreshold: 6 },
  };
}

/** Over zones first, then nodes; rather uneven than not at all. */
function spread(selector: Readonly<Record<string, string>>): types.input.core.v1.TopologySpreadConstraint[] {
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { ...selector } },
  }));
}

function planVolumes(args: ApplicationArgs, references: PodReferences): types.input.core.v1.Volume[] {
  const own = Object.entries(args.volumes ?? {}).map(([name, volume]) => ({
    name,
    ...source(name, volume, references),
  }));
  const files =
    references.configMap === undefined ? [] : [{ name: 'files', configMap: { name: references.configMap } }];
  return [{ name: 'tmp', emptyDir: {} }, ...files, ...own];
}

function source(name: string, volume: VolumeArgs, references: PodReferences): Omit<types.input.core.v1.Volume, 'name'> {
  if (volume.secret !== undefined) return { secret: { secretName: volume.secret } };
  if (volume.configMap !== undefined) return { configMap: { name: volume.configMap } };
  const claimName = volume.claim ?? references.claims[name];
  return claimName === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName } };
}

function planMounts(args: ApplicationArgs): types.input.core.v1.VolumeMount[] {
  const own = Object.entries(args.volumes ?? {}).map(([name, { path, readOnly }]) => ({
    name,
    mountPath: path,
    readOnly,
  }));
  const files = Object.keys(args.files ?? {}).map((path) => ({
    name: 'files',
    mountPath: path,
    subPath: fileKey(path),
    readOnly: true,
  }));
  return [{ name: 'tmp', mountPath: '/tmp' }, ...files, ...own];
}

/** A file's key in the ConfigMap: a path without what keys may not hold. */
export function fileKey(path: string): string {
  return path.replace(/^\//, '').replace(/[^\w.-]/g, '_');
}

function tasks<Task>(of: Readonly<Record<string, Task>> | undefined): readonly (readonly [string, Task])[] {
  return Object.entries(of ?? {});
}

function list(values: readonly string[] | undefined): string[] | undefined {
  return values && [...values];
}
