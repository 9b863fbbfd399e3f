import { containsSecure } from '../project/stack-config.ts';
import { type ConfigData, isSecure } from '../project/stack-file.ts';
import type { UpdateInfo } from '../state/backend.ts';
import type { OpenStack } from './open-stack.ts';

/** The stack's settings as a history entry keeps them: secrets as they are encrypted in the stack file. */
export function historyConfig(stack: OpenStack): UpdateInfo['config'] {
  return Object.fromEntries([...stack.file.config()].map(([key, data]) => [key, historyValue(data)]));
}

function historyValue(data: ConfigData): UpdateInfo['config'][string] {
  if (isSecure(data)) return { value: data.secure, secret: true };
  if (typeof data === 'object' && data !== null)
    return { value: JSON.stringify(data), secret: containsSecure(data), objectValue: true };
  return { value: data === null ? '' : String(data), secret: false };
}
