import type { Environment } from '../../foundation/environment.ts';
import { type PropertyMap, Secret, Unknown } from '../../protocol/property-value.ts';
import type { CheckFailure, CheckRequest, CheckResponse, DiffRequest, DiffResponse } from '../../protocol/provider.ts';
import { configurationText } from './configuration.ts';
import { activeCluster, type Kubeconfig, readKubeconfig } from './kubeconfig.ts';
import { sameValue } from './object.ts';

/** Validates the provider resource's inputs. (Official rules: CheckConfig in provider/pkg/provider/provider.go.) */
export function checkConfiguration(request: CheckRequest, environment: Environment): CheckResponse {
  return { inputs: request.news, failures: findMistakes(request, environment) };
}

function findMistakes({ news, urn }: CheckRequest, environment: Environment): readonly CheckFailure[] {
  const text = (name: string) => configurationText(news[name]);
  const isSet = (name: string) => text(name) !== undefined && text(name) !== 'false';
  const failures: CheckFailure[] = [];
  if (text('strictMode') === 'true') {
    if (/::default(_[\w.]+)?$/.test(urn))
      failures.push({
        property: '',
        reason: 'strictMode forbids the default provider. Make a Provider resource and pass it',
      });
    for (const property of ['kubeconfig', 'context'])
      if (!isSet(property) && !(news[property] instanceof Unknown))
        failures.push({ property, reason: `strictMode needs the provider's argument ${property}. Set it` });
  }
  if (isSet('renderYamlToDirectory')) {
    const ambient = text('kubeconfig') !== undefined && text('kubeconfig') === environment.KUBECONFIG;
    for (const property of ['cluster', 'context', ...(ambient ? [] : ['kubeconfig'])])
      if (isSet(property))
        failures.push({
          property,
          reason: `${property} cannot be used with renderYamlToDirectory, which needs no cluster. Leave one out`,
        });
  } else if (isSet('alwaysRender')) {
    failures.push({
      property: 'alwaysRender',
      reason: 'alwaysRender does nothing without renderYamlToDirectory. Set both or none',
    });
  }
  return failures;
}

/**
 * What a change of the configuration means: another cluster (server, certificates, ...) is a replacement of everything in it, unless
 * `clusterIdentifier` says that it is the same. Other settings change in place. (Official rules: DiffConfig.)
 */
export function diffConfiguration(request: DiffRequest): DiffResponse {
  const olds = request.oldInputs;
  const news = request.newInputs;
  const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
  const diffs = names.filter((name) => name !== 'version' && isChanged(olds, news, name));
  const replaces = diffs.length === 0 ? [] : findReplaces(olds, news, diffs);
  return { changes: diffs.length > 0 ? 'some' : 'none', diffs, replaces, stables: [], deleteBeforeReplace: false };
}

function isChanged(olds: PropertyMap, news: PropertyMap, name: string): boolean {
  if (isUnknown(news, name)) return true;
  return configurationText(olds[name]) !== configurationText(news[name]);
}

function isUnknown(inputs: PropertyMap, name: string): boolean {
  const value = inputs[name];
  return value instanceof Unknown || (value instanceof Secret && value.value instanceof Unknown);
}

function findReplaces(olds: PropertyMap, news: PropertyMap, diffs: readonly string[]): readonly string[] {
  const before = configurationText(olds.clusterIdentifier);
  const now = configurationText(news.clusterIdentifier);
  if (now !== undefined && before === now) return [];
  const replaces: string[] = [];
  if (before !== undefined && now !== undefined) replaces.push('clusterIdentifier');
  if (diffs.includes('renderYamlToDirectory')) replaces.push('renderYamlToDirectory');
  const identity = ['kubeconfig', 'context', 'cluster'].filter((name) => diffs.includes(name));
  // What is not known yet may be another cluster: the plan has to say so.
  const unknown = identity.filter((name) => isUnknown(news, name));
  if (unknown.length > 0) return [...replaces, ...unknown];
  return isAnotherCluster(olds, news) ? [...replaces, ...identity] : replaces;
}

function isAnotherCluster(olds: PropertyMap, news: PropertyMap): boolean {
  const before = clusterOf(olds);
  const now = clusterOf(news);
  return before !== undefined && now !== undefined && !sameValue(before, now);
}

function clusterOf(inputs: PropertyMap): ReturnType<typeof activeCluster> {
  const text = configurationText(inputs.kubeconfig);
  if (text === undefined) return undefined;
  let kubeconfig: Kubeconfig;
  try {
    kubeconfig = readKubeconfig(text);
  } catch {
    // A path of another machine, or a mistake: the cluster cannot be told. Using it reports what is wrong.
    return undefined;
  }
  const choice = { context: configurationText(inputs.context), cluster: configurationText(inputs.cluster) };
  return activeCluster(kubeconfig, choice);
}
