import { messageOf } from '../../foundation/errors.ts';

/**
 * Reads a text of somebody else by a library. One that is written to grow beyond all measure, by aliases of aliases or by its depth, is a mistake of the
 * file, and `mistake` makes the error of it.
 */
export function withinMeasure<T>(read: () => T, mistake: (why: string) => Error): T {
  try {
    return read();
  } catch (error) {
    throw mistake(messageOf(error).split('\n')[0]!);
  }
}
