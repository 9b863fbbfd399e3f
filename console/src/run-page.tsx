import { lazy, Suspense, useEffect, useMemo } from 'react';
import { Link } from 'wouter';
import type { GraphResponse, RunDetailResponse } from '../../runner/api/responses.ts';
import { part, post, useApi } from './api.ts';
import { seconds, valueText } from './format.ts';
import {
  Act,
  Allowed,
  Badge,
  Commit,
  Empty,
  Page,
  Pending,
  PendingPage,
  Sandbox,
  StackLink,
  Tabs,
  When,
} from './parts.tsx';
import { ResourceTree } from './resource-tree.tsx';
import { RunLog } from './run-log.tsx';
import { Facts, StepList } from './step-list.tsx';
import { type RunEvents, useRunEvents } from './use-run-events.ts';

const ResourceGraph = lazy(() =>
  import('./resource-graph.tsx').then(({ ResourceGraph: graph }) => ({ default: graph })),
);

/** One run: as it happens while it does, and what came of it. */
export function RunPage({ id }: { readonly id: string }) {
  const path = `/api/runs/${part(id)}`;
  // The events say when there is news; a run that has ended has none, and begins again when somebody retries it.
  const { data: run, error, reload } = useApi<RunDetailResponse>(path, 3000);
  const live = useRunEvents(id, run?.attempt ?? 1);
  const told = live.events.filter(({ event }) => event.kind === 'state' || event.kind === 'step').length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each state and step is a reason to ask for the whole again
  useEffect(reload, [told, live.live]);
  const graph = useApi<GraphResponse>(run && `${path}/graph?${run.state}`);
  if (!run) return <PendingPage error={error} />;
  const tabs = [
    { name: 'What it does', count: run.changes.length, content: () => <Overview run={run} /> },
    { name: 'Log', content: () => <RunLog live={live} /> },
    {
      name: 'Resources',
      count: graph.data?.resources.length,
      content: () => <ResourceTree resources={graph.data?.resources} events={live.events} />,
    },
    {
      name: 'Graph',
      content: () => (
        <Suspense fallback={<Pending error={undefined} />}>
          <ResourceGraph resources={graph.data?.resources ?? []} />
        </Suspense>
      ),
    },
    { name: 'Outputs', count: Object.keys(run.outputs).length, content: () => <Outputs outputs={run.outputs} /> },
  ];
  return (
    <Page
      title={`${run.kind} of ${run.stack}`}
      about={<About run={run} played={run.sandbox || live.events.some(({ event }) => event.sandbox)} />}
      actions={<Actions run={run} done={reload} />}
    >
      {run.problem && <pre className="problem">{run.problem}</pre>}
      <Timings run={run} live={live} />
      <Tabs tabs={tabs} />
    </Page>
  );
}

/** `played`: the sandbox did it, or is seen to do it. */
function About({ run, played }: { readonly run: RunDetailResponse; readonly played: boolean }) {
  const took = run.startedAt && run.endedAt ? Date.parse(run.endedAt) - Date.parse(run.startedAt) : undefined;
  return (
    <>
      <Badge state={run.state} /> <Sandbox sandbox={played} />{' '}
      <StackLink repository={run.repository} stack={run.stack} /> at <Commit commit={run.commit} />{' '}
      <b>{run.summary.split('\n')[0]}</b>
      {took !== undefined && <> in {seconds(took)}</>} <When time={run.createdAt} />
      {run.engine && <> by the {run.engine} engine</>}
      {run.attempt > 1 && <>, attempt {run.attempt}</>}
      {run.change && (
        <>
          {' '}
          for <Link href={`/changes/${run.change}`}>{run.change}</Link>
        </>
      )}
      {run.rollout && (
        <>
          {' '}
          in the <Link href={`/rollouts/${part(run.rollout)}`}>rollout</Link>
        </>
      )}
    </>
  );
}

function Actions({ run, done }: { readonly run: RunDetailResponse; readonly done: () => void }) {
  const ask = (what: string, body?: unknown) => () => post(`/api/runs/${part(run.id)}/${what}`, body).then(done);
  const ended = run.endedAt !== undefined;
  const again = run.state === 'failed' || run.state === 'cancelled';
  const canRetry = again && run.kind !== 'drift' && run.kind !== 'correction';
  return (
    <>
      {run.state === 'waiting' && (
        <Allowed may={run.may} power="approve" what="approve or reject">
          <Act name="Approve" main act={ask('decision', { kind: 'approve' })} />
          <Act name="Reject" danger act={ask('decision', { kind: 'reject' })} />
        </Allowed>
      )}
      {(!ended || canRetry) && (
        <Allowed may={run.may} power="operate" what={ended ? 'retry' : 'cancel'}>
          {!ended && <Act name="Cancel" danger act={ask('cancel')} />}
          {canRetry && <Act name="Retry" main act={ask('retry')} />}
        </Allowed>
      )}
    </>
  );
}

/** The steps of the run, each as long as it took. */
function Timings({ run, live }: { readonly run: RunDetailResponse; readonly live: RunEvents }) {
  const longest = Math.max(1, ...run.steps.map(({ milliseconds }) => milliseconds ?? 0));
  if (run.steps.length === 0) return <Empty>It has not begun{live.live ? '; this page goes on by itself' : ''}.</Empty>;
  return (
    <ol className="timings" aria-label="Steps">
      {run.steps.map((step) => (
        <li key={step.name}>
          <Badge state={step.state} text={step.name} />
          <meter min={0} max={longest} value={step.milliseconds ?? 0} aria-label={`${step.name} took`} />
          <span className="time">{step.milliseconds === undefined ? 'running' : seconds(step.milliseconds)}</span>
          <span className="detail">{step.detail.split('\n')[0]}</span>
        </li>
      ))}
    </ol>
  );
}

function Overview({ run }: { readonly run: RunDetailResponse }) {
  return (
    <>
      <Facts run={run} />
      {run.endedAt === undefined && run.changes.length === 0 ? (
        <Empty>It has not come that far: what it does stands here when it is known.</Empty>
      ) : (
        <StepList steps={run.changes} />
      )}
    </>
  );
}

function Outputs({ outputs }: { readonly outputs: RunDetailResponse['outputs'] }) {
  const entries = useMemo(() => Object.entries(outputs).sort(([a], [b]) => a.localeCompare(b)), [outputs]);
  if (entries.length === 0) return <Empty>There are no outputs: an update that succeeds has them.</Empty>;
  return (
    <table className="diff">
      <tbody>
        {entries.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td>
              <pre>{valueText(value)}</pre>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
