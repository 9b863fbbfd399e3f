import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import type { RolloutDetailResponse, RunResponse } from '../../runner/api/responses.ts';
import { part, post, useApi } from './api.ts';
import { seconds, stackName } from './format.ts';
import { Act, Allowed, Badge, Commit, Empty, Page, PendingPage, RunLink, Sandbox, When } from './parts.tsx';

/** The promotion line of one commit: environment by environment, with what it waits for. */
export function RolloutPage({ id }: { readonly id: string }) {
  const { data, error, reload } = useApi<RolloutDetailResponse>(`/api/rollouts/${part(id)}`, 1500);
  if (!data) return <PendingPage error={error} />;
  return (
    <Page
      title={data.subject ?? `Rollout of ${data.commit.slice(0, 8)}`}
      about={
        <>
          <Badge state={data.state} /> <Commit commit={data.commit} /> of {data.repository}
          {data.author && <> by {data.author}</>}, <When time={data.createdAt} /> <b>{data.summary}</b>
          {data.changes.map((change) => (
            <span key={change}>
              {' '}
              <Link href={`/changes/${change}`}>{change}</Link>
            </span>
          ))}
        </>
      }
      actions={data.state === 'waiting' ? <Decide rollout={data} done={reload} /> : undefined}
    >
      {data.stages.length === 0 && <Empty>It changes no stack.</Empty>}
      <ol className="line" aria-label="Promotion">
        {data.stages.map((stage, index) => (
          <StageOfLine key={stage.environment} rollout={data} stage={stage} last={index === data.stages.length - 1} />
        ))}
      </ol>
    </Page>
  );
}

type Stage = RolloutDetailResponse['stages'][number];

function stateOf(stage: Stage, runs: readonly RunResponse[], waits: boolean): string {
  if (waits) return 'waiting';
  const states = runs.map(({ state }) => state);
  if (states.includes('failed')) return 'failed';
  if (states.some((state) => state === 'running' || state === 'waiting')) return 'running';
  if (runs.length >= stage.stacks.length && states.every((state) => state === 'succeeded')) return 'succeeded';
  return states.every((state) => state === 'superseded' || state === 'cancelled') && states.length > 0
    ? 'superseded'
    : 'queued';
}

function StageOfLine({
  rollout,
  stage,
  last,
}: {
  readonly rollout: RolloutDetailResponse;
  readonly stage: Stage;
  readonly last: boolean;
}) {
  const runs = rollout.runs.filter(({ stack, kind }) => kind === 'update' && stage.stacks.includes(stack));
  const waits = rollout.waits?.environment === stage.environment ? rollout.waits : undefined;
  const state = stateOf(stage, runs, waits !== undefined);
  const approvals = rollout.approvals.filter(({ environment }) => environment === stage.environment);
  return (
    <li className={`stage ${state}`} aria-current={waits ? 'step' : undefined}>
      <h2>
        {stage.environment} <Badge state={state} />
      </h2>
      {stage.approvals > 0 && (
        <p className="gate">
          Approvals: {approvals.filter((approval) => !approval.void).length} of {stage.approvals}
          {approvals.map(({ by, at, void: isVoid }) => (
            <span key={by} className={`badge ${isVoid ? 'quiet' : 'good'}`} title={at}>
              {isVoid ? `${by}, void as the preview changed` : by}
            </span>
          ))}
        </p>
      )}
      {waits && (
        <p className="gate waits">
          {waits.text} {waits.until && <Countdown until={waits.until} />}
        </p>
      )}
      <ul className="stage-runs">
        {stage.stacks.map((stack) => (
          <RunOfStage key={stack} stack={stack} run={runs.find((run) => run.stack === stack)} />
        ))}
      </ul>
      {!last && <span className="arrow" aria-hidden="true" />}
    </li>
  );
}

function RunOfStage({ stack, run }: { readonly stack: string; readonly run: RunResponse | undefined }) {
  return (
    <li>
      {run ? <RunLink id={run.id}>{stackName(stack)}</RunLink> : stackName(stack)}{' '}
      <Badge state={run?.state ?? 'queued'} />
      <Sandbox sandbox={run?.sandbox ?? false} /> <small>{run?.summary.split('\n')[0]}</small>
    </li>
  );
}

/** A soak clock, or until a window opens. */
function Countdown({ until }: { readonly until: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  const left = Math.max(0, Date.parse(until) - now);
  return <b className="clock">{left === 0 ? 'any moment' : `${seconds(Math.max(1000, left))} left`}</b>;
}

function Decide({ rollout, done }: { readonly rollout: RolloutDetailResponse; readonly done: () => void }) {
  const [reason, setReason] = useState('');
  const waits = rollout.waits;
  const decide = (kind: string) => () =>
    post(`/api/rollouts/${part(rollout.id)}/decision`, {
      kind,
      ...(reason.trim() && { reason: reason.trim() }),
      ...(waits?.digest && kind === 'approve' && { digest: waits.digest }),
    }).then(done);
  const failed = waits?.for === 'failure' || (!waits && /failed/.test(rollout.summary));
  const { may } = rollout;
  if (failed)
    return (
      <Allowed may={may} power="operate" what="retry or give up">
        <Reason value={reason} onChange={setReason} />
        <Act name="Retry" main act={decide('retry')} />
        <Act name="Give up" danger act={decide('give-up')} />
      </Allowed>
    );
  const canBreak = may.includes('own');
  return (
    <Allowed may={may} power="approve" what="approve or reject">
      <Reason value={reason} onChange={setReason} />
      <Act name="Approve" main act={decide('approve')} />
      <Act name="Reject" danger act={decide('reject')} />
      {canBreak && reason.trim() === '' && <span className="hint">With a reason, the glass can be broken.</span>}
      {canBreak && reason.trim() !== '' && <Act name="Break glass" danger act={decide('break-glass')} />}
    </Allowed>
  );
}

function Reason({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <label>
      Reason <input value={value} maxLength={2000} onChange={({ target }) => onChange(target.value)} />
    </label>
  );
}
