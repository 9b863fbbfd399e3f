import { messageOf, userError } from '../../foundation/errors.ts';
import type { Change } from '../core/change.ts';
import type { Services } from './services.ts';
import { recoverNow } from './unlock-stack.ts';
import type { CheckoutOf } from './with-checkout.ts';

/**
 * Clears what interrupted updates of a change's stacks left: their processes and our own locks, never somebody else's. A stack that is being
 * updated is left alone. Returns what was done, a line per stack.
 */
export async function unlockStacks(services: Services, change: Change): Promise<string> {
  const { store } = services;
  const previews = await store.runs.list({ change: change.id, kind: 'preview', limit: 1000 });
  const stacks = [...new Set(previews.map(({ stack }) => stack))].sort();
  if (stacks.length === 0) throw userError('Cannot unlock anything as the change affects no stack. See `/help`.');
  const lines: string[] = [];
  for (const stack of stacks) {
    const at = { repository: change.repository, stack, states: ['running', 'waiting'] as const };
    const busy = (await store.runs.list(at)).filter(({ kind }) => kind === 'update' || kind === 'correction');
    const preview = previews.find((run) => run.stack === stack)!;
    lines.push(
      busy.length > 0
        ? `${stack} is being updated (${busy[0]!.id}), and holds its own lock`
        : `${stack}: ${await recovered(services, { ...preview, id: `unlock-${preview.id}` })}`,
    );
  }
  return lines.map((line) => `- ${line}`).join('\n');
}

function recovered(services: Services, run: CheckoutOf): Promise<string> {
  return recoverNow(services, run).catch(messageOf);
}
