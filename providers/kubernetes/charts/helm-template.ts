import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userError } from '../../../foundation/errors.ts';
import { UnreachableError } from '../api-error.ts';
import type { Cluster } from '../cluster.ts';
import { type KubeFields, type KubeObject, textAt } from '../object.ts';
import { explainFailure, findTool, runTool } from './executable.ts';
import { parseManifest } from './parse-manifest.ts';

/** Where a chart comes from. */
export interface ChartSource {
  /** A folder, an archive, `repo/name`, `oci://...`, or a name with `repo`. */
  readonly chart: string;
  readonly version?: string | undefined;
  readonly devel?: boolean;
  /** Address of a chart repository. */
  readonly repo?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly keyring?: string | undefined;
  readonly verify?: boolean;
  readonly plainHttp?: boolean;
  readonly dependencyUpdate?: boolean;
}

export interface TemplateOptions extends ChartSource {
  readonly releaseName: string;
  readonly namespace: string;
  readonly values: KubeFields;
  /** More values, as the texts of YAML files; `values` win. */
  readonly valueFiles?: readonly string[];
  readonly includeCrds: boolean;
  readonly includeHooks: boolean;
  readonly includeTests: boolean;
  /** What the chart is told of the cluster; undefined: what the cluster says, or Helm's own defaults where there is none. */
  readonly kubeVersion?: string | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  readonly postRenderer?: { readonly command: string; readonly args: readonly string[] } | undefined;
}

/** What rendering works with. */
export interface RenderContext {
  readonly cluster: Cluster;
  /** Relative paths are meant from here. */
  readonly workingDirectory: string;
  readonly signal?: AbortSignal | undefined;
}

/** Renders a chart with the real Helm. Rejects with a user error that holds Helm's own words. */
export async function renderChart(options: TemplateOptions, context: RenderContext): Promise<readonly KubeObject[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-helm-'));
  try {
    const files = await writeValues(folder, options);
    const args = [
      'template',
      options.releaseName,
      options.chart,
      ...sourceArguments(options),
      '--namespace',
      options.namespace,
      ...files.flatMap((file) => ['--values', file]),
      options.includeCrds ? '--include-crds' : '--skip-crds',
      ...(options.includeHooks ? [] : ['--no-hooks']),
      ...(options.includeTests ? [] : ['--skip-tests']),
      ...(await capabilityArguments(options, context.cluster)),
    ];
    const manifest = await run(options.chart, args, context);
    const text = options.postRenderer ? await postRender(manifest, options.postRenderer, context) : manifest;
    return parseManifest(text, `chart ${options.chart}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The arguments that say where a chart comes from, for every Helm command that takes one. */
export function sourceArguments(source: ChartSource): readonly string[] {
  const text = (flag: string, value: string | undefined) => (value ? [flag, value] : []);
  const flag = (name: string, value: boolean | undefined) => (value ? [name] : []);
  return [
    ...text('--version', source.version),
    ...text('--repo', source.repo),
    ...text('--username', source.username),
    ...text('--password', source.password),
    ...text('--ca-file', source.caFile),
    ...text('--cert-file', source.certFile),
    ...text('--key-file', source.keyFile),
    ...text('--keyring', source.keyring),
    ...flag('--devel', source.devel),
    ...flag('--verify', source.verify),
    ...flag('--plain-http', source.plainHttp),
    ...flag('--dependency-update', source.dependencyUpdate),
  ];
}

/** Values may be secret: they go through a file that only this user can read, not through the command line. */
export async function writeValues(
  folder: string,
  options: Pick<TemplateOptions, 'values' | 'valueFiles'>,
): Promise<readonly string[]> {
  const texts = [...(options.valueFiles ?? []), JSON.stringify(options.values)];
  return Promise.all(
    texts.map(async (text, index) => {
      const path = join(folder, `values-${index}.yaml`);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    }),
  );
}

/** Helm's environment: its own variables, with the paths of the provider's settings. */
export function helmEnvironment(cluster: Cluster): Record<string, string | undefined> {
  const { helm } = cluster.configuration;
  const settings: Record<string, string | undefined> = {
    HELM_DRIVER: helm.driver,
    HELM_PLUGINS: helm.pluginsPath,
    HELM_REGISTRY_CONFIG: helm.registryConfigPath,
    HELM_REPOSITORY_CONFIG: helm.repositoryConfigPath,
    HELM_REPOSITORY_CACHE: helm.repositoryCache,
  };
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...cluster.environment, ...Object.fromEntries(set) };
}

async function run(chart: string, args: readonly string[], context: RenderContext): Promise<string> {
  const environment = helmEnvironment(context.cluster);
  const command = findTool('helm', environment);
  const { workingDirectory, signal } = context;
  const result = await runTool({ command, args, environment, workingDirectory, signal });
  if (result.code === 0) return result.output;
  throw userError(
    `Cannot render the chart ${chart} as Helm refused it: ${explainFailure(result)}. Correct the chart or its values.`,
  );
}

/** Helm itself takes only plugins for this; a command gets the manifest on standard input, as it used to. */
async function postRender(
  manifest: string,
  renderer: { readonly command: string; readonly args: readonly string[] },
  { cluster, workingDirectory, signal }: RenderContext,
): Promise<string> {
  const { environment } = cluster;
  const result = await runTool({ ...renderer, environment, workingDirectory, signal, input: manifest });
  if (result.code === 0) return result.output;
  throw userError(
    `Cannot render the chart as its post-renderer failed: ${renderer.command}: ${explainFailure(result)}. Correct the command.`,
  );
}

/** Charts ask which version the cluster has and what it serves. Without a cluster they get Helm's defaults. */
async function capabilityArguments(options: TemplateOptions, cluster: Cluster): Promise<readonly string[]> {
  let version = options.kubeVersion;
  let served = options.apiVersions;
  if (cluster.unusable === undefined && !cluster.configuration.renderYamlToDirectory) {
    try {
      version ??= textAt(await cluster.client.request({ method: 'GET', path: '/version' }), 'gitVersion');
      served ??= await cluster.discovery.apiVersions();
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
    }
  }
  return [
    ...(version ? ['--kube-version', version] : []),
    ...(served && served.length > 0 ? ['--api-versions', served.join(',')] : []),
  ];
}
