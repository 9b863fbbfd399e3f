import { userError } from '../../foundation/errors.ts';

/** `namespace:name`. A key without namespace belongs to the project; `namespace:config:name` is the older form of the same. */
export function qualifyKey(key: string, project: string): string {
  const parts = key.split(':');
  if (parts.length === 1 && key !== '') return `${project}:${key}`;
  if (parts.length === 3 && parts[1] === 'config') return `${parts[0]}:${parts[2]}`;
  if (parts.length === 2 && parts[0] !== '' && parts[1] !== '') return key;
  throw userError(
    `Cannot use the configuration key as it is not of the form [namespace:]name: ${JSON.stringify(key)}. Correct it.`,
  );
}
