import { isMap, parseDocument } from 'yaml';
import { userError } from '../../foundation/errors.ts';
import { withinMeasure } from './within-measure.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * The text of an environment's stack file: that of its template, with the same secrets provider, and `config` on top. Objects are merged, anything else is
 * replaced; secrets (`secure: …`) stay encrypted, as one key is for all copies. Throws a user error where the template's file is no YAML of settings.
 */
export function environmentFile(
  { file, text }: { readonly file: string; readonly text: string },
  config: Values,
): string {
  const unusable = (why: string) =>
    userError(`Cannot make a preview environment of ${file} as ${why}. Correct the file.`);
  const document = withinMeasure(() => parseDocument(text), unusable);
  const [mistake] = document.errors;
  if (mistake) throw unusable(mistake.message.split('\n')[0]!);
  const content = withinMeasure<unknown>(() => document.toJS(), unusable) ?? {};
  if (!isObject(content)) throw unusable('it holds no settings');
  if (document.contents === null) document.contents = document.createNode({}) as never;
  const before = content.config ?? {};
  if (!isObject(before)) throw unusable('its `config` holds no settings');
  if (!isMap(document.get('config'))) document.set('config', document.createNode({}));
  for (const [key, value] of Object.entries(config))
    document.setIn(['config', key], document.createNode(merged(before[key], value)));
  return document.toString();
}

function merged(before: unknown, over: unknown): unknown {
  if (!isObject(before) || !isObject(over) || isSecret(before) || isSecret(over)) return over;
  const all = new Set([...Object.keys(before), ...Object.keys(over)]);
  return Object.fromEntries([...all].map((key) => [key, key in over ? merged(before[key], over[key]) : before[key]]));
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How a stack's file holds a secret (https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/). */
function isSecret(value: Values): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === 'secure';
}
