import { userError } from '../../../foundation/errors.ts';
import { Unknown } from '../../../protocol/property-value.ts';
import type { InvokeRequest, InvokeResponse } from '../../../protocol/provider.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import {
  apiVersionOf,
  fieldsAt,
  type KubeFields,
  type KubeObject,
  kindOf,
  listAt,
  textAt,
  valueAt,
} from '../object.ts';
import { objectOf, propertiesOf } from '../property-object.ts';
import { type RenderContext, renderChart } from './helm-template.ts';
import { buildKustomization } from './kustomize-build.ts';
import { parseManifest } from './parse-manifest.ts';
import { placeObjects } from './place-objects.ts';

type ProviderFunction = (args: KubeFields, context: RenderContext) => Promise<readonly KubeObject[]>;

/** The functions behind the SDK's older components: yaml.ConfigFile and ConfigGroup, helm/v3.Chart, kustomize.Directory. */
const FUNCTIONS: Readonly<Record<string, ProviderFunction>> = {
  'kubernetes:yaml:decode': async (args, { cluster }) => {
    const objects = parseManifest(requiredText(args, 'text'), 'the manifest').filter(isWhole);
    return placeObjects(objects, textAt(args, 'defaultNamespace'), cluster);
  },
  'kubernetes:helm:template': async (args, context) => {
    const options = readJson(requiredText(args, 'jsonOpts'));
    const namespace = textAt(options, 'namespace') || 'default';
    const objects = await renderOldChart(options, namespace, context);
    return placeObjects(objects.filter(isWhole), namespace, context.cluster);
  },
  'kubernetes:kustomize:directory': async (args, context) =>
    (await buildKustomization(requiredText(args, 'directory'), context)).filter(isWhole),
};

/** Calls a function of the provider: `result` is a list of Kubernetes objects. */
export async function callFunction(request: InvokeRequest, context: RenderContext): Promise<InvokeResponse> {
  const called = FUNCTIONS[request.token];
  if (!called)
    throw new ProviderError(`Cannot call ${request.token} as the kubernetes provider has no such function.`, {
      status: 'unimplemented',
    });
  const args = objectOf(request.args);
  if (Object.values(args).some((value) => value instanceof Unknown))
    return { result: { result: new Unknown('array') }, failures: [] };
  const objects = await called(args, context);
  return { result: { result: objects.map(propertiesOf) }, failures: [] };
}

/** Manifests hold empty pieces where a template renders nothing. */
function isWhole(object: KubeObject): boolean {
  return apiVersionOf(object) !== '' && kindOf(object) !== '';
}

function requiredText(args: KubeFields, name: string): string {
  const value = args[name];
  if (typeof value === 'string') return value;
  throw userError(`Cannot render as the argument ${name} is missing or no text: ${JSON.stringify(value)}. Set it.`);
}

function readJson(text: string): KubeFields {
  try {
    return JSON.parse(text);
  } catch {
    throw userError('Cannot render the chart as its options are no JSON. This is a mistake of the SDK; report it.');
  }
}

/** The options of the SDK's helm/v3.Chart, in the names that it sends. */
function renderOldChart(
  options: KubeFields,
  namespace: string,
  context: RenderContext,
): Promise<readonly KubeObject[]> {
  const fetch = fieldsAt(options, 'fetch_opts');
  const text = (name: string) => textAt(options, name) || textAt(fetch, name) || undefined;
  const flag = (name: string) => valueAt(fetch, name) === true || valueAt(options, name) === true;
  return renderChart(
    {
      releaseName: textAt(options, 'release_name') || 'release',
      namespace,
      chart: chartReference(options, fetch),
      version: text('version'),
      devel: flag('devel'),
      repo: textAt(fetch, 'repo') || undefined,
      username: text('username'),
      password: text('password'),
      caFile: text('ca_file'),
      certFile: text('cert_file'),
      keyFile: text('key_file'),
      keyring: text('keyring'),
      verify: flag('verify'),
      values: fieldsAt(options, 'values'),
      includeCrds: valueAt(options, 'skip_crd_rendering') !== true,
      includeHooks: true,
      includeTests: valueAt(options, 'include_test_hook_resources') === true,
      kubeVersion: textAt(options, 'kube_version') || undefined,
      apiVersions:
        listAt(options, 'api_versions').length > 0 ? (listAt(options, 'api_versions') as readonly string[]) : undefined,
    },
    context,
  );
}

function chartReference(options: KubeFields, fetch: KubeFields): string {
  const path = textAt(options, 'path');
  if (path !== '') return path;
  const repository = textAt(options, 'repo');
  const chart = textAt(options, 'chart');
  if (/^https?:/.test(repository))
    throw userError(
      `Cannot find the chart ${chart} as repo is the name of a repository and not its address: ${repository}. Put the address into fetchOpts.repo.`,
    );
  const isComplete = textAt(fetch, 'repo') !== '' || chart.startsWith('oci://') || chart.startsWith(`${repository}/`);
  return isComplete || repository === '' ? chart : `${repository.replace(/\/$/, '')}/${chart}`;
}
