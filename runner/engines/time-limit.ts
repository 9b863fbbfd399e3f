import { userError } from '../../foundation/errors.ts';
import { formatDuration } from '../core/duration.ts';
import type { StackWork } from './engine.ts';

/**
 * Does `operation` with the work's signal, which is aborted when its time is over, too. Rejects with a user error then: the operation has ended
 * by that time.
 */
export async function withinTime<T>(work: StackWork, operation: (work: StackWork) => Promise<T>): Promise<T> {
  const { limits, signal } = work;
  if (!limits) return operation(work);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), limits.time);
  try {
    const result = await operation({ ...work, signal: AbortSignal.any([over.signal, ...(signal ? [signal] : [])]) });
    if (!over.signal.aborted || signal?.aborted) return result;
  } catch (error) {
    if (!over.signal.aborted || signal?.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  throw userError(
    `Cannot go on with ${work.stack} as it takes longer than it may: ${formatDuration(limits.time)}. Make it quicker, or raise \`${limits.setBy ?? 'preview'}.time\` of the stack in mainstay.yaml.`,
  );
}
