import { createHash } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { ownedPaths } from '../core/codeowners.ts';
import { stepFingerprints } from '../core/digest.ts';
import type { ApprovalDemand } from '../core/gate.ts';
import { shownSteps } from '../core/planned-step.ts';
import { stepLine } from '../core/report-text.ts';
import type { Run } from '../core/run.ts';
import { readSettings } from '../core/settings.ts';
import { changedPaths } from '../core/source-tree.ts';
import { runId } from './preview-change.ts';
import { rolloutId } from './rollout-at.ts';
import type { StageWork } from './rollout-wait.ts';
import { repositoryOf, type Services } from './services.ts';

/** What people are asked to approve. */
export interface AskedPreviews {
  readonly demand: ApprovalDemand;
  /** The runs that were previewed. */
  readonly runs: readonly string[];
  /** Why there is nothing to approve: a preview that failed. */
  readonly problem: string | undefined;
}

/**
 * Previews every stack of an environment at the rollout's commit, and binds approvals to what came out. Where it is not what the last previews said,
 * approvals of those are void, and the difference is said.
 */
export async function askForPreviews(
  services: Services,
  work: StageWork,
  { round, before }: { readonly round: number; readonly before: AskedPreviews | undefined },
): Promise<AskedPreviews> {
  const { stage } = work;
  const ids = await DBOS.runStep(() => addPreviews(services, work, round), { name: `${stage.environment}: previews` });
  const handles = [];
  for (const id of ids) handles.push(await DBOS.startWorkflow(work.preview, { workflowID: id })(id));
  for (const handle of handles) await handle.getResult({ pollingIntervalMs: 20 }).catch(() => {});
  return DBOS.runStep(() => collect(services, work, { ids, before }), {
    name: `${stage.environment}: what to approve`,
  });
}

async function addPreviews({ store }: Services, { at, stage }: StageWork, round: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const stack of stage.groups.flat()) {
    const id = runId('p', `${rolloutId(at)}/${stack}/approval ${round}`);
    const place = { repository: at.repository, stack, commit: at.commit };
    const reasons = [{ kind: 'asked' as const, text: `to be approved for ${stage.environment}` }];
    await store.runs.add({ id, ...place, kind: 'preview', change: undefined, rollout: rolloutId(at), reasons });
    ids.push(id);
  }
  return ids;
}

async function collect(
  services: Services,
  work: StageWork,
  { ids, before }: { readonly ids: readonly string[]; readonly before: AskedPreviews | undefined },
): Promise<AskedPreviews> {
  const { at, stage } = work;
  const runs = (await Promise.all(ids.map((id) => services.store.runs.get(id)))).filter((run) => run !== undefined);
  const failed = runs.filter(({ outcome }) => outcome?.result !== 'succeeded');
  const problem =
    failed.length === 0
      ? undefined
      : `a preview that succeeds: ${failed.map(({ stack, summary }) => `${stack}: ${summary}`).join('; ')}`;
  const demand = { ...(await demandOf(services, work)), digest: digestOfRuns(runs) };
  if (before && problem === undefined && before.demand.digest !== demand.digest)
    await voidApprovals(services, {
      at,
      environment: stage.environment,
      digest: demand.digest,
      text: await difference(services, before, runs),
    });
  return { demand, runs: ids, problem };
}

function digestOfRuns(runs: readonly Run[]): string {
  const lines = runs.map(({ stack, outcome }) => `${stack} ${outcome?.digest ?? 'failed'}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
}

/** Who wrote what lies between what runs and this commit, and which of it belongs to somebody. */
export async function demandOf(
  services: Services,
  { at, stage }: Pick<StageWork, 'at' | 'stage'>,
): Promise<Omit<ApprovalDemand, 'digest'>> {
  const { mirror } = repositoryOf(services, at.repository);
  const here = new Set(stage.groups.flat());
  const known = (await services.store.stacks.list(at.repository)).filter(({ id }) => here.has(id));
  const after = await mirror.tree(at.commit);
  const authors = new Set(
    await accountsBehind(services, { at, from: known.map(({ appliedCommit }) => appliedCommit) }),
  );
  const owned = new Map<string, ApprovalDemand['owned'][number]>();
  const rule = stage.gate!.approval!;
  for (const from of new Set(known.map(({ appliedCommit }) => appliedCommit))) {
    for (const entry of await mirror.history({ from, to: at.commit, all: true }))
      entry.authors.forEach((author) => void authors.add(author));
    const before = from === undefined ? { ...after, files: new Map<string, string>() } : await mirror.tree(from);
    if (!rule.codeowners) continue;
    // Whose a file is, is what was said before: who changes CODEOWNERS does not change it for that change itself.
    const says = from === undefined ? after : before;
    const { teams } = await readSettings(says);
    for (const each of await ownedPaths(says, changedPaths(before, after), teams))
      owned.set(`${each.path} ${each.owners.join(' ')}`, each);
  }
  const byPath = [...owned.values()].sort((a, b) => a.path.localeCompare(b.path));
  return { rule, authors: [...authors].filter((author) => author !== ''), owned: byPath };
}

/** How many rollouts are looked at for changes that lie between what runs and a commit. */
const LOOKED_BACK = 100;

/** The accounts that proposed what came since the commits of `from`: names in commits can be anything. */
async function accountsBehind(
  services: Services,
  { at, from }: { readonly at: StageWork['at']; readonly from: readonly (string | undefined)[] },
): Promise<readonly string[]> {
  const { store } = services;
  const { mirror } = repositoryOf(services, at.repository);
  const accounts: string[] = [];
  for (const { commit, changes } of await store.rollouts.list(at.repository, LOOKED_BACK)) {
    if (!(await mirror.contains(at.commit, commit))) continue;
    const runs = await Promise.all(from.map(async (one) => one !== undefined && mirror.contains(one, commit)));
    if (runs.every(Boolean) && commit !== at.commit) break;
    for (const id of changes) accounts.push((await store.changes.get(id))?.author ?? '');
  }
  return accounts.filter((account) => account !== '');
}

async function difference(services: Services, before: AskedPreviews, now: readonly Run[]): Promise<string> {
  const earlier = (await Promise.all(before.runs.map((id) => services.store.runs.get(id)))).filter(
    (run) => run !== undefined,
  );
  const linesOf = (runs: readonly Run[]) =>
    new Map(
      runs.flatMap(({ stack, outcome }) =>
        shownSteps(outcome?.steps ?? []).map(
          (step) => [`${stack} ${stepFingerprints([step])[0]}`, `${stack} ${stepLine(step)}`] as const,
        ),
      ),
    );
  const [was, is] = [linesOf(earlier), linesOf(now)];
  const more = [...is].filter(([key]) => !was.has(key)).map(([, line]) => `now also ${line}`);
  const less = [...was].filter(([key]) => !is.has(key)).map(([, line]) => `no more ${line}`);
  return [...more, ...less].join(', ') || 'the steps are the same, their values are not';
}

async function voidApprovals(
  services: Services,
  {
    at,
    environment,
    digest,
    text,
  }: { readonly at: StageWork['at']; readonly environment: string; readonly digest: string; readonly text: string },
): Promise<void> {
  const id = rolloutId(at);
  const whose = await services.store.approvals.voidOthers({ rollout: id, environment, digest });
  if (whose.length === 0) return;
  const line = `the approvals of ${environment} by ${whose.join(', ')} are void as its preview has changed: ${text}`;
  services.tell(`rollout ${id}: ${line}`);
  await services.store.audit.add({
    ...{ kind: 'approval-void', repository: at.repository, subject: id, by: 'mainstay', text: line },
    key: `void ${id} ${environment} ${digest}`,
  });
}
