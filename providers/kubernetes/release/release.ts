import { userError } from '../../../foundation/errors.ts';
import { isPropertyMap, type PropertyMap, Secret, Unknown } from '../../../protocol/property-value.ts';
import {
  type CreateRequest,
  type CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type PropertyDiff,
  ProviderError,
  type ReadRequest,
  type ReadResponse,
  type UpdateRequest,
  type UpdateResponse,
} from '../../../protocol/provider.ts';
import { UnreachableError } from '../api-error.ts';
import { ComponentInputs } from '../charts/component-inputs.ts';
import { explainFailure } from '../charts/executable.ts';
import { type RenderContext, sourceArguments } from '../charts/helm-template.ts';
import { parseManifest } from '../charts/parse-manifest.ts';
import { compareFields, formatFieldPath } from '../compare.ts';
import { touches } from '../force-new.ts';
import { kindOfObject } from '../kind.ts';
import {
  apiVersionOf,
  hasUnknown,
  isFields,
  type KubeFields,
  kindOf,
  objectId,
  parseId,
  textAt,
  valueAt,
} from '../object.ts';
import { objectOf, propertiesOf } from '../property-object.ts';
import { markSecrets } from '../secrets.ts';
import { callHelm, callHelmOrFail, helmMajor } from './helm-client.ts';
import { endsAfterHelm } from './leftover-objects.ts';
import { chartSourceOf } from './release-inputs.ts';

/** The type of a Helm release that Helm itself keeps, with its hooks and history. */
export const RELEASE_TYPE = 'kubernetes:helm.sh/v3:Release';

const INPUTS = '__inputs';
const GONE: ReadResponse = { id: '', outputs: {}, inputs: undefined };

/** Name and namespace cannot be changed; everything else is an upgrade. */
export function diffRelease(request: DiffRequest): DiffResponse {
  const last = objectOf(recordedInputs(request.oldOutputs) ?? request.oldInputs);
  const changes = compareFields(last, objectOf(request.newInputs)).filter(
    ({ path }) =>
      path[0] !== 'resourceNames' && path[0] !== 'checksum' && !request.ignoreChanges.includes(String(path[0])),
  );
  const detailedDiff: Record<string, PropertyDiff> = {};
  for (const { path, kind, value } of changes) {
    const replaces = touches(path, value, ['name', 'namespace']);
    detailedDiff[formatFieldPath(path)] = { kind: replaces ? `${kind}-replace` : kind, inputDiff: kind === 'delete' };
  }
  // A release that failed is installed again, even where the program has not changed.
  const status = textAt(objectOf(request.oldOutputs), 'status', 'status');
  const failed = status !== '' && status !== 'deployed' && status !== 'superseded';
  return {
    changes: failed || changes.length > 0 ? 'some' : 'none',
    replaces: Object.keys(detailedDiff).filter((path) => detailedDiff[path]!.kind.endsWith('-replace')),
    stables: [],
    deleteBeforeReplace: false,
    diffs: [...new Set(changes.map(({ path }) => String(path[0])))],
    detailedDiff,
  };
}

/** Installs the chart and waits for it. A preview renders it against the cluster, so that mistakes show. */
export async function createRelease(request: CreateRequest, context: RenderContext): Promise<CreateResponse> {
  const { inputs, preview } = request;
  if (preview) {
    await previewRelease('install', inputs, context);
    return { id: '', outputs: outputsOf(inputs, undefined) };
  }
  const release = await deploy('install', request, context);
  return { id: releaseId(inputs), outputs: outputsOf(inputs, release) };
}

/** Upgrades the release. Helm rolls back what `atomic` says. */
export async function updateRelease(request: UpdateRequest, context: RenderContext): Promise<UpdateResponse> {
  const { newInputs, preview } = request;
  if (preview) {
    await previewRelease('upgrade', newInputs, context);
    return { outputs: outputsOf(newInputs, undefined) };
  }
  const release = await deploy('upgrade', { ...request, inputs: newInputs }, context);
  return { outputs: outputsOf(newInputs, release) };
}

/** Reads what Helm has recorded; a release that Helm does not know is gone. */
export async function readRelease(request: ReadRequest, context: RenderContext): Promise<ReadResponse> {
  const { namespace, name } = parseId(request.id);
  const release = await findRelease(name, namespace || context.cluster.defaultNamespace, context);
  if (!release) return GONE;
  const known = Object.keys(request.inputs).length > 0;
  const inputs = known ? withLiveValues(request.inputs, release) : importedInputs(release);
  return { id: request.id, outputs: outputsOf(inputs, release), inputs };
}

/** Uninstalls the release and waits until its objects are gone. One that Helm does not know is fine. */
export async function deleteRelease(request: DeleteRequest, context: RenderContext): Promise<void> {
  const { namespace, name } = parseId(request.id);
  const inputs = objectOf(recordedInputs(request.outputs) ?? request.inputs);
  const args = ['uninstall', name, '--ignore-not-found', ...waitArguments(inputs, request.timeout)];
  args.push(...(args.includes('--wait') ? ['--cascade', 'foreground'] : []));
  if (valueAt(inputs, 'disableWebhooks') === true) args.push('--no-hooks');
  const result = await callHelm({ args, namespace }, context);
  if (result.code === 0 || (await endsAfterHelm(request, result, context))) return;
  throw userError(
    `Cannot uninstall the release ${request.id} as Helm refused it: ${explainFailure(result)}. Correct what it names.`,
  );
}

async function deploy(
  verb: 'install' | 'upgrade',
  request: { readonly inputs: PropertyMap; readonly name: string; readonly timeout: number },
  context: RenderContext,
): Promise<KubeFields> {
  const plain = objectOf(request.inputs);
  const namespace = textAt(plain, 'namespace');
  const name = textAt(plain, 'name');
  const jobs = valueAt(plain, 'waitForJobs') === true && valueAt(plain, 'skipAwait') !== true;
  const args = [
    ...(await deployArguments(verb, request.inputs, context)),
    ...waitArguments(plain, request.timeout),
    ...(jobs ? ['--wait-for-jobs'] : []),
  ];
  const call = { args, namespace, values: [JSON.stringify(valueAt(plain, 'values') ?? {})] };
  const result = await callHelm(call, context);
  const release = await findRelease(name, namespace, context);
  if (result.code === 0 && release) return release;
  const reason = `Helm could not ${verb} the release ${namespace}/${name}: ${explainFailure(result)}`;
  const status = release && textAt(release, 'info', 'status');
  // With nothing recorded by this attempt there is nothing to keep.
  if (!release || (verb === 'upgrade' && status === 'deployed')) throw new ProviderError(`${reason}.`);
  throw new ProviderError(`${reason}. The release is recorded as ${status}; the next update tries again.`, {
    status: 'unknown',
    partial: {
      id: releaseId(request.inputs),
      outputs: outputsOf(request.inputs, release),
      inputs: undefined,
      reasons: [reason],
    },
  });
}

async function deployArguments(
  verb: 'install' | 'upgrade',
  inputs: PropertyMap,
  context: RenderContext,
): Promise<readonly string[]> {
  const read = new ComponentInputs(inputs, 'the release', context.workingDirectory);
  const source = chartSourceOf(read);
  // Helm 4 has other names for two of its flags.
  const isThree = (await helmMajor(context)) === 3;
  const flags: Readonly<Record<string, string>> = {
    atomic: isThree ? '--atomic' : '--rollback-on-failure',
    createNamespace: '--create-namespace',
    dependencyUpdate: '--dependency-update',
    disableOpenapiValidation: '--disable-openapi-validation',
    disableWebhooks: '--no-hooks',
    renderSubchartNotes: '--render-subchart-notes',
    skipCrds: '--skip-crds',
    takeOwnership: '--take-ownership',
    ...(verb === 'install' ? { replace: '--replace' } : {}),
    ...(verb === 'upgrade'
      ? {
          cleanupOnFail: '--cleanup-on-fail',
          forceUpdate: isThree ? '--force' : '--force-replace',
          resetValues: '--reset-values',
          reuseValues: '--reuse-values',
        }
      : {}),
  };
  const history = valueAt(objectOf(inputs), 'maxHistory');
  return [
    verb,
    read.requiredText('name'),
    source.chart,
    ...sourceArguments(source),
    ...Object.entries(flags).flatMap(([name, flag]) => (read.flag(name) ? [flag] : [])),
    // An upgrade of a release whose first installation failed installs it.
    ...(verb === 'upgrade' ? ['--install'] : []),
    ...(verb === 'upgrade' && typeof history === 'number' ? ['--history-max', String(history)] : []),
    ...(read.text('description') ? ['--description', read.text('description')!] : []),
    ...(read.text('postrender') ? ['--post-renderer', read.text('postrender')!] : []),
  ];
}

function waitArguments(inputs: KubeFields, timeout: number): string[] {
  if (valueAt(inputs, 'skipAwait') === true) return [];
  const seconds = timeout || Number(valueAt(inputs, 'timeout') ?? 0) || 300;
  return ['--wait', '--timeout', `${seconds}s`];
}

async function previewRelease(verb: 'install' | 'upgrade', inputs: PropertyMap, context: RenderContext): Promise<void> {
  const plain = objectOf(inputs);
  if (hasUnknown(plain) || context.cluster.unusable !== undefined) return;
  const args = [...(await deployArguments(verb, inputs, context)), '--dry-run=client'];
  const call = {
    args,
    namespace: textAt(plain, 'namespace'),
    values: [JSON.stringify(valueAt(plain, 'values') ?? {})],
  };
  const result = await callHelm(call, context);
  if (result.code === 0 || /unreachable|connection refused|cannot be reached|not found/i.test(result.messages)) return;
  throw new ProviderError(
    `Cannot ${verb} the release ${releaseId(inputs)} as Helm refuses it: ${explainFailure(result)}.`,
  );
}

/** What Helm has recorded of a release; undefined where it knows none. */
async function findRelease(name: string, namespace: string, context: RenderContext): Promise<KubeFields | undefined> {
  const result = await callHelm({ args: ['status', name, '--output', 'json'], namespace }, context);
  if (result.code === 0) return { ...JSON.parse(result.output), metadata: await chartOf(name, namespace, context) };
  if (/release: not found/.test(result.messages)) return undefined;
  if (/unreachable|connection refused/i.test(result.messages)) throw new UnreachableError(explainFailure(result));
  throw new ProviderError(`Cannot read the release ${namespace}/${name}: ${explainFailure(result)}.`);
}

/** The status says nothing of the chart: name, version and appVersion come from another call. */
async function chartOf(name: string, namespace: string, context: RenderContext): Promise<KubeFields> {
  const args = ['get', 'metadata', name, '--output', 'json'];
  return JSON.parse(await callHelmOrFail(`read the release ${namespace}/${name}`, { args, namespace }, context));
}

/** The outputs in the official provider's form. `__inputs` is secret as a whole there, as values often are. */
function outputsOf(inputs: PropertyMap, release: KubeFields | undefined): PropertyMap {
  const found = release
    ? { resourceNames: resourceNamesOf(release), status: statusOf(release) }
    : { resourceNames: new Unknown('object'), status: new Unknown('object') };
  return { ...markSecrets({ ...inputs, ...found }, inputs), [INPUTS]: new Secret(inputs) };
}

function statusOf(release: KubeFields): PropertyMap {
  return {
    appVersion: textAt(release, 'metadata', 'appVersion'),
    chart: textAt(release, 'metadata', 'chart'),
    name: textAt(release, 'name'),
    namespace: textAt(release, 'namespace'),
    revision: Number(valueAt(release, 'version') ?? 0),
    status: textAt(release, 'info', 'status'),
    version: textAt(release, 'metadata', 'version'),
  };
}

function resourceNamesOf(release: KubeFields): PropertyMap {
  const names: Record<string, string[]> = {};
  for (const object of parseManifest(textAt(release, 'manifest'), 'the release')) {
    const { group } = kindOfObject(object);
    const key = `${kindOf(object)}${group === '' ? '' : `.${group}`}/${apiVersionOf(object)}`;
    names[key] = [...new Set([...(names[key] ?? []), objectId(object)])].sort();
  }
  return names;
}

/** Values that somebody has changed with Helm itself are drift; what the program does not set is not. */
function withLiveValues(inputs: PropertyMap, release: KubeFields): PropertyMap {
  const asked = objectOf(inputs);
  const live = valueAt(release, 'config');
  const values = valueAt(asked, 'values');
  if (!isFields(values) || !isFields(live) || compareFields(values, live).length === 0) return inputs;
  return { ...inputs, values: markSecrets(propertiesOf(live), isPropertyMap(inputs.values) ? inputs.values : {}) };
}

function importedInputs(release: KubeFields): PropertyMap {
  const values = valueAt(release, 'config');
  return {
    name: textAt(release, 'name'),
    namespace: textAt(release, 'namespace'),
    chart: textAt(release, 'metadata', 'chart'),
    version: textAt(release, 'metadata', 'version'),
    timeout: 300,
    ...(isFields(values) ? { values: propertiesOf(values) } : {}),
  };
}

function releaseId(inputs: PropertyMap): string {
  const plain = objectOf(inputs);
  return `${textAt(plain, 'namespace')}/${textAt(plain, 'name')}`;
}

function recordedInputs(outputs: PropertyMap): PropertyMap | undefined {
  const inputs = outputs[INPUTS];
  const plain = inputs instanceof Secret ? inputs.value : inputs;
  return isPropertyMap(plain) ? plain : undefined;
}
