import { messageOf } from '../../foundation/errors.ts';
import { ensureSecrets, type OpenStack } from '../operations/open-stack.ts';
import type { ConfigData } from '../project/stack-file.ts';
import type { CommandContext } from './command.ts';
import { configPlace } from './config-key-path.ts';
import { CommandFailure } from './exit-codes.ts';

interface JsonValue {
  readonly value?: string | null;
  readonly objectValue?: ConfigData;
  readonly secret?: boolean;
}

/** `config set-all --json`: the form that `config --json --show-secrets` prints. Nothing is saved if any value is wrong. */
export async function setAllFromJson(context: CommandContext, stack: OpenStack, json: string): Promise<void> {
  const entries = Object.entries(parsed(json));
  const secret = entries.some(([, value]) => value.secret === true);
  const manager = secret ? await ensureSecrets(stack, context.environment) : undefined;
  for (const [text, value] of entries) {
    const place = configPlace(text, stack.project.name, false);
    stack.file.setConfig(
      place.key,
      dataOf(text, value, (plain) => manager!.encrypt(plain)),
    );
  }
  await stack.file.save();
}

function parsed(json: string): Readonly<Record<string, JsonValue>> {
  try {
    const values = JSON.parse(json) as unknown;
    if (typeof values === 'object' && values !== null && !Array.isArray(values))
      return values as Record<string, JsonValue>;
    throw new Error('it is not an object');
  } catch (error) {
    throw new CommandFailure(
      `could not parse --json argument: ${messageOf(error)}. Give what \`pulumi config --json --show-secrets\` prints.`,
    );
  }
}

function dataOf(key: string, value: JsonValue, encrypt: (plain: string) => string): ConfigData {
  if (value.objectValue !== undefined && value.objectValue !== null) {
    // Which parts of an object were secret is not in this form: then all of it is.
    return value.secret ? { secure: encrypt(JSON.stringify(value.objectValue)) } : value.objectValue;
  }
  if (typeof value.value === 'string') return value.secret ? { secure: encrypt(value.value) } : value.value;
  throw new CommandFailure(
    `value for ${key} is null or missing: secrets must be given in plain text, as with \`pulumi config --json --show-secrets\`.`,
  );
}
