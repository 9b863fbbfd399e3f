import type { Change } from '../core/change.ts';
import type { KnownStack, Unproven } from '../core/known-stack.ts';
import type { Reason } from '../core/reason.ts';
import type { Rollout } from '../core/rollout.ts';
import type { Outcome, Run, RunHead, RunStep } from '../core/run.ts';
import type { Stage } from '../core/stack-order.ts';

/** Rows as PostgreSQL has them: only our own code writes these tables, so their texts are what core wrote. */
export interface ChangeRow {
  readonly id: string;
  readonly repository: string;
  readonly name: string;
  readonly state: Change['state'];
  readonly head: string;
  readonly base: string | null;
  readonly merge: string | null;
  readonly problem: string | null;
  readonly author: string | null;
  readonly held: boolean;
  readonly types: Change['types'] | null;
  readonly allowed: boolean;
  readonly pushed_at: Date | null;
  readonly updated_at: Date;
}

export function changeOf(row: ChangeRow): Change {
  const { id, repository, name, state, head, updated_at } = row;
  const optional = { base: row.base ?? undefined, merge: row.merge ?? undefined, problem: row.problem ?? undefined };
  const whose = { author: row.author ?? undefined, held: row.held, types: row.types ?? undefined };
  const pushed = { allowed: row.allowed, pushedAt: row.pushed_at ?? undefined };
  return { id, repository, name, state, head, ...optional, ...whose, ...pushed, updatedAt: updated_at };
}

export interface RolloutRow {
  readonly id: string;
  readonly repository: string;
  readonly commit: string;
  readonly state: Rollout['state'];
  readonly summary: string;
  readonly waits: NonNullable<Rollout['waits']> | null;
  readonly stages: readonly Stage[];
  readonly changes: readonly string[];
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

export function rolloutOf({ created_at, ended_at, waits, ...row }: RolloutRow): Rollout {
  return { ...row, waits: waits ?? undefined, createdAt: created_at, endedAt: ended_at ?? undefined };
}

export interface RunRow {
  readonly id: string;
  readonly repository: string;
  readonly stack: string;
  readonly kind: Run['kind'];
  readonly state: Run['state'];
  readonly summary: string;
  readonly change: string | null;
  readonly rollout: string | null;
  readonly commit: string;
  readonly reasons: readonly Reason[];
  readonly outcome: Outcome | null;
  readonly attempt: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

/** The columns of a run without its outcome. */
export const HEAD_COLUMNS = [
  ...['id', 'repository', 'stack', 'kind', 'state', 'summary', 'change', 'rollout', 'commit', 'reasons', 'attempt'],
  ...['created_at', 'started_at', 'ended_at', 'digest', 'engine', 'counts', 'sandbox'],
]
  .map((name) => `run.${name}`)
  .join(', ');

export interface HeadRow extends Omit<RunRow, 'outcome'> {
  readonly digest: string | null;
  readonly engine: string | null;
  readonly counts: Readonly<Record<string, number>> | null;
  readonly sandbox: boolean | null;
}

export function headOf(row: HeadRow): RunHead {
  return {
    ...commonOf(row),
    digest: row.digest ?? undefined,
    engine: row.engine ?? undefined,
    counts: row.counts ?? {},
    sandbox: row.sandbox ?? false,
  };
}

export function runOf(row: RunRow): Run {
  return { ...commonOf(row), outcome: row.outcome ?? undefined };
}

function commonOf(row: Omit<RunRow, 'outcome'>): Omit<Run, 'outcome'> {
  const { id, repository, stack, kind, state, summary, commit, reasons, attempt } = row;
  return {
    ...{ id, repository, stack, kind, state, summary, commit, reasons, attempt },
    change: row.change ?? undefined,
    rollout: row.rollout ?? undefined,
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
  };
}

export interface StepRow {
  readonly run: string;
  readonly number: number;
  readonly name: string;
  readonly state: RunStep['state'];
  readonly detail: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
}

export function stepOf({ started_at, ended_at, ...row }: StepRow): RunStep {
  return { ...row, startedAt: started_at, endedAt: ended_at ?? undefined };
}

export interface StackRow {
  readonly repository: string;
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly position: number;
  readonly applied_commit: string | null;
  /** As text, as all big integers. */
  readonly revision: string;
  readonly applied_at: Date | null;
  readonly upstreams: readonly string[];
  readonly unproven: Unproven | null;
}

export function stackOf(row: StackRow): KnownStack {
  const { repository, id, name, environment, position, revision, applied_commit, applied_at, upstreams, unproven } =
    row;
  return {
    ...{ repository, id, name, environment, position, revision },
    appliedCommit: applied_commit ?? undefined,
    appliedAt: applied_at ?? undefined,
    references: upstreams,
    unproven: unproven ?? undefined,
  };
}

export interface ProcessRow {
  readonly pid: number;
  readonly start_time: string;
  readonly host: string;
  readonly lives: boolean;
}
