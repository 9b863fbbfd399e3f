import { parse } from 'yaml';
import { messageOf } from '../../../foundation/errors.ts';
import {
  isPropertyMap,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../../protocol/property-value.ts';
import type { CheckFailure, CheckRequest, CheckResponse } from '../../../protocol/provider.ts';
import { suffixOf } from '../autoname.ts';
import { ComponentInputs } from '../charts/component-inputs.ts';
import { type ChartSource, type RenderContext, sourceArguments } from '../charts/helm-template.ts';
import { isFields, type KubeFields, type KubeValue, textAt } from '../object.ts';
import { propertiesOf } from '../property-object.ts';
import { containsSecret, markSecrets } from '../secrets.ts';
import { callHelmOrFail } from './helm-client.ts';

/** Seconds that Helm waits by default, as the official provider has it. */
const DEFAULT_TIMEOUT = 300;
/** What the SDK sends beside the arguments, and what is no input. */
const NOT_INPUTS = ['compat', 'valueYamlFiles', 'resourceNames', 'manifest', 'status', 'allowNullValues'];

/** Arguments of the Helm 2 and 3 libraries that the executable has no flag for. */
const WITHOUT_EFFECT = ['recreatePods', 'disableCRDHooks', 'lint'];

/** The arguments that say where the chart of a release comes from. */
export function chartSourceOf(inputs: ComponentInputs): ChartSource {
  const repository = inputs.inner('repositoryOpts');
  return {
    chart: inputs.requiredText('chart'),
    version: inputs.text('version'),
    devel: inputs.flag('devel'),
    repo: repository.text('repo'),
    username: repository.text('username'),
    password: repository.text('password'),
    caFile: repository.path('caFile'),
    certFile: repository.path('certFile'),
    keyFile: repository.path('keyFile'),
    keyring: inputs.flag('verify') ? inputs.path('keyring') : undefined,
    verify: inputs.flag('verify'),
  };
}

/**
 * Completes the arguments of a release: name, namespace, time limit, values of files, and the version that the chart has now, so that
 * a newer chart is a change that is seen. (Official rules: Check in provider/pkg/provider/helm_release.go.)
 */
export async function checkRelease(
  request: CheckRequest,
  context: RenderContext,
  warn: (message: string) => void,
): Promise<CheckResponse> {
  const inputs = new ComponentInputs(request.news, `the release ${request.name}`, context.workingDirectory);
  const completed: Record<string, PropertyValue> = { ...request.news, ...identityOf(request, context) };
  if (!inputs.flag('skipAwait') && completed.timeout === undefined) completed.timeout = DEFAULT_TIMEOUT;
  for (const name of WITHOUT_EFFECT.filter((argument) => inputs.flag(argument)))
    warn(`${name} has no effect: the Helm executable has no flag for it`);
  const failures: CheckFailure[] = [];
  if (!inputs.hasUnknown) {
    try {
      const values = await mergedValues(request.news, inputs);
      if (Object.keys(values).length > 0) completed.values = values;
      completed.version = await chartVersion(inputs, context);
    } catch (error) {
      failures.push({ property: 'chart', reason: messageOf(error) });
    }
  }
  const kept = Object.entries(completed).filter(([name, value]) => !NOT_INPUTS.includes(name) && !isEmpty(value));
  return { inputs: Object.fromEntries(kept), failures };
}

function identityOf({ news, olds, name, randomSeed }: CheckRequest, { cluster }: RenderContext): PropertyMap {
  return {
    name: isEmpty(news.name) ? (olds.name ?? `${name}-${suffixOf(randomSeed)}`) : news.name!,
    namespace: isEmpty(news.namespace) ? cluster.defaultNamespace : news.namespace!,
  };
}

/** The official provider leaves out what is false, 0, empty or nothing. */
function isEmpty(value: PropertyValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  if (value instanceof Secret) return isEmpty(value.value);
  if (value instanceof Unknown) return false;
  return Array.isArray(value) ? value.length === 0 : isPropertyMap(value) && Object.keys(value).length === 0;
}

/** Values of files and values of arguments, which win. Secret where anything that they come from is. */
async function mergedValues(news: PropertyMap, inputs: ComponentInputs): Promise<PropertyMap> {
  const files = (await inputs.contents('valueYamlFiles')).map((text): KubeFields => {
    const parsed: KubeValue = parse(text, { version: '1.1', merge: true });
    if (parsed === null || isFields(parsed)) return parsed ?? {};
    throw new Error(`a file of valueYamlFiles is no object: ${JSON.stringify(parsed).slice(0, 50)}`);
  });
  const merged = [...files, inputs.fields('values')].reduce<KubeFields>(mergeValues, {});
  const properties = propertiesOf(merged);
  const given = news.values instanceof Secret ? news.values.value : news.values;
  if (news.values instanceof Secret || containsSecret(news.valueYamlFiles))
    return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, new Secret(value)]));
  return isPropertyMap(given) ? markSecrets(properties, given) : properties;
}

/** As Helm merges values: objects field by field, everything else as a whole. */
function mergeValues(base: KubeFields, over: KubeFields): KubeFields {
  const merged: Record<string, KubeValue> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const known = merged[name];
    merged[name] = isFields(known) && isFields(value) ? mergeValues(known, value) : value;
  }
  return merged;
}

async function chartVersion(inputs: ComponentInputs, context: RenderContext): Promise<string> {
  const source = chartSourceOf(inputs);
  const args = ['show', 'chart', source.chart, ...sourceArguments(source)];
  const text = await callHelmOrFail(`read the chart ${source.chart}`, { args, namespace: 'default' }, context);
  return textAt(parse(text), 'version');
}
