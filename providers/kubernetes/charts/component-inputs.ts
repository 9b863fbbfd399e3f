import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { userError } from '../../../foundation/errors.ts';
import {
  Asset,
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
  Unknown,
} from '../../../protocol/property-value.ts';
import type { KubeFields, KubeValue } from '../object.ts';
import { objectOf } from '../property-object.ts';

/** The inputs of a component, with marks of outputs and secrets taken off, read by name and kind. */
export class ComponentInputs {
  readonly #inputs: PropertyMap;
  readonly #component: string;
  readonly #workingDirectory: string;

  constructor(inputs: PropertyMap, component: string, workingDirectory: string) {
    this.#inputs = inputs;
    this.#component = component;
    this.#workingDirectory = workingDirectory;
  }

  /** Whether a value is not known yet: then nothing can be rendered. */
  get hasUnknown(): boolean {
    return someValue(this.#inputs, (value) => value instanceof Unknown);
  }

  text(name: string): string | undefined {
    const value = plain(this.#inputs[name]);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    throw this.#mistake(name, 'a text');
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value !== undefined) return value;
    throw userError(`Cannot make ${this.#component} as its argument ${name} is missing. Set it.`);
  }

  flag(name: string): boolean {
    const value = plain(this.#inputs[name]);
    if (value === undefined || value === null) return false;
    if (typeof value === 'boolean') return value;
    throw this.#mistake(name, 'true or false');
  }

  /** Texts; one alone counts as a list of one. */
  texts(name: string): readonly string[] {
    const value = plain(this.#inputs[name]);
    if (value === undefined || value === null) return [];
    const items = (isPropertyArray(value) ? value : [value]).map(plain);
    if (items.every((item) => typeof item === 'string')) return items;
    throw this.#mistake(name, 'a list of texts');
  }

  fields(name: string): KubeFields {
    const value = plain(this.#inputs[name]);
    if (value === undefined || value === null) return {};
    if (isPropertyMap(value)) return objectOf(value);
    throw this.#mistake(name, 'an object');
  }

  items(name: string): readonly KubeValue[] {
    const value = plain(this.#inputs[name]);
    if (value === undefined || value === null) return [];
    const list = isPropertyArray(value) ? value : [value];
    return list.map((item) => objectOf({ item }).item!);
  }

  /** Inputs of an inner object. */
  inner(name: string): ComponentInputs {
    const value = plain(this.#inputs[name]);
    return new ComponentInputs(isPropertyMap(value) ? value : {}, this.#component, this.#workingDirectory);
  }

  has(name: string): boolean {
    const value = plain(this.#inputs[name]);
    return value !== undefined && value !== null;
  }

  /** The contents of files that are given as assets or as paths. */
  async contents(name: string): Promise<readonly string[]> {
    const value = plain(this.#inputs[name]);
    if (value === undefined || value === null) return [];
    return Promise.all((isPropertyArray(value) ? value : [value]).map((item) => this.#content(name, plain(item))));
  }

  /** The path of a file that is given as an asset or as a path; an asset of another kind is an error. */
  path(name: string): string | undefined {
    const value = plain(this.#inputs[name]);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return resolve(this.#workingDirectory, value);
    if (value instanceof Asset && value.source && 'path' in value.source)
      return resolve(this.#workingDirectory, value.source.path);
    throw this.#mistake(name, 'a file');
  }

  /** Every text within the inputs that is secret. */
  secretTexts(): readonly string[] {
    const found: string[] = [];
    someValue(this.#inputs, (value) => {
      const secret =
        value instanceof Secret ? value.value : value instanceof Output && value.secret ? value.value : undefined;
      if (secret !== undefined)
        someValue(secret, (inner) => {
          if (typeof inner === 'string' && inner !== '') found.push(inner);
          return false;
        });
      return false;
    });
    return found;
  }

  async #content(name: string, value: PropertyValue | undefined): Promise<string> {
    if (typeof value === 'string') return readFile(resolve(this.#workingDirectory, value), 'utf8');
    const source = value instanceof Asset ? value.source : undefined;
    if (source && 'text' in source) return source.text;
    if (source && 'path' in source) return readFile(resolve(this.#workingDirectory, source.path), 'utf8');
    if (source && 'uri' in source) return fetchText(source.uri);
    throw this.#mistake(name, 'a list of files');
  }

  #mistake(name: string, wanted: string): Error {
    return userError(`Cannot make ${this.#component} as its argument ${name} is not ${wanted}. Correct it.`);
  }
}

/** The text at an address. Rejects with a user error that names the address and the answer. */
export async function fetchText(address: string): Promise<string> {
  const answer = await fetch(address).catch((error: Error) => {
    throw userError(`Cannot read ${address}: ${error.message}. Check the address and the network.`);
  });
  if (answer.ok) return answer.text();
  throw userError(`Cannot read ${address} as the server answered ${answer.status}. Check the address.`);
}

function plain(value: PropertyValue | undefined): PropertyValue | undefined {
  if (value instanceof Secret) return plain(value.value);
  if (value instanceof Output) return value.value === undefined ? new Unknown() : plain(value.value);
  return value;
}

function someValue(value: PropertyValue | undefined, matches: (value: PropertyValue) => boolean): boolean {
  if (value === undefined) return false;
  if (matches(value)) return true;
  if (value instanceof Secret) return someValue(value.value, matches);
  if (value instanceof Output)
    return value.value === undefined ? matches(new Unknown()) : someValue(value.value, matches);
  if (isPropertyArray(value)) return value.some((item) => someValue(item, matches));
  return isPropertyMap(value) && Object.values(value).some((item) => someValue(item, matches));
}
