import type { RawDeployment } from './backend.ts';
import { featuresOf } from './checkpoint.ts';
import type { JournalBase, JournalEntry } from './journal.ts';
import type { JsonObject } from './property-json.ts';
import type { PendingOperationKind } from './snapshot.ts';
import { normalizeJson } from './urn-references.ts';

interface Pending {
  readonly kind: PendingOperationKind;
  readonly resource: JsonObject;
}

/**
 * The deployment with everything that the entries say done, in the order of a recorder that had gone on to its end. Works on the file's
 * form: no secret is opened, so that a state can be exported, moved and repaired without its passphrase. The first entry is the base entry
 * of the deployment's checkpoint (`entriesSince`).
 */
export function foldJournal(raw: RawDeployment, entries: readonly JournalEntry[]): RawDeployment {
  const fold = new Fold((raw.deployment.resources ?? []) as readonly JsonObject[]);
  for (const entry of entries) fold.apply(entry);
  const [first] = entries;
  const base = first?.k === 'base' ? first : undefined;
  const resources = normalizeJson(fold.resources(), base?.renamed ?? []);
  const { resources: _, pending_operations: __, ...rest } = raw.deployment;
  const pending = fold.pending().map(({ kind, resource }) => ({ resource, type: kind }));
  const features = [...new Set([...(raw.features ?? []), ...featuresOf(resources)])].sort();
  return {
    version: features.length > 0 ? 4 : 3,
    features,
    deployment: {
      ...rest,
      ...(base?.secrets && { secrets_providers: base.secrets }),
      ...(resources.length > 0 && { resources }),
      ...(pending.length > 0 && { pending_operations: pending }),
    },
  };
}

class Fold {
  #old: Map<string, JsonObject>;
  #fresh = new Map<string, JsonObject>();
  #pending = new Map<number, Pending>();

  constructor(resources: readonly JsonObject[]) {
    this.#old = numbered(resources, 0);
  }

  apply(entry: JournalEntry): void {
    switch (entry.k) {
      case 'base':
        this.#continueFrom(entry);
        return;
      case 'begin':
        this.#pending.set(entry.op, entry);
        return;
      case 'end':
        this.#pending.delete(entry.op);
        return;
      case 'add':
        this.#fresh.set(entry.id, entry.resource);
        return;
      case 'keep':
        this.#keep(entry.from, entry.id);
        return;
      case 'retire':
        this.#retire(entry.id);
        return;
      case 'set':
        (this.#old.has(entry.id) ? this.#old : this.#fresh).set(entry.id, entry.resource);
        return;
      case 'rebase':
        this.#fresh = new Map();
        this.#old = new Map(entry.resources.map(({ id, resource }) => [id, resource]));
    }
  }

  resources(): readonly JsonObject[] {
    return [...this.#fresh.values(), ...this.#old.values()];
  }

  pending(): readonly Pending[] {
    return [...this.#pending.values()];
  }

  /** Ids are those of the checkpoint from here on, whether it was written or not. */
  #continueFrom({ fresh, pending }: JournalBase): void {
    const resources = this.resources();
    this.#fresh = numbered(resources.slice(0, fresh), 0);
    this.#old = numbered(resources.slice(fresh), fresh);
    this.#pending = new Map(pending.map((operation) => [operation.op, operation]));
  }

  #keep(from: string, id: string): void {
    const state = this.#old.get(from) ?? this.#fresh.get(from);
    this.#retire(from);
    if (state) this.#fresh.set(id, state);
  }

  #retire(id: string): void {
    this.#old.delete(id);
    this.#fresh.delete(id);
  }
}

function numbered(resources: readonly JsonObject[], first: number): Map<string, JsonObject> {
  return new Map(resources.map((resource, index) => [`b${first + index}`, resource]));
}
