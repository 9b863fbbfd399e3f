import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { EnvironmentReader } from '../../../foundation/environment.ts';
import { userError } from '../../../foundation/errors.ts';
import type { KubeObject } from '../object.ts';
import { explainFailure, findTool, runTool } from './executable.ts';
import type { RenderContext } from './helm-template.ts';
import { parseManifest } from './parse-manifest.ts';

/**
 * Builds a kustomization with the real Kustomize: a folder, or an address that Kustomize itself can fetch. `helmCharts` of a
 * kustomization work with `PULUMI_K8S_KUSTOMIZE_HELM=true`, or always where `withHelm` is set.
 */
export async function buildKustomization(
  directory: string,
  context: RenderContext,
  options: { readonly withHelm?: boolean; readonly anyFolder?: boolean } = {},
): Promise<readonly KubeObject[]> {
  const { cluster, workingDirectory, signal } = context;
  const { environment } = cluster;
  const local = resolve(workingDirectory, directory);
  const target = existsSync(local) ? local : directory;
  const helm = options.withHelm || new EnvironmentReader(environment).flag('PULUMI_K8S_KUSTOMIZE_HELM', false);
  const args = [
    'build',
    target,
    ...(helm ? ['--enable-helm', '--helm-command', helmCommand(environment)] : []),
    ...(options.anyFolder ? ['--load-restrictor', 'LoadRestrictionsNone'] : []),
  ];
  const command = findTool('kustomize', environment);
  const result = await runTool({ command, args, environment, workingDirectory, signal });
  if (result.code !== 0)
    throw userError(
      `Cannot build the kustomization ${directory} as Kustomize refused it: ${explainFailure(result)}. Correct its files.`,
    );
  return parseManifest(result.output, `kustomization ${directory}`);
}

/** Only a kustomization with charts needs Helm: a missing one is Kustomize's to report. */
function helmCommand(environment: RenderContext['cluster']['environment']): string {
  try {
    return findTool('helm', environment);
  } catch {
    return 'helm';
  }
}
