import { createHash } from 'node:crypto';
import type { ResourceState } from '../deploy/resource-state.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import type { JsonObject } from './property-json.ts';
import { resourceFromJson } from './resource-json.ts';
import type { PendingOperation, PendingOperationKind, Snapshot } from './snapshot.ts';

/**
 * What an operation has done since the checkpoint was written: lines of JSON in a log of its own, appended before and after each step.
 * The first line says which checkpoint it continues. A process that is killed leaves it; the next reader folds it in
 * (`foldJournal`). The official CLI does not know it, but it finds the lock of the killed process, and a checkpoint that is at
 * most seconds old (state/recorder.ts).
 *
 * Resources are named `b<n>` for the n-th of the checkpoint and `n<k>` for the k-th added since; operations by number. The first
 * `fresh` resources of the checkpoint are those that the operation has dealt with already: what it adds comes after them.
 */
export type JournalEntry =
  | {
      readonly k: 'base';
      readonly checkpoint: string;
      readonly pending: readonly number[];
      readonly fresh: number;
      readonly secrets?: JournalSecrets;
    }
  | { readonly k: 'begin'; readonly op: number; readonly kind: PendingOperationKind; readonly resource: JsonObject }
  | { readonly k: 'end'; readonly op: number }
  | { readonly k: 'add'; readonly id: string; readonly resource: JsonObject }
  /** The resource `from` goes on unchanged as `id`, at the end of the order. */
  | { readonly k: 'keep'; readonly id: string; readonly from: string }
  | { readonly k: 'retire'; readonly id: string }
  | { readonly k: 'set'; readonly id: string; readonly resource: JsonObject }
  /** The checkpoint with this hash holds all of the above: it was being written when the journal ends here. */
  | { readonly k: 'next'; readonly checkpoint: string }
  /** A refresh: these take the place of everything. */
  | { readonly k: 'rebase'; readonly resources: readonly { readonly id: string; readonly resource: JsonObject }[] };

/** The secrets provider of what the journal holds: the checkpoint before it may have had none. */
export interface JournalSecrets {
  readonly type: string;
  readonly state: Readonly<Record<string, unknown>>;
}

/** Names a checkpoint file by its content. */
export function checkpointHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The entries of a log. A last line that was cut off by a crash is left out: it was never acknowledged. */
export function parseJournal(text: string): readonly JournalEntry[] {
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JournalEntry]));
}

/** Whether the journal continues the checkpoint with this text. */
export function continues(entries: readonly JournalEntry[], checkpoint: string): boolean {
  const [first] = entries;
  return first?.k === 'base' && first.checkpoint === checkpointHash(checkpoint);
}

/** Whether the checkpoint with this text was made from the journal: then the journal has nothing to add. */
export function isContainedIn(entries: readonly JournalEntry[], checkpoint: string): boolean {
  const last = entries.at(-1);
  return last?.k === 'next' && last.checkpoint === checkpointHash(checkpoint);
}

/** The snapshot with everything that the journal says done, in the order of a recorder that had gone on to its end. */
export function foldJournal(
  base: Snapshot,
  entries: readonly JournalEntry[],
  manager: SecretsManager | undefined,
): Snapshot {
  const fold = new Fold(base, manager ?? base.secretsManager);
  for (const entry of entries) fold.apply(entry);
  return {
    ...base,
    secretsManager: manager ?? base.secretsManager,
    resources: fold.resources(),
    pendingOperations: fold.pending(),
  };
}

class Fold {
  #base = new Map<string, ResourceState>();
  #fresh = new Map<string, ResourceState>();
  readonly #basePending: readonly PendingOperation[];
  #pending = new Map<number, PendingOperation>();
  readonly #manager: SecretsManager | undefined;

  constructor(base: Snapshot, manager: SecretsManager | undefined) {
    this.#base = new Map(base.resources.map((state, index) => [`b${index}`, state]));
    this.#basePending = base.pendingOperations;
    this.#manager = manager;
  }

  apply(entry: JournalEntry): void {
    switch (entry.k) {
      case 'base':
        this.#continueFrom(entry);
        return;
      case 'begin':
        this.#pending.set(entry.op, { kind: entry.kind, resource: this.#decode(entry.resource) });
        return;
      case 'end':
        this.#pending.delete(entry.op);
        return;
      case 'add':
        this.#fresh.set(entry.id, this.#decode(entry.resource));
        return;
      case 'keep':
        this.#keep(entry.from, entry.id);
        return;
      case 'retire':
        this.#base.delete(entry.id);
        this.#fresh.delete(entry.id);
        return;
      case 'set':
        (this.#base.has(entry.id) ? this.#base : this.#fresh).set(entry.id, this.#decode(entry.resource));
        return;
      case 'next':
        return;
      case 'rebase':
        this.#fresh = new Map();
        this.#base = new Map(entry.resources.map(({ id, resource }) => [id, this.#decode(resource)]));
    }
  }

  resources(): readonly ResourceState[] {
    return [...this.#fresh.values(), ...this.#base.values()];
  }

  pending(): readonly PendingOperation[] {
    return [...this.#pending.values()];
  }

  #continueFrom({ pending, fresh }: Extract<JournalEntry, { readonly k: 'base' }>): void {
    this.#pending = new Map(this.#basePending.map((operation, index) => [pending[index] ?? -1 - index, operation]));
    const resources = [...this.#base];
    this.#fresh = new Map(resources.slice(0, fresh));
    this.#base = new Map(resources.slice(fresh));
  }

  #keep(from: string, id: string): void {
    const state = this.#base.get(from) ?? this.#fresh.get(from);
    this.#base.delete(from);
    this.#fresh.delete(from);
    if (state) this.#fresh.set(id, state);
  }

  #decode(json: JsonObject): ResourceState {
    return resourceFromJson(json, this.#manager);
  }
}
