import { setTimeout } from 'node:timers/promises';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { isMainstayError, userError } from '../../foundation/errors.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import {
  type Backend,
  type RawDeployment,
  type SecretsManagerOpener,
  type StackIdentity,
  StackNotFound,
  type StackSummary,
  type UpdateInfo,
} from './backend.ts';
import type { Bucket } from './bucket.ts';
import {
  checkpointText,
  decodeDeployment,
  encodeDeployment,
  parseCheckpoint,
  refuseUnknownFeatures,
  refuseUnknownParts,
} from './checkpoint.ts';
import {
  type CheckpointEnding,
  type CheckpointFile,
  endingFor,
  findCheckpoint,
  pack,
  readCheckpoint,
  stackFolder,
  stackKey,
  stackOfKey,
} from './checkpoint-files.ts';
import { foldJournal } from './fold-journal.ts';
import { addToHistory, deleteHistory, moveHistory, readHistory, unixNanos } from './history.ts';
import { checkIntegrity, refuseFault } from './integrity.ts';
import { checkpointHash, entriesSince, type JournalEntry, parseJournal } from './journal.ts';
import { cancelLocks, isLocked, takeLock } from './locks.ts';
import { CheckpointRecorder } from './recorder.ts';
import { renamedDeployment } from './rename-deployment.ts';
import type { Snapshot, SnapshotRecorder } from './snapshot.ts';

const NAME = /^[A-Za-z0-9_.-]{1,100}$/;
/** Either leaves out the backup after each operation. */
const NO_BACKUPS = ['PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS', 'PULUMI_DISABLE_CHECKPOINT_BACKUPS'] as const;
/** Either keeps a copy of every checkpoint that is written. */
const RETENTION = ['PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS', 'PULUMI_RETAIN_CHECKPOINTS'] as const;
/** Says which layout the bucket has. */
export const META = '.pulumi/meta.yaml';

const journalKey = ({ project, stack }: StackIdentity) => `.pulumi/journals/${project}/${stack}.jsonl`;
const tagsKey = (stack: StackIdentity) => `${stackKey(stack)}.pulumi-tags`;
const qualified = ({ project, stack }: StackIdentity) => `organization/${project}/${stack}`;

/** How often, and after how many milliseconds, a checkpoint and a journal that do not belong together are read again. */
const READ_ATTEMPTS = 10;
const READ_PAUSE = 50;

interface CurrentState {
  readonly file: CheckpointFile;
  /** The checkpoint's own text. */
  readonly text: string;
  readonly log: string | undefined;
  /** Whether `raw` holds more than the text. */
  readonly folded: boolean;
  readonly raw: RawDeployment;
}

/** Pulumi's self-managed backend over a bucket (pkg/backend/diy): the same layout, so that the official CLI reads and writes it too. */
export class DiyBackend implements Backend {
  readonly url: string;
  readonly #bucket: Bucket;
  readonly #settings: EnvironmentReader;

  constructor(url: string, bucket: Bucket, environment: Environment) {
    this.url = url;
    this.#bucket = bucket;
    this.#settings = new EnvironmentReader(environment);
  }

  async exists(stack: StackIdentity): Promise<boolean> {
    return (await findCheckpoint(this.#bucket, stack)) !== undefined;
  }

  async createStack(stack: StackIdentity): Promise<void> {
    if (!NAME.test(stack.stack)) {
      throw userError(
        `Cannot make a stack as its name is not one: ${JSON.stringify(stack.stack)}. Use up to 100 letters, digits, hyphens, underscores and dots.`,
      );
    }
    if (await this.exists(stack)) throw userError(`stack '${qualified(stack)}' already exists`);
    await this.#ensureMeta();
    const empty = encodeDeployment({ resources: [], pendingOperations: [], secretsManager: undefined, preserved: {} });
    await this.#writeCheckpoint(stack, checkpointText(qualified(stack), empty));
  }

  /** Says that stacks are kept by project, as the official CLI expects. */
  async #ensureMeta(): Promise<void> {
    if ((await this.#bucket.read(META)) === undefined) await this.#bucket.write(META, 'version: 1\n');
  }

  async listStacks(project?: string): Promise<readonly StackSummary[]> {
    const entries = await this.#bucket.list(project === undefined ? stackFolder : `${stackFolder}/${project}`);
    const stacks = new Map<string, StackIdentity>();
    for (const { key } of entries) {
      const owner = stackOfKey(key);
      if (owner) stacks.set(qualified(owner), { project: owner.project, stack: owner.stack });
    }
    const summaries = await Promise.all([...stacks.values()].map((stack) => this.#summarizeIfThere(stack)));
    return summaries.filter((summary) => summary !== undefined);
  }

  /** Undefined for a stack that another process has removed since it was listed. */
  async #summarizeIfThere(stack: StackIdentity): Promise<StackSummary | undefined> {
    try {
      return await this.#summarize(stack);
    } catch (error) {
      if (error instanceof StackNotFound) return undefined;
      throw error;
    }
  }

  async #summarize(stack: StackIdentity): Promise<StackSummary> {
    const { deployment } = await this.exportDeployment(stack).catch((error: unknown) => {
      // One that cannot be read is in the list like the others: reading it says what is wrong.
      if (isMainstayError(error, 'user')) return { deployment: {} as RawDeployment['deployment'] };
      throw error;
    });
    const resources = deployment.resources as readonly unknown[] | undefined;
    const time = (deployment.manifest as { readonly time?: string } | undefined)?.time;
    return {
      ...stack,
      lastUpdate: resources && resources.length > 0 ? time : undefined,
      resourceCount: resources?.length,
      updateInProgress: await isLocked(this.#bucket, stack),
    };
  }

  async removeStack(
    stack: StackIdentity,
    options: { readonly force: boolean; readonly removeBackups: boolean },
  ): Promise<void> {
    const { deployment } = await this.exportDeployment(stack);
    const resources = (deployment.resources ?? []) as readonly { readonly type?: string }[];
    const left = resources.filter(({ type }) => type !== 'pulumi:pulumi:Stack').length;
    if (left > 0 && !options.force)
      throw userError(`'${stack.stack}' still has resources; removal rejected; pass --force to override`);
    const file = await findCheckpoint(this.#bucket, stack);
    const bytes = file && (await this.#bucket.read(file.key));
    if (file && bytes && !options.removeBackups) await this.#bucket.write(`${file.key}.bak`, bytes);
    for (const { key } of await this.#bucket.list(`${stackFolder}/${stack.project}`))
      if (stackOfKey(key)?.stack === stack.stack) await this.#bucket.delete(key);
    if (options.removeBackups && file) await this.#removeBackups(stack, file.key);
    await this.#bucket.delete(tagsKey(stack));
    await this.#bucket.deleteLog(journalKey(stack));
    await deleteHistory(this.#bucket, stack);
  }

  async #removeBackups(stack: StackIdentity, key: string): Promise<void> {
    await this.#bucket.delete(`${key}.bak`);
    for (const backup of await this.#bucket.list(`.pulumi/backups/${stack.project}/${stack.stack}`))
      await this.#bucket.delete(backup.key);
  }

  async renameStack(from: StackIdentity, to: StackIdentity): Promise<void> {
    if (!NAME.test(to.stack))
      throw userError(
        `Cannot rename the stack as the new name is not one: ${JSON.stringify(to.stack)}. Use letters, digits, hyphens, underscores and dots.`,
      );
    if (await this.exists(to)) throw userError(`stack '${qualified(to)}' already exists`);
    const raw = await this.exportDeployment(from);
    await this.#writeCheckpoint(to, checkpointText(qualified(to), renamedDeployment(raw, from, to)));
    await moveHistory(this.#bucket, from, to);
    const tags = await this.#bucket.read(tagsKey(from));
    if (tags) await this.#bucket.write(tagsKey(to), tags);
    await this.removeStack(from, { force: true, removeBackups: false });
  }

  async readSnapshot(stack: StackIdentity, open: SecretsManagerOpener): Promise<Snapshot> {
    const { raw, file } = await this.#readCurrent(stack);
    const snapshot = await decodeDeployment(raw, open);
    refuseFault(
      () => checkIntegrity(snapshot.resources),
      `Run \`pulumi state repair\`, or restore ${this.#bucket.describe(file.key)} from the file beside it that ends in .bak.`,
    );
    return snapshot;
  }

  async exportDeployment(stack: StackIdentity): Promise<RawDeployment> {
    return (await this.#readCurrent(stack)).raw;
  }

  /** The state as it is, with what a killed process left in its journal. */
  async #readCurrent(stack: StackIdentity): Promise<CurrentState> {
    for (let attempt = 1; ; attempt += 1) {
      // In this order: where an operation writes its checkpoint in between, that holds what the journal then no longer does.
      const log = await this.#bucket.readLog(journalKey(stack));
      const { file, text } = await readCheckpoint(this.#bucket, stack);
      const raw = parseCheckpoint(text, this.#bucket.describe(file.key));
      if (log === undefined) return { file, text, raw, log, folded: false };
      const entries = parseJournal(log, this.#bucket.describe(journalKey(stack)));
      const added = entries.length === 0 ? [] : entriesSince(entries, text);
      if (added)
        return { file, text, log, folded: added.length > 1, raw: added.length > 0 ? foldJournal(raw, added) : raw };
      // An operation that is running may have written its checkpoint between the two reads.
      if (attempt === READ_ATTEMPTS) throw this.#foreignJournal(stack);
      await setTimeout(READ_PAUSE);
    }
  }

  #foreignJournal(stack: StackIdentity): Error {
    const place = { file: this.#bucket.describe(journalKey(stack)) };
    return userError(
      'Cannot use the state as it was changed by another program after an operation was killed, and that operation’s journal may name resources that the state does not. ' +
        'Compare them, then delete the journal, and import what is missing with `pulumi import`.',
      { place },
    );
  }

  /** Makes what a killed process left part of the checkpoint. The journal says so first: it must not matter where this is killed. */
  async #settle(stack: StackIdentity): Promise<CurrentState> {
    const current = await this.#readCurrent(stack);
    if (current.log === undefined) return current;
    const { raw, file, log } = current;
    const text = current.folded ? checkpointText(qualified(stack), raw) : current.text;
    if (current.folded) {
      const journal = await this.#bucket.openLog(journalKey(stack));
      const base: JournalEntry = { k: 'base', checkpoint: checkpointHash(text), fresh: 0, pending: [], renamed: [] };
      try {
        await journal.append(`${log.endsWith('\n') ? '' : '\n'}${JSON.stringify([base])}\n`);
      } finally {
        await journal.close();
      }
      await this.#writeCheckpoint(stack, text, file.ending);
    }
    await this.#bucket.deleteLog(journalKey(stack));
    return { file, raw, text, log: undefined, folded: false };
  }

  async importDeployment(
    stack: StackIdentity,
    raw: RawDeployment,
    options: { readonly force: boolean },
  ): Promise<void> {
    refuseUnknownFeatures(raw.features ?? [], 'the imported state');
    const resources = (raw.deployment.resources ?? []) as readonly { readonly urn: string }[];
    const foreign = resources.find(({ urn }) => !urn.startsWith(`urn:pulumi:${stack.stack}::`));
    if (foreign && !options.force) {
      throw userError(
        `Cannot import the state as a resource belongs to another stack: ${foreign.urn}. Give --force to import it all the same.`,
      );
    }
    if (!options.force) {
      const { checkDeploymentShape } = await import('./deployment-shape.ts');
      refuseFault(() => checkDeploymentShape(raw), 'Correct what is imported; the state is as it was.');
    }
    const file = await this.#settleIfReadable(stack);
    await this.#writeCheckpoint(stack, checkpointText(qualified(stack), raw), file.ending);
  }

  /** What is imported takes the place of a state and of a journal that nobody can read, too. */
  async #settleIfReadable(stack: StackIdentity): Promise<CheckpointFile> {
    try {
      return (await this.#settle(stack)).file;
    } catch (error) {
      const { file } = await readCheckpoint(this.#bucket, stack);
      if (!isMainstayError(error, 'user')) throw error;
      await this.#bucket.deleteLog(journalKey(stack));
      return file;
    }
  }

  lock(stack: StackIdentity): Promise<{ release(): Promise<void> }> {
    return takeLock(this.#bucket, stack);
  }

  cancel(stack: StackIdentity): Promise<number> {
    return cancelLocks(this.#bucket, stack);
  }

  async record(
    stack: StackIdentity,
    base: Snapshot,
    secretsManager: SecretsManager | undefined,
  ): Promise<SnapshotRecorder> {
    const { file, raw, text } = await this.#settle(stack);
    refuseUnknownParts(base, this.#bucket.describe(file.key));
    const write = (written: string) => this.#writeCheckpoint(stack, written, file.ending);
    let baseText = text;
    if (!isWrittenAs(raw, base, secretsManager)) {
      const content = { ...base, secretsManager: secretsManager ?? base.secretsManager };
      baseText = checkpointText(qualified(stack), encodeDeployment(content));
      await write(baseText);
    }
    const store = {
      baseText,
      checkpointText: (deployment: RawDeployment) => checkpointText(qualified(stack), deployment),
      writeCheckpoint: write,
      ...(this.#settings.flag('PULUMI_SKIP_CHECKPOINTS', false) && { checkpointPause: Number.POSITIVE_INFINITY }),
      openJournal: () => this.#bucket.openLog(journalKey(stack)),
      deleteJournal: () => this.#bucket.deleteLog(journalKey(stack)),
    };
    return new CheckpointRecorder(base, store, secretsManager);
  }

  async addHistory(stack: StackIdentity, update: UpdateInfo): Promise<void> {
    const { file, text } = await readCheckpoint(this.#bucket, stack);
    await addToHistory(this.#bucket, stack, { update, checkpoint: text, ending: file.ending });
    if (NO_BACKUPS.some((name) => this.#settings.flag(name, false))) return;
    await this.#bucket.write(
      `.pulumi/backups/${stack.project}/${stack.stack}/${stack.stack}.${unixNanos()}${file.ending}`,
      await pack(text, file.ending),
    );
  }

  async history(
    stack: StackIdentity,
    options: { readonly pageSize?: number; readonly page?: number },
  ): Promise<readonly UpdateInfo[]> {
    if (!(await this.exists(stack))) throw new StackNotFound(stack.stack);
    return readHistory(this.#bucket, stack, options);
  }

  async tags(stack: StackIdentity): Promise<Readonly<Record<string, string>>> {
    if (!(await this.exists(stack))) throw new StackNotFound(stack.stack);
    const bytes = await this.#bucket.read(tagsKey(stack));
    return bytes ? ((JSON.parse(bytes.toString('utf8')) as { readonly tags?: Record<string, string> }).tags ?? {}) : {};
  }

  async setTags(stack: StackIdentity, tags: Readonly<Record<string, string>>): Promise<void> {
    if (!(await this.exists(stack))) throw new StackNotFound(stack.stack);
    await this.#bucket.write(tagsKey(stack), JSON.stringify({ version: 1, tags }));
  }

  /** Keeps the state before as `.bak`, also where it is in another form, which goes only when the new one is there. */
  async #writeCheckpoint(stack: StackIdentity, text: string, present?: CheckpointEnding): Promise<void> {
    const wanted = endingFor(this.#settings, present);
    const key = `${stackKey(stack)}${wanted}`;
    const old = present === undefined || present === wanted ? undefined : `${stackKey(stack)}${present}`;
    for (const name of [key, ...(old === undefined ? [] : [old])]) {
      const before = await this.#bucket.read(name);
      if (before) await this.#bucket.write(`${name}.bak`, before);
    }
    const bytes = await pack(text, wanted);
    await this.#bucket.write(key, bytes);
    if (old !== undefined) await this.#bucket.delete(old);
    if (RETENTION.some((name) => this.#settings.flag(name, false)))
      await this.#bucket.write(`${key}.${unixNanos()}`, bytes);
  }
}

/** Whether a journal can name the base's resources by their place in the deployment, and encrypt as it does. */
function isWrittenAs(raw: RawDeployment, base: Snapshot, manager: SecretsManager | undefined): boolean {
  const resources = (raw.deployment.resources ?? []) as readonly { readonly urn: string; readonly id?: string }[];
  const { secretsManager: own } = base;
  const sameKey = !own || !manager || own === manager || own.state.salt === manager.state.salt;
  return (
    sameKey &&
    resources.length === base.resources.length &&
    base.resources.every(({ urn, id }, index) => urn === resources[index]!.urn && id === (resources[index]!.id ?? ''))
  );
}
