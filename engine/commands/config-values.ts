import { REDACTED } from '../../foundation/redact.ts';
import type { PropertyPath } from '../../protocol/property-path.ts';
import { existingSecrets, type OpenStack } from '../operations/open-stack.ts';
import { containsSecure, decryptData } from '../project/stack-config.ts';
import { type ConfigData, isSecure } from '../project/stack-file.ts';
import { CommandFailure } from './exit-codes.ts';

/** `--type` of `config set`. */
export type ValueType = 'string' | 'bool' | 'int' | 'float';

/** What a text on the command line is stored as. Only inside of objects and lists a bare text is taken for what it looks like. */
export function typedValue(
  text: string,
  options: { readonly type: string | undefined; readonly inside: boolean },
): ConfigData {
  switch (options.type) {
    case undefined:
      return options.inside ? guessed(text) : text;
    case 'string':
      return text;
    case 'bool':
      if (text === 'true' || text === 'false') return text === 'true';
      break;
    case 'int':
      if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
      break;
    case 'float':
      if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
      break;
    default:
      throw new CommandFailure(
        `Cannot store the value as ${JSON.stringify(options.type)} is none of string, bool, int, float. Correct --type.`,
      );
  }
  throw new CommandFailure(
    `Cannot store the value as it is no ${options.type}: ${JSON.stringify(text)}. Correct it or --type.`,
  );
}

/** As the official CLI does for `--path`: true, false and numbers, but not those with a leading zero, which are codes and not numbers. */
function guessed(text: string): ConfigData {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^(0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  return text;
}

/** The value at a path; undefined if there is none. */
export function dataAt(data: ConfigData | undefined, path: PropertyPath): ConfigData | undefined {
  let current = data;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || isSecure(current)) return undefined;
    current = (current as Readonly<Record<string | number, ConfigData>>)[step];
  }
  return current;
}

/** One setting as `config --json` and `config get --json` print it. */
export interface ShownValue {
  readonly value?: string;
  readonly objectValue?: unknown;
  readonly secret: boolean;
}

/** `decrypt` undefined hides what is secret. */
export function shownValue(data: ConfigData, decrypt: ((text: string) => string) | undefined): ShownValue {
  const secret = containsSecure(data);
  if (secret && !decrypt) return { secret };
  const plain = decrypt ? decryptData(data, decrypt) : data;
  const text =
    typeof plain === 'object' && plain !== null ? JSON.stringify(plain) : plain === null ? '' : String(plain);
  return {
    value: text,
    ...(typeof plain === 'object' && plain !== null && { objectValue: plain }),
    secret,
  };
}

/** The data with `[secret]` in the place of every secret. */
export function masked(data: ConfigData): ConfigData {
  if (isSecure(data)) return REDACTED;
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map(masked);
  return Object.fromEntries(Object.entries(data).map(([key, part]) => [key, masked(part as ConfigData)]));
}

/** How the stack's secrets are decrypted; undefined where no value is one, so that no passphrase is asked for. */
export async function decrypterFor(
  stack: OpenStack,
  values: Iterable<ConfigData>,
): Promise<((text: string) => string) | undefined> {
  if (![...values].some(containsSecure)) return undefined;
  const manager = await existingSecrets(stack);
  if (!manager)
    throw new CommandFailure(
      `Cannot decrypt the stack's settings as they name no encryptionsalt: ${stack.file.path}. Restore it from the file's history.`,
    );
  return (text) => manager.decrypt(text);
}
