import { DBOS } from '@dbos-inc/dbos-sdk';
import { isMainstayError, userError } from '../../foundation/errors.ts';
import type { Promotion } from '../core/keeping-store.ts';
import { ruleNamed } from '../core/promotion-settings.ts';
import { short } from '../core/report-text.ts';
import { readSettings, type Settings } from '../core/settings.ts';
import type { SourceTree } from '../core/source-tree.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { copyVersions, type StackFile, type VersionChange } from '../core/version-edit.ts';
import { attempt } from './attempt.ts';
import { repositoryOf, type Services } from './services.ts';
import { editedByImage, hasImage, imageOf } from './watch-images.ts';

/** Promotions that are written together: to the base branch, or to the branch of a change. */
interface Batch {
  readonly branch: string;
  readonly change: boolean;
  readonly promotions: readonly Promotion[];
}

/**
 * The workflow that writes every promotion of a repository that is queued, the only writer there: those that go to the same branch become one commit on
 * its newest head. Where somebody else pushes meanwhile, it is done anew on what they pushed. After a crash what was pushed is found by its commit.
 */
export function writePromotions(services: Services) {
  return async (repository: string): Promise<void> => {
    const written = await DBOS.runStep(() => attempt(() => writeQueued(services, repository), services), {
      name: 'write',
    });
    if (!written.ok)
      await DBOS.runStep(() => failQueued(services, repository, written.error.message), { name: 'failed' });
  };
}

async function writeQueued(services: Services, repository: string): Promise<void> {
  const { store } = services;
  const { mirror, base } = repositoryOf(services, repository);
  // In this order: of what is pushed by then, the promotion knows the commit.
  const heads = new Map((await mirror.fetch()).map(({ branch, commit }) => [branch, commit]));
  const queued = (await store.promotions.list(repository, 'queued')).toReversed();
  if (queued.length === 0) return;
  const head = heads.get(base);
  if (head === undefined) throw userError(`Cannot promote as the repository has no branch ${base}. Push it.`);
  const settings = await readSettings(await mirror.tree(head));
  for (const batch of batchesOf(queued, settings, base)) {
    const at = heads.get(batch.branch);
    await writeBatch(services, { repository, settings, batch, base: head, at }).catch(async (error: unknown) => {
      if (isMainstayError(error, 'conflict') || isMainstayError(error, 'transient') || !isMainstayError(error))
        throw error;
      for (const { id } of batch.promotions) await end(services, id, { state: 'failed', summary: error.message });
    });
  }
}

function batchesOf(queued: readonly Promotion[], settings: Settings, base: string): readonly Batch[] {
  const byBranch = Map.groupBy(queued, ({ name, to }) => {
    const isCommit = ruleNamed(settings.promotions, name)?.by === 'commit';
    return isCommit ? base : `promote-${`${name}-${to}`.replace(/[^\w.-]+/g, '-')}`;
  });
  return [...byBranch].map(([branch, promotions]) => ({ branch, promotions, change: branch !== base }));
}

interface BatchWork {
  readonly repository: string;
  readonly settings: Settings;
  readonly batch: Batch;
  /** Head of the base branch. */
  readonly base: string;
  /** Head of the branch that is written to, where there is one. */
  readonly at: string | undefined;
}

async function writeBatch(services: Services, work: BatchWork): Promise<void> {
  const { batch, repository } = work;
  const { mirror } = repositoryOf(services, repository);
  const parent = await parentOf(services, work);
  const tree = await mirror.tree(parent);
  const stacks = await findStacks(tree);
  const texts = new Map<string, string>();
  const done: { readonly promotion: Promotion; readonly changes: readonly VersionChange[] }[] = [];
  for (const promotion of batch.promotions) {
    // Written by an earlier life that did not live to say so.
    if (promotion.commit !== undefined && (await mirror.contains(parent, promotion.commit))) {
      await end(services, promotion.id, {
        state: batch.change ? 'proposed' : 'written',
        summary: summaryOf(promotion.values),
      });
      continue;
    }
    try {
      const { file, text, changes } = await edited(services, { ...work, tree, stacks, texts, promotion });
      if (changes.length === 0)
        await end(services, promotion.id, { state: 'nothing', summary: `${promotion.to} has that version already` });
      else if (await wasTakenBack(services, promotion, changes))
        await end(services, promotion.id, {
          state: 'nothing',
          summary: `${summaryOf(changes)} was promoted before and taken back since: promote it by hand`,
        });
      else {
        texts.set(file, text);
        done.push({ promotion, changes });
      }
    } catch (error) {
      if (!isMainstayError(error, 'user')) throw error;
      await end(services, promotion.id, { state: 'failed', summary: error.message });
    }
  }
  if (done.length > 0) await pushBatch(services, work, { parent, texts, done });
}

/** What was promoted before and is not there any more is not promoted again unasked. */
async function wasTakenBack(
  { store }: Services,
  { id, repository, name, to, by }: Promotion,
  changes: readonly VersionChange[],
): Promise<boolean> {
  if (by !== 'mainstay') return false;
  const versions = (values: readonly VersionChange[]) => JSON.stringify(values.map(({ path, after }) => [path, after]));
  return (await store.promotions.list(repository)).some(
    (other) =>
      other.id !== id &&
      other.name === name &&
      other.to === to &&
      (other.state === 'written' || other.state === 'proposed') &&
      versions(other.values) === versions(changes),
  );
}

/** The base branch's head, or the branch of a change that is open with the base branch merged into it. */
async function parentOf(services: Services, { repository, batch, base, at }: BatchWork): Promise<string> {
  if (!batch.change || at === undefined) return base;
  const merge = await repositoryOf(services, repository).mirror.merge(base, at);
  if (merge.kind === 'merged') return merge.commit;
  throw userError(
    `Cannot promote as ${batch.branch} conflicts with the base branch in ${merge.files.join(', ')}. Merge or close it.`,
  );
}

interface EditWork extends BatchWork {
  readonly tree: SourceTree;
  readonly stacks: readonly Stack[];
  /** What this batch has changed already. */
  readonly texts: ReadonlyMap<string, string>;
  readonly promotion: Promotion;
}

async function edited(services: Services, { repository, settings, tree, stacks, texts, promotion }: EditWork) {
  const rule = ruleNamed(settings.promotions, promotion.name);
  if (!rule)
    throw userError(`Cannot promote as mainstay.yaml has no such promotion any more: ${promotion.name}. Add it again.`);
  const stackOf = (name: string) => stacks.find(({ id, name: plain }) => id === name || plain === name);
  const [from, to] = [stackOf(promotion.from), stackOf(promotion.to)];
  const image = imageOf(rule, promotion.from);
  if (!to || (!from && !image))
    throw userError(
      `Cannot promote as there is no such stack: ${to ? promotion.from : promotion.to}. Correct promotions in mainstay.yaml.`,
    );
  const target = { file: to.file, text: texts.get(to.file) ?? (await tree.read(to.file)) };
  if (image && hasImage(rule)) {
    const forced = promotion.by !== 'mainstay';
    return { file: to.file, ...editedByImage(rule, { file: target, wanted: image, forced }) };
  }
  return {
    file: to.file,
    ...copyVersions(rule.values, { from: await testedFile(services, repository, from!), to: target }),
  };
}

/** The file of a stack at the commit that is applied: the version that was tested is that one's, not that of the newest. */
async function testedFile(services: Services, repository: string, from: Stack): Promise<StackFile> {
  const { mirror } = repositoryOf(services, repository);
  const applied = (await services.store.stacks.list(repository)).find(({ id }) => id === from.id)?.appliedCommit;
  if (applied === undefined)
    throw userError(
      `Cannot promote from ${from.id} as it was never updated: nobody knows that its version works. Update it first.`,
    );
  return { file: from.file, text: await (await mirror.tree(applied)).read(from.file) };
}

async function pushBatch(
  services: Services,
  { repository, batch }: BatchWork,
  {
    parent,
    texts,
    done,
  }: {
    readonly parent: string;
    readonly texts: ReadonlyMap<string, string>;
    readonly done: readonly { readonly promotion: Promotion; readonly changes: readonly VersionChange[] }[];
  },
): Promise<void> {
  const { mirror, forge } = repositoryOf(services, repository);
  const lines = done.map(
    ({ promotion, changes }) =>
      `${promotion.name} ${promotion.from} → ${promotion.to}: ${summaryOf(changes)} (asked by ${promotion.by})`,
  );
  const title =
    done.length === 1
      ? `Promote ${done[0]!.promotion.name} to ${done[0]!.promotion.to}`
      : `Promote ${done.length} versions`;
  const message = `${title}\n\n${lines.join('\n')}`;
  const commit = await mirror.write({ parent, files: Object.fromEntries(texts), message });
  for (const { promotion, changes } of done)
    await services.store.promotions.set(promotion.id, { commit, values: changes });
  await mirror.push(batch.branch, commit);
  const change = batch.change
    ? await forge.openChange({ branch: batch.branch, title, text: `${message}\n` })
    : undefined;
  for (const { promotion, changes } of done)
    await end(services, promotion.id, {
      state: batch.change ? 'proposed' : 'written',
      change,
      summary: summaryOf(changes),
    });
  services.tell(`promoted ${lines.join('; ')} by ${change ?? short(commit)}`);
}

function summaryOf(changes: readonly VersionChange[]): string {
  return changes.map(({ path, before, after }) => `${path} ${String(before)} → ${String(after)}`).join(', ');
}

async function end(
  services: Services,
  id: string,
  patch: { readonly state: Promotion['state']; readonly summary: string; readonly change?: string },
): Promise<void> {
  await services.store.promotions.set(id, patch);
  const promotion = (await services.store.promotions.get(id))!;
  const text = `${promotion.name} ${promotion.from} → ${promotion.to} ${patch.state}: ${patch.summary}`;
  if (patch.state === 'failed') services.tell(`promotion of ${text}`);
  await services.store.audit.add({
    kind: 'promotion',
    repository: promotion.repository,
    subject: id,
    by: 'mainstay',
    text,
    key: `${id} ended`,
  });
}

async function failQueued(services: Services, repository: string, message: string): Promise<void> {
  for (const { id } of await services.store.promotions.list(repository, 'queued'))
    await end(services, id, { state: 'failed', summary: message });
}
