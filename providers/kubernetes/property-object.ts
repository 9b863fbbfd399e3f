import { MainstayError } from '../../foundation/errors.ts';
import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from '../../protocol/property-value.ts';
import { isFields, isList, type KubeFields, type KubeValue } from './object.ts';

/** JSON schema extensions: their names are no identifiers in the SDKs, which therefore write underscores. */
const DASHED_NAMES = [
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
];
const toDashed = new Map(DASHED_NAMES.map((name) => [name.replaceAll('-', '_'), name]));
const toUnderscored = new Map(DASHED_NAMES.map((name) => [name, name.replaceAll('-', '_')]));

/** The Kubernetes object of a resource's properties: without secret marks, and with the names that the API server knows. */
export function objectOf(properties: PropertyMap): KubeFields {
  const fields: Record<string, KubeValue> = {};
  for (const [name, value] of Object.entries(properties)) fields[toDashed.get(name) ?? name] = kubeValueOf(value);
  return fields;
}

function kubeValueOf(value: PropertyValue): KubeValue {
  if (value instanceof Secret) return kubeValueOf(value.value);
  if (value instanceof Output) return value.value === undefined ? new Unknown() : kubeValueOf(value.value);
  if (value instanceof Unknown) return value;
  if (value instanceof Asset || value instanceof Archive || value instanceof ResourceReference)
    throw new MainstayError(
      'user',
      `Cannot put an asset, an archive or a resource into a Kubernetes object as JSON has no such value: ` +
        `${value.constructor.name}. Pass a text or one of the resource's outputs.`,
    );
  if (isPropertyArray(value)) return value.map(kubeValueOf);
  return isPropertyMap(value) ? objectOf(value) : value;
}

/** The properties of a Kubernetes object, with the names that the SDKs know. No value is marked as secret. */
export function propertiesOf(object: KubeFields): PropertyMap {
  const properties: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(object)) properties[toUnderscored.get(name) ?? name] = propertyOf(value);
  return properties;
}

function propertyOf(value: KubeValue): PropertyValue {
  if (isList(value)) return value.map(propertyOf);
  return isFields(value) ? propertiesOf(value) : value;
}
