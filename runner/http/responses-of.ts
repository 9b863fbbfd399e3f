import type {
  ChangeResponse,
  RepositoryStatus,
  RolloutResponse,
  RunDetailResponse,
  RunResponse,
  StackStatus,
} from '../api/responses.ts';
import type { Change } from '../core/change.ts';
import { alignmentOf, type KnownStack } from '../core/known-stack.ts';
import { shownSteps } from '../core/planned-step.ts';
import { changeLine, commentOf, stepLine, verdictOf } from '../core/report-text.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Run, RunStep } from '../core/run.ts';

export function runResponse(run: Run): RunResponse {
  const { id, repository, stack, kind, state, summary, change, rollout, commit, attempt } = run;
  return {
    ...{ id, repository, stack, kind, state, summary, change, rollout, commit, attempt },
    reasons: run.reasons.map(({ text }) => text),
    digest: run.outcome?.digest,
    engine: run.outcome?.engine,
    sandbox: run.outcome?.sandbox ?? false,
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString(),
    endedAt: run.endedAt?.toISOString(),
  };
}

export function runDetailResponse(run: Run, steps: readonly RunStep[]): RunDetailResponse {
  return {
    ...runResponse(run),
    steps: steps.map(({ name, state, detail, startedAt, endedAt }) => ({
      ...{ name, state, detail },
      milliseconds: endedAt ? endedAt.getTime() - startedAt.getTime() : undefined,
    })),
    changes: shownSteps(run.outcome?.steps ?? []).map((step) => ({
      line: stepLine(step),
      properties: step.changes.map(changeLine),
    })),
    diagnostics: (run.outcome?.diagnostics ?? []).map(({ severity, message }) => ({ severity, message })),
    outputs: run.outcome?.outputs ?? {},
    problem: run.outcome?.problem ?? (run.state === 'failed' ? run.summary : undefined),
  };
}

export function changeResponse(change: Change, allRuns: readonly Run[], link: string | undefined): ChangeResponse {
  const runs = allRuns.filter(({ commit }) => commit === change.merge);
  const report = { change, runs, untouched: 0, removed: [], link };
  const { id, repository, name, state, head, base, merge, problem } = change;
  return {
    ...{ id, repository, name, state, head, base, merge, problem },
    verdict: verdictOf(report),
    comment: commentOf(report),
    runs: runs.map(runResponse),
    updatedAt: change.updatedAt.toISOString(),
  };
}

export function rolloutResponse(rollout: Rollout): RolloutResponse {
  const { id, repository, commit, state, summary, changes } = rollout;
  return {
    ...{ id, repository, commit, state, summary, changes },
    stages: rollout.stages.map(({ environment, approvals, groups }) => ({
      environment,
      approvals,
      stacks: groups.flat(),
    })),
    createdAt: rollout.createdAt.toISOString(),
    endedAt: rollout.endedAt?.toISOString(),
  };
}

export function repositoryStatus(
  id: string,
  facts: {
    readonly base: string | undefined;
    readonly stacks: readonly KnownStack[];
    readonly updates: readonly Run[];
    readonly rollout: Rollout | undefined;
  },
): RepositoryStatus {
  return {
    id,
    base: facts.base,
    stacks: facts.stacks.map((stack) =>
      stackStatus(
        stack,
        facts.base,
        facts.updates.find((run) => run.stack === stack.id),
      ),
    ),
    rollout: facts.rollout && rolloutResponse(facts.rollout),
  };
}

function stackStatus(stack: KnownStack, base: string | undefined, last: Run | undefined): StackStatus {
  return {
    id: stack.id,
    environment: stack.environment,
    alignment: alignmentOf(stack, base, last?.state === 'failed' ? 'failed' : 'other'),
    appliedCommit: stack.appliedCommit,
    appliedAt: stack.appliedAt?.toISOString(),
    summary: last ? `${last.state}${last.summary ? `: ${last.summary}` : ''}` : 'no update yet',
    lastRun: last?.id,
    sandbox: last?.outcome?.sandbox ?? false,
  };
}
