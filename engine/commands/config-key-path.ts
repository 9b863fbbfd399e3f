import { messageOf } from '../../foundation/errors.ts';
import { type PropertyPath, parsePath } from '../../protocol/property-path.ts';
import { qualifyKey } from '../project/config-key.ts';
import { CommandFailure } from './exit-codes.ts';

/** A place in a stack's settings: the key, and what is inside its value. */
export interface ConfigPlace {
  /** `namespace:name`. */
  readonly key: string;
  readonly path: PropertyPath;
}

/**
 * The place that a command line names. With `--path` the part behind the namespace is a path whose first name is that of the setting
 * (`aws:tags.owner`, `names[0]`). Throws on anything malformed.
 */
export function configPlace(text: string, project: string, isPath: boolean): ConfigPlace {
  if (!isPath) return { key: keyOf(text, project, text), path: [] };
  const cut = namespaceEnd(text);
  let segments: PropertyPath;
  try {
    segments = parsePath(text.slice(cut));
  } catch (cause) {
    throw new CommandFailure(`invalid configuration key path: ${messageOf(cause)}: ${text}`);
  }
  const [name, ...path] = segments;
  if (typeof name !== 'string' || name === '') throw new CommandFailure(`invalid configuration key path: ${text}`);
  return { key: keyOf(`${text.slice(0, cut)}${name}`, project, text), path };
}

/** Where the namespace ends: behind the first colon that is not inside brackets or quotes. */
function namespaceEnd(text: string): number {
  const match = /^[^[\]".]*?:/.exec(text);
  return match ? match[0].length : 0;
}

function keyOf(text: string, project: string, shown: string): string {
  try {
    return qualifyKey(text, project);
  } catch {
    throw new CommandFailure(
      `invalid configuration key: could not parse ${shown} as a configuration key (configuration keys should be of the form \`<namespace>:<name>\`)`,
    );
  }
}
