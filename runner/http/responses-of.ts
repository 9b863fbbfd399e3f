import type {
  AccessTokenResponse,
  AccountResponse,
  ChangeDetailResponse,
  ChangeResponse,
  DriftResponse,
  ResourceStep,
  RolloutResponse,
  RunDetailResponse,
  RunResponse,
} from '../api/responses.ts';
import { type AccessToken, type Account, type GivenGrant, grantsOf } from '../core/account.ts';
import type { Change } from '../core/change.ts';
import type { DriftRecord } from '../core/keeping-store.ts';
import { nameOf, type PlannedStep, shownSteps } from '../core/planned-step.ts';
import { changeLine, commentOf, stepLine, verdictOf } from '../core/report-text.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Run, RunHead, RunStep } from '../core/run.ts';
import { stacksOfStage } from '../core/stack-order.ts';
import { type TypeCheck, typesText } from '../core/type-check.ts';
import { undoOf } from '../core/undo.ts';

/** What a list shows of a run that was read whole. */
export function headOfRun({ outcome, ...run }: Run): RunHead {
  const { digest, engine, counts = {}, sandbox = false } = outcome ?? {};
  return { ...run, digest, engine, counts, sandbox };
}

export function runResponse(run: RunHead): RunResponse {
  const { id, repository, stack, kind, state, summary, change, rollout, commit, attempt } = run;
  return {
    ...{ id, repository, stack, kind, state, summary, change, rollout, commit, attempt },
    reasons: run.reasons.map(({ text }) => text),
    digest: run.digest,
    engine: run.engine,
    counts: run.counts,
    sandbox: run.sandbox,
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString(),
    endedAt: run.endedAt?.toISOString(),
  };
}

export function runDetailResponse(
  run: Run,
  { steps, may }: { readonly steps: readonly RunStep[]; readonly may: RunDetailResponse['may'] },
): RunDetailResponse {
  return {
    ...runResponse(headOfRun(run)),
    steps: steps.map(({ name, state, detail, startedAt, endedAt }) => ({
      ...{ name, state, detail },
      startedAt: startedAt.toISOString(),
      milliseconds: endedAt ? endedAt.getTime() - startedAt.getTime() : undefined,
    })),
    changes: shownSteps(run.outcome?.steps ?? []).map(resourceStep),
    diagnostics: (run.outcome?.diagnostics ?? []).map(({ severity, urn, message }) => ({ severity, urn, message })),
    outputs: run.outcome?.outputs ?? {},
    problem: run.outcome?.problem ?? (run.state === 'failed' ? run.summary : undefined),
    undo: undoOf(run.outcome),
    milliseconds: run.outcome?.milliseconds,
    may,
  };
}

export function resourceStep(step: PlannedStep): ResourceStep {
  const { operation, urn, type } = step;
  return {
    ...{ operation, urn, type },
    name: nameOf(urn),
    danger: operation.includes('replace') ? 'replaces' : operation === 'delete' ? 'deletes' : 'none',
    protected: step.protected,
    replacedBy: step.replacedBy,
    line: stepLine(step),
    properties: step.changes.map(changeLine),
    changes: step.changes,
  };
}

/** A change in a list: what its previews would do is told by their counts. */
export function changeResponse(change: Change, all: readonly RunHead[]): ChangeResponse {
  const heads = all.filter(({ commit }) => commit === change.merge);
  const report = { change, runs: heads.map(countedRun), untouched: 0, removed: [], link: undefined };
  return { ...changeFields(change), verdict: verdictOf(report), runs: heads.map(runResponse) };
}

function changeFields(change: Change) {
  const { id, repository, name, state, head, base, merge, problem } = change;
  const types = change.types && typeCheckResponse(change.types);
  return {
    ...{ id, repository, name, state, head, base, merge, problem, types },
    updatedAt: change.updatedAt.toISOString(),
  };
}

function typeCheckResponse(check: TypeCheck) {
  const { state, blocks, mistakes } = check;
  return { state, text: typesText(check), blocks, mistakes };
}

/** The verdict only asks which operations there are: one step stands for all of its kind. */
function countedRun({ digest: _, engine, counts, sandbox, ...run }: RunHead): Run {
  const steps = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([operation]) => ({ operation, urn: '', type: '', changes: [], replacedBy: [], protected: false }));
  const nothing = { diagnostics: [], problem: undefined, digest: '', fingerprints: [], references: [], outputs: {} };
  const result = run.state === 'failed' ? ('failed' as const) : ('succeeded' as const);
  return { ...run, outcome: { ...nothing, result, counts, steps, sandbox, engine: engine ?? '', milliseconds: 0 } };
}

export function changeDetailResponse(
  change: Change,
  facts: {
    readonly runs: readonly Run[];
    readonly steps: ReadonlyMap<string, readonly RunStep[]>;
    readonly rollouts: readonly string[];
    readonly environments: ChangeDetailResponse['environments'];
    readonly link: string | undefined;
    mayOf(run: Run): RunDetailResponse['may'];
  },
): ChangeDetailResponse {
  const runs = facts.runs.filter(({ commit }) => commit === change.merge);
  const report = { change, runs, untouched: 0, removed: [], link: facts.link };
  const stacks = runs.map((run) =>
    runDetailResponse(run, { steps: facts.steps.get(run.id) ?? [], may: facts.mayOf(run) }),
  );
  return {
    ...changeFields(change),
    verdict: verdictOf(report),
    comment: commentOf(report),
    runs: runs.map((run) => runResponse(headOfRun(run))),
    stacks: stacks.toSorted((a, b) => dangerOf(b) - dangerOf(a) || a.stack.localeCompare(b.stack)),
    rollouts: facts.rollouts,
    environments: facts.environments,
  };
}

function dangerOf({ changes, state }: RunDetailResponse): number {
  if (state === 'failed') return 3;
  return changes.some(({ danger }) => danger === 'deletes')
    ? 2
    : changes.some(({ danger }) => danger !== 'none')
      ? 1
      : 0;
}

export function rolloutResponse(rollout: Rollout): RolloutResponse {
  const { id, repository, commit, state, summary, changes, waits } = rollout;
  return {
    ...{ id, repository, commit, state, summary, changes },
    waits: waits && {
      ...{ environment: waits.environment, for: waits.for, text: waits.text, until: waits.until },
      ...{ digest: waits.approval?.digest, approvals: waits.approval?.rule.count },
    },
    stages: rollout.stages.map((stage) => ({
      environment: stage.environment,
      approvals: stage.approvals,
      stacks: stacksOfStage(stage),
    })),
    createdAt: rollout.createdAt.toISOString(),
    endedAt: rollout.endedAt?.toISOString(),
  };
}

export function accessTokenResponse({ createdAt, lastUsedAt, expiresAt, ...token }: AccessToken): AccessTokenResponse {
  const { id, name, account, grant } = token;
  return {
    ...{ id, name, account, ...grant },
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString(),
    expiresAt: expiresAt?.toISOString(),
  };
}

export function accountResponse(account: Account, given: readonly GivenGrant[]): AccountResponse {
  const { id, name, grants, signedOn, createdAt } = account;
  return {
    ...{ id, name, grants: [...grantsOf(account, given)], given: [...grants] },
    ...(signedOn && { groups: [...signedOn.groups], email: signedOn.email, signedOnAt: signedOn.at.toISOString() }),
    createdAt: createdAt.toISOString(),
  };
}

export function driftResponse(record: DriftRecord, sandbox: boolean): DriftResponse {
  const { repository, stack, state, summary, commit, run, finding } = record;
  return {
    ...{ repository, stack, sandbox, state, summary, commit, run },
    lookedAt: record.lookedAt?.toISOString(),
    since: record.since?.toISOString(),
    differences: finding.differences.map(({ step, managers }) => ({ step: resourceStep(step), managers })),
    quiet: finding.quiet.map(({ urn, type, gone, changes }) => ({ urn, type, gone, changes })),
    ignored: finding.ignored.map(({ difference: { urn }, rule: { owner, until, reason } }) => ({
      urn,
      owner,
      until,
      reason,
    })),
    expired: finding.expired.map(({ resource, owner, until }) => ({ resource, owner, until })),
  };
}
