import type { ResourceState } from '../deploy/resource-state.ts';
import type { Step, StepOutcome } from '../deploy/step.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import type { RawDeployment } from './backend.ts';
import { encodeDeployment } from './checkpoint.ts';
import { checkIntegrity } from './integrity.ts';
import { checkpointHash, type JournalBase, type JournalEntry } from './journal.ts';
import { type JournalStore, JournalWriter } from './journal-writer.ts';
import type { SecretWriter } from './property-json.ts';
import { resourceToJson } from './resource-json.ts';
import type { PendingOperation, Snapshot, SnapshotRecorder } from './snapshot.ts';
import { differsSemantically, effectOf, pendingKinds } from './step-effects.ts';
import { normalizeUrnReferences, renamesOf } from './urn-references.ts';

/** Where a recorder writes. */
export interface RecorderStore extends JournalStore {
  /** The text of the checkpoint that the base was read from. */
  readonly baseText: string;
  checkpointText(raw: RawDeployment): string;
  /** Writes the checkpoint, keeping the one before as `.bak`. */
  writeCheckpoint(text: string): Promise<void>;
  /** The least time between two checkpoints while an operation runs, in milliseconds. Default: one second. */
  readonly checkpointPause?: number;
}

/** The checkpoint is rewritten while an operation runs when the last time took less than a twentieth of the time since, and a second is over. */
const CHECKPOINT_SHARE = 20;
const CHECKPOINT_PAUSE = 1000;

/**
 * Records an operation: each step costs one or two lines in the journal, however large the stack is. Every second or so the whole
 * checkpoint is written as well, so that one who does not know the journal sees a fresh state with what is under way.
 */
export class CheckpointRecorder implements SnapshotRecorder {
  readonly #base: Snapshot;
  readonly #store: RecorderStore;
  readonly #manager: SecretsManager | undefined;
  readonly #writer: SecretWriter | undefined;
  readonly #journal: JournalWriter;
  /** Ids of resources that are part of the state, in its order: old ones by `#old`, newer by `#fresh`. */
  #old = new Map<string, ResourceState>();
  #fresh = new Map<string, ResourceState>();
  #ids = new Map<ResourceState, string>();
  /** What was last recorded of the flags that steps set on resources of the old state. */
  #flags = new Map<ResourceState, string>();
  #pending = new Map<number, PendingOperation>();
  readonly #operations = new Map<Step, number>();
  #count = 0;
  #lastCheckpoint = { at: performance.now(), took: 0 };

  constructor(base: Snapshot, store: RecorderStore, secretsManager: SecretsManager | undefined) {
    this.#base = base;
    this.#store = store;
    this.#manager = secretsManager ?? base.secretsManager;
    this.#writer = this.#manager && { kind: 'encrypt', manager: this.#manager };
    this.#journal = new JournalWriter(store);
    // Whether a create was done that was under way when a process was killed is not known: only a refresh settles it.
    for (const operation of base.pendingOperations)
      if (operation.kind === 'creating') this.#pending.set(this.#next(), operation);
    this.#begin(base.resources);
  }

  async beginStep(step: Step): Promise<void> {
    const kind = pendingKinds[step.op];
    const resource = step.op.startsWith('delete') ? step.old : step.new;
    if (!kind || !resource?.custom) return;
    const op = this.#next();
    this.#operations.set(step, op);
    this.#pending.set(op, { kind, resource: { ...resource } });
    try {
      await this.#record([{ k: 'begin', op, kind, resource: resourceToJson(resource, this.#writer) }]);
    } catch (error) {
      // The provider is not called then.
      this.#operations.delete(step);
      this.#pending.delete(op);
      this.#journal.appendLater([{ k: 'end', op }]);
      throw error;
    }
  }

  async endStep(step: Step, outcome: StepOutcome): Promise<void> {
    const entries: JournalEntry[] = [];
    if (outcome !== 'failure') this.#applyEffect(step, entries);
    if (step.old) this.#recordFlags(step.old, entries);
    const op = this.#operations.get(step);
    if (op !== undefined) {
      this.#operations.delete(step);
      this.#pending.delete(op);
      entries.push({ k: 'end', op });
    }
    await this.#record(entries);
    await this.#checkpointSometimes();
  }

  async recordOutputs(state: ResourceState): Promise<void> {
    const id = this.#ids.get(state);
    if (id !== undefined) await this.#record([{ k: 'set', id, resource: resourceToJson(state, this.#writer) }]);
  }

  async rebase(resources: readonly ResourceState[]): Promise<void> {
    this.#old = new Map();
    this.#fresh = new Map();
    this.#ids = new Map();
    this.#flags = new Map();
    const named = resources.map((state) => ({ id: `r${this.#next()}`, state }));
    for (const { id, state } of named) this.#track(this.#old, id, state);
    await this.#record([
      { k: 'rebase', resources: named.map(({ id, state }) => ({ id, resource: resourceToJson(state, this.#writer) })) },
    ]);
  }

  async close(): Promise<Snapshot> {
    try {
      const snapshot = this.#snapshot();
      checkIntegrity(snapshot.resources);
      const raw = encodeDeployment(snapshot);
      const { checkDeploymentShape } = await import('./deployment-shape.ts');
      checkDeploymentShape(raw);
      await this.#writeCheckpoint(this.#store.checkpointText(raw));
      return snapshot;
    } finally {
      await this.#journal.close();
    }
  }

  /** No wait may come between taking the text and this call. */
  #writeCheckpoint(text: string): Promise<void> {
    const base = this.#journalBase(checkpointHash(text), this.#fresh.size);
    this.#renumber();
    return this.#journal.checkpoint(base, () => this.#store.writeCheckpoint(text));
  }

  #snapshot(): Snapshot {
    const resources = normalizeUrnReferences([...this.#fresh.values(), ...this.#old.values()]);
    return { ...this.#base, secretsManager: this.#manager, resources, pendingOperations: [...this.#pending.values()] };
  }

  /** Starts a journal over these resources, which are those of the checkpoint. */
  #begin(resources: readonly ResourceState[]): void {
    this.#old = new Map();
    this.#ids = new Map();
    for (const [index, state] of resources.entries()) this.#track(this.#old, `b${index}`, state);
    this.#journal.start(this.#journalBase(checkpointHash(this.#store.baseText), 0));
  }

  #journalBase(checkpoint: string, fresh: number): JournalBase {
    const secrets = this.#manager && { type: this.#manager.type, state: this.#manager.state };
    const pending = [...this.#pending].map(([op, { kind, resource }]) => ({
      op,
      kind,
      resource: resourceToJson(resource, this.#writer),
    }));
    const renamed = [...renamesOf([...this.#fresh.values(), ...this.#old.values()])];
    return { k: 'base', checkpoint, fresh, pending, renamed, ...(secrets && { secrets }) };
  }

  #track(where: Map<string, ResourceState>, id: string, state: ResourceState): void {
    where.set(id, state);
    this.#ids.set(state, id);
    this.#flags.set(state, flagsOf(state));
  }

  #applyEffect(step: Step, entries: JournalEntry[]): void {
    const { retire, add } = effectOf(step);
    const from = retire && this.#ids.get(retire);
    if (from !== undefined) {
      this.#old.delete(from);
      this.#fresh.delete(from);
      this.#ids.delete(retire!);
    }
    if (!add) {
      if (from !== undefined) entries.push({ k: 'retire', id: from });
      return;
    }
    const id = `n${this.#next()}`;
    this.#track(this.#fresh, id, add);
    if (step.op === 'same' && from !== undefined && !differsSemantically(retire!, add)) {
      entries.push({ k: 'keep', id, from });
      return;
    }
    if (from !== undefined) entries.push({ k: 'retire', id: from });
    entries.push({ k: 'add', id, resource: resourceToJson(add, this.#writer) });
  }

  #recordFlags(state: ResourceState, entries: JournalEntry[]): void {
    const id = this.#ids.get(state);
    if (id === undefined || this.#flags.get(state) === flagsOf(state)) return;
    this.#flags.set(state, flagsOf(state));
    entries.push({ k: 'set', id, resource: resourceToJson(state, this.#writer) });
  }

  /** That a resource goes on as it is need not be durable before the program goes on: it is not lost without. */
  async #record(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.every(({ k }) => k === 'keep')) {
      if (entries.length > 0) this.#journal.appendLater(entries);
      return;
    }
    await this.#journal.append(entries);
  }

  /** A failure, say a full disk, is not the operation's: the journal goes on, and closing tries again. */
  async #checkpointSometimes(): Promise<void> {
    const { at, took } = this.#lastCheckpoint;
    const now = performance.now();
    if (now - at < Math.max(this.#store.checkpointPause ?? CHECKPOINT_PAUSE, took * CHECKPOINT_SHARE)) return;
    this.#lastCheckpoint = { at: Number.POSITIVE_INFINITY, took: 0 };
    await this.#writeCheckpoint(this.#store.checkpointText(encodeDeployment(this.#snapshot()))).catch(() => {});
    this.#lastCheckpoint = { at: performance.now(), took: performance.now() - now };
  }

  /** From now on ids are those of the checkpoint that is being written. The order stays: newer ones first, then the old ones left. */
  #renumber(): void {
    const [fresh, old] = [[...this.#fresh.values()], [...this.#old.values()]];
    this.#fresh = new Map();
    this.#old = new Map();
    for (const [index, state] of fresh.entries()) this.#track(this.#fresh, `b${index}`, state);
    for (const [index, state] of old.entries()) this.#track(this.#old, `b${fresh.length + index}`, state);
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }
}

/** What a step may set on a resource that stays in the state. */
function flagsOf(state: ResourceState): string {
  return `${state.delete}${state.pendingReplacement}${state.protect}${state.taint}${state.retainOnDelete}`;
}
