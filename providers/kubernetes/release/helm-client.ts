import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userError } from '../../../foundation/errors.ts';
import { explainFailure, findTool, runTool, type ToolResult, type ToolRun } from '../charts/executable.ts';
import { helmEnvironment, type RenderContext } from '../charts/helm-template.ts';

/** A call of Helm about a release. */
export interface HelmCall {
  readonly args: readonly string[];
  readonly namespace: string;
  /** Texts of values files. */
  readonly values?: readonly string[];
}

/**
 * Runs Helm against the provider's cluster. The kubeconfig and the values, which may hold secrets, go through files that only this
 * user can read and that are removed afterwards. Resolves also where Helm fails.
 */
export async function callHelm(call: HelmCall, context: RenderContext): Promise<ToolResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-helm-'));
  try {
    const { cluster, workingDirectory, signal } = context;
    const environment = helmEnvironment(cluster);
    const files = await writeFiles(folder, call.values ?? []);
    const { kubeconfig } = cluster.connection;
    if (kubeconfig) {
      environment.KUBECONFIG = join(folder, 'kubeconfig');
      await writeFile(environment.KUBECONFIG, JSON.stringify(kubeconfig.content), { mode: 0o600 });
    }
    const { context: contextName, cluster: clusterName } = cluster.configuration;
    if (clusterName !== undefined)
      throw userError(
        `Cannot use Helm with the provider's setting cluster as Helm has no such option: ${clusterName}. Use a context for it.`,
      );
    const args = [
      ...call.args,
      ...files.flatMap((file) => ['--values', file]),
      '--namespace',
      call.namespace,
      ...(contextName === undefined ? [] : ['--kube-context', contextName]),
    ];
    return await runTool({ command: findTool('helm', environment), args, environment, workingDirectory, signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFiles(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    texts.map(async (text, index) => {
      const path = join(folder, `values-${index}.yaml`);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    }),
  );
}

/** The output of a call that has to work. Rejects with a user error in Helm's own words. */
export async function callHelmOrFail(what: string, call: HelmCall, context: RenderContext): Promise<string> {
  const result = await callHelm(call, context);
  if (result.code === 0) return result.output;
  throw userError(`Cannot ${what} as Helm refused it: ${explainFailure(result)}. Correct what it names.`);
}

const majors = new Map<string, Promise<number>>();

/** The major version of the Helm that is used, asked once for each executable. */
export function helmMajor({ cluster, workingDirectory }: RenderContext): Promise<number> {
  const environment = helmEnvironment(cluster);
  const command = findTool('helm', environment);
  const known = majors.get(command) ?? readMajor(command, environment, workingDirectory);
  majors.set(command, known);
  return known;
}

async function readMajor(
  command: string,
  environment: ToolRun['environment'],
  workingDirectory: string,
): Promise<number> {
  const { output } = await runTool({
    command,
    args: ['version', '--template', '{{.Version}}'],
    environment,
    workingDirectory,
  });
  return Number(/^v?(\d+)/.exec(output)?.[1] ?? 4);
}
