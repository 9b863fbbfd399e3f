import { parseAllDocuments } from 'yaml';
import {
  isPropertyArray,
  isPropertyMap,
  type PropertyMap,
  type PropertyValue,
} from '../../../protocol/property-value.ts';
import { ProviderError } from '../../../protocol/provider.ts';
import { plain } from '../diff-inputs.ts';
import { isClusterScoped } from './kind-scope.ts';

/** `kubernetes:yaml:decode{text, defaultNamespace}` -> `{result: objects}`. Lists are taken apart, empty documents left out. */
export function decodeYaml(args: PropertyMap): PropertyMap {
  const documents = parseAllDocuments(String(plain(args.text) ?? ''));
  const objects: PropertyMap[] = [];
  for (const document of documents) {
    const [error] = document.errors ?? [];
    if (error) throw new ProviderError(`Cannot read the manifest as it is not YAML: ${error.message}`);
    const value = document.toJS() as PropertyValue;
    if (isPropertyMap(value))
      objects.push(...(isPropertyArray(value.items) ? value.items.filter(isPropertyMap) : [value]));
  }
  return { result: objects.map((object) => inNamespace(object, plain(args.defaultNamespace))) };
}

function inNamespace(object: PropertyMap, namespace: PropertyValue | undefined): PropertyMap {
  if (typeof namespace !== 'string' || isClusterScoped(String(object.apiVersion), String(object.kind))) return object;
  const metadata = isPropertyMap(object.metadata) ? object.metadata : {};
  return { ...object, metadata: { namespace, ...metadata } };
}
