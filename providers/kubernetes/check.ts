import { Unknown } from '../../protocol/property-value.ts';
import type { CheckFailure, CheckRequest, CheckResponse } from '../../protocol/provider.ts';
import type { ProviderContext } from '../../protocol/provider-module.ts';
import { annotations } from './annotations.ts';
import { UnreachableError } from './api-error.ts';
import { isNamed, usesGenerateName, withName } from './autoname.ts';
import type { Cluster } from './cluster.ts';
import { deprecationWarning } from './deprecated-kinds.ts';
import { apiVersion, isCustomResourceDefinition, isListType, isPatchType, kindOfObject, kindOfType } from './kind.ts';
import { normalizeInputs } from './normalize.ts';
import {
  annotationOf,
  apiVersionOf,
  fieldsAt,
  type KubeObject,
  kindOf,
  nameOf,
  valueAt,
  withValueAt,
} from './object.ts';
import { objectOf, propertiesOf } from './property-object.ts';
import { markSecrets } from './secrets.ts';

/**
 * Validates and completes what the program asks for: name, namespace, normal form. Needs the cluster only for the scope of a
 * custom kind. The rules are the official provider's (Check in provider/pkg/provider/provider.go).
 */
export async function checkResource(
  request: CheckRequest,
  cluster: Cluster,
  log: ProviderContext['log'],
): Promise<CheckResponse> {
  const given = withTypeKind(objectOf(request.news), request.type);
  const failures = findMistakes(given, request, cluster);
  if (failures.length > 0) return { inputs: request.news, failures };
  const old = Object.keys(request.olds).length > 0 ? objectOf(request.olds) : undefined;
  const named = withName(normalizeInputs(given), old, request);
  const placed = await withNamespace(withManagedByLabel(named, old, cluster), cluster);
  if (isCustomResourceDefinition(placed)) cluster.define(placed);
  for (const message of warnings(given, cluster)) log({ severity: 'warning', message, urn: request.urn });
  return { inputs: markSecrets(propertiesOf(placed), request.news), failures: [] };
}

/** SDK classes send both; a dynamic program may leave them to the type. */
function withTypeKind(object: KubeObject, type: string): KubeObject {
  const kind = kindOfType(type);
  if (!kind || (apiVersionOf(object) !== '' && kindOf(object) !== '')) return object;
  return { apiVersion: apiVersion(kind), kind: kind.kind, ...object };
}

function findMistakes(object: KubeObject, request: CheckRequest, cluster: Cluster): readonly CheckFailure[] {
  const fail = (property: string, reason: string): readonly CheckFailure[] => [{ property, reason }];
  const { enableServerSideApply, renderYamlToDirectory } = cluster.configuration;
  const isPatch = isPatchType(request.type, kindOf(object));
  if (isListType(request.type))
    return fail(
      '',
      'a list of objects cannot be created: lists exist for manifests and charts. Use the kind of its items',
    );
  if (typeof object.kind !== 'string' || typeof object.apiVersion !== 'string')
    return fail(
      'kind',
      `apiVersion and kind must be known texts; they say what to create: ${JSON.stringify(object.kind)}`,
    );
  if (isPatch && !enableServerSideApply)
    return fail('', 'a patch needs server-side apply. Set enableServerSideApply to true on the provider');
  if (isPatch && !isNamed(object))
    return fail('metadata.name', 'a patch needs the name of the object that it changes. Set metadata.name');
  if (object.metadata !== undefined && !(object.metadata instanceof Unknown) && typeof object.metadata !== 'object')
    return fail('metadata', 'metadata must be an object');
  if (usesGenerateName(object) && (enableServerSideApply || renderYamlToDirectory))
    return fail(
      'metadata.generateName',
      'generateName cannot be used with server-side apply or in rendered YAML, as the name has to be known. Leave it out: a name ' +
        'is made of the resource name',
    );
  if (!isNamed(object) && !usesGenerateName(object) && request.autonaming?.mode === 'disable')
    return fail('metadata.name', 'automatic names are disabled. Set metadata.name');
  return [];
}

/** Client-side apply has no field managers: a label says who made an object. Objects from an import or an apply stay as they are. */
function withManagedByLabel(object: KubeObject, old: KubeObject | undefined, cluster: Cluster): KubeObject {
  const label = 'app.kubernetes.io/managed-by';
  const labels = valueAt(object, 'metadata', 'labels');
  const wanted = old
    ? valueAt(old, 'metadata', 'labels', label) === 'pulumi'
    : !cluster.configuration.enableServerSideApply;
  if (!wanted || labels instanceof Unknown) return object;
  return withValueAt(object, ['metadata', 'labels'], { ...fieldsAt(object, 'metadata', 'labels'), [label]: 'pulumi' });
}

async function withNamespace(object: KubeObject, cluster: Cluster): Promise<KubeObject> {
  const namespace = valueAt(object, 'metadata', 'namespace');
  if ((namespace !== undefined && namespace !== '') || object.metadata instanceof Unknown) return object;
  if (!(await isNamespaced(object, cluster))) return object;
  return withValueAt(object, ['metadata', 'namespace'], cluster.defaultNamespace);
}

/** Whether the object lives in a namespace. A kind that nobody knows (yet) is taken to; creating it finds out. */
export async function isNamespaced(object: KubeObject, cluster: Cluster): Promise<boolean> {
  try {
    if (cluster.unusable !== undefined) return true;
    return (await cluster.discovery.isNamespaced(kindOfObject(object))) ?? cluster.definedScope(object) !== 'Cluster';
  } catch (error) {
    if (error instanceof UnreachableError) return cluster.definedScope(object) !== 'Cluster';
    throw error;
  }
}

function warnings(object: KubeObject, cluster: Cluster): readonly string[] {
  const found: string[] = [];
  if (annotationOf(object, annotations.autonamed) !== '')
    found.push(
      `the annotation ${annotations.autonamed} is set by the provider: the given value of ${nameOf(object)} is not used`,
    );
  const hook = annotationOf(object, annotations.helmHook);
  if (/\btest(-success|-failure)?\b/.test(hook) && !cluster.configuration.suppressHelmHookWarnings)
    found.push(
      'this object is a Helm hook: it is created as any other object, and the hook is not run. Set suppressHelmHookWarnings to hide this',
    );
  const deprecated = cluster.configuration.suppressDeprecationWarnings
    ? undefined
    : deprecationWarning(kindOfObject(object));
  if (deprecated) found.push(deprecated);
  return found;
}
