import { MainstayError, messageOf, systemCode } from '../../foundation/errors.ts';

/** As the system, git, npm, SQLite and our own engine say it. */
const FULL = /\b(ENOSPC|EDQUOT)\b|no space left on device|disk quota exceeded|disk is full/i;

/**
 * The error as it is, or as one that passes where it is about a full disk, whoever met it: somebody makes room, and what was under way goes on. No
 * commit, state or run is lost by it, as whatever is written takes its place only when it is whole.
 */
export function unlessDiskFull(error: unknown): unknown {
  const text = messageOf(error);
  if (!FULL.test(systemCode(error) ?? '') && !FULL.test(text)) return error;
  const said = text.split('\n').find((line) => FULL.test(line)) ?? text;
  return new MainstayError(
    'transient',
    `Cannot go on as the disk is full: ${said.trim()}. Free some space: it is tried again for some minutes, and later with /retry.`,
    { cause: error },
  );
}
