import { ensureSecrets, existingSecrets, openStack } from '../operations/open-stack.ts';
import { containsSecure } from '../project/stack-config.ts';
import { type ConfigData, isSecure } from '../project/stack-file.ts';
import type { CommandContext } from './command.ts';
import { configPlace } from './config-key-path.ts';
import { dataAt } from './config-values.ts';
import { CommandFailure } from './exit-codes.ts';

/** Copies settings to another stack; secrets are encrypted anew with its key. Without `key` all of them. */
export async function copyConfig(
  context: CommandContext,
  copy: { readonly from: string | undefined; readonly to: string; readonly key?: string; readonly path?: boolean },
): Promise<void> {
  const source = await openStack(context, { name: copy.from });
  const target = await openStack(context, { name: copy.to });
  if (source.identity.stack === target.identity.stack && source.identity.project === target.identity.project)
    throw new CommandFailure('current stack and destination stack are the same');
  const values = source.file.config();
  const secret = [...values.values()].some(containsSecure);
  const reader = secret ? await existingSecrets(source) : undefined;
  const writer = secret ? await ensureSecrets(target, context.environment) : undefined;
  const recode = (data: ConfigData) => recoded(data, (text) => writer!.encrypt(reader!.decrypt(text)));
  if (copy.key === undefined) for (const [key, data] of values) target.file.setConfig(key, recode(data));
  else {
    const place = configPlace(copy.key, source.project.name, copy.path === true);
    const data = dataAt(values.get(place.key), place.path);
    if (data === undefined)
      throw new CommandFailure(`configuration key '${copy.key}' not found for stack '${source.identity.stack}'`);
    target.file.setConfig(place.key, recode(data), place.path);
  }
  await target.file.save();
}

/** The data with every encrypted part changed. */
export function recoded(data: ConfigData, change: (ciphertext: string) => string): ConfigData {
  if (isSecure(data)) return { secure: change(data.secure) };
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map((part: ConfigData) => recoded(part, change));
  return Object.fromEntries(Object.entries(data).map(([key, part]) => [key, recoded(part as ConfigData, change)]));
}
