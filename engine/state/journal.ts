import { createHash } from 'node:crypto';
import { userError } from '../../foundation/errors.ts';
import type { JsonObject } from './property-json.ts';
import type { PendingOperationKind } from './snapshot.ts';

/**
 * What an operation has done since the checkpoint was written: lines of JSON in a log of its own, appended before and after each step.
 * A line is a list of the entries that belong together: a crash leaves all of them or none.
 * A process that is killed leaves it; the next reader folds it in (state/fold-journal.ts). The official CLI does not know it, but it
 * finds the lock of the killed process, and a checkpoint that is at most seconds old (state/recorder.ts).
 *
 * A `base` entry stands first, and before each time the checkpoint is written: from there on resources are named `b<n>` for the n-th
 * of that checkpoint and `n<k>` for the k-th added since. A reader goes on from the base entry that names the checkpoint it finds, so
 * that it does not matter whether a process was killed before, during or after writing the checkpoint.
 */
export type JournalEntry =
  | JournalBase
  | { readonly k: 'begin'; readonly op: number; readonly kind: PendingOperationKind; readonly resource: JsonObject }
  | { readonly k: 'end'; readonly op: number }
  | { readonly k: 'add'; readonly id: string; readonly resource: JsonObject }
  /** The resource `from` goes on unchanged as `id`, at the end of the order. */
  | { readonly k: 'keep'; readonly id: string; readonly from: string }
  | { readonly k: 'retire'; readonly id: string }
  | { readonly k: 'set'; readonly id: string; readonly resource: JsonObject }
  /** A refresh: these take the place of everything. */
  | { readonly k: 'rebase'; readonly resources: readonly { readonly id: string; readonly resource: JsonObject }[] };

export interface JournalBase {
  readonly k: 'base';
  /** `checkpointHash` of the checkpoint that holds everything up to here. */
  readonly checkpoint: string;
  /** The first so many resources of the checkpoint are those that the operation has dealt with already: what it adds comes after them. */
  readonly fresh: number;
  /** What is under way. It takes the place of what the checkpoint says. */
  readonly pending: readonly {
    readonly op: number;
    readonly kind: PendingOperationKind;
    readonly resource: JsonObject;
  }[];
  /** URNs that the checkpoint has under new names already, and that later entries may still use: old and new. */
  readonly renamed: readonly (readonly [string, string])[];
  /** The secrets provider of what follows: the checkpoint before may have had none. */
  readonly secrets?: { readonly type: string; readonly state: Readonly<Record<string, unknown>> };
}

/** Names a checkpoint file by its content. */
export function checkpointHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The entries of a log. What a crash cut off at the end was never acknowledged and is left out, also where a base entry was written behind
 * it since. Throws a user error for damage anywhere else. `file` is only for messages.
 */
export function parseJournal(text: string, file: string): readonly JournalEntry[] {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  const parsed = lines.map((line, index) => ({ number: index + 1, entries: line === '' ? [] : parseLine(line) }));
  const damaged = parsed.find(({ entries }) => entries === undefined);
  if (damaged && parsed.slice(damaged.number).some(({ entries }) => entries?.some(({ k }) => k !== 'base'))) {
    throw userError(
      'Cannot read the journal of an operation that was killed as a line in its middle is damaged. ' +
        'Restore the file; or delete it, and import what the state then misses with `pulumi import`.',
      { place: { file, line: damaged.number } },
    );
  }
  return parsed.flatMap(({ entries }) => entries ?? []);
}

function parseLine(line: string): readonly JournalEntry[] | undefined {
  try {
    const entries = JSON.parse(line) as unknown;
    return Array.isArray(entries) ? (entries as readonly JournalEntry[]) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What the journal has to add to the checkpoint with this text: the base entry that names it, and all that follows. Undefined if the
 * journal does not know the checkpoint: another program wrote it.
 */
export function entriesSince(
  entries: readonly JournalEntry[],
  checkpoint: string,
): readonly JournalEntry[] | undefined {
  const hash = checkpointHash(checkpoint);
  const index = entries.findLastIndex((entry) => entry.k === 'base' && entry.checkpoint === hash);
  return index === -1 ? undefined : entries.slice(index);
}
