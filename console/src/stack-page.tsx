import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import type {
  ComparisonResponse,
  DriftResponse,
  GraphResponse,
  OfferedRevertResponse,
  PageOf,
  RunResponse,
  StackStatus,
  UnlockedResponse,
} from '../../runner/api/responses.ts';
import { part, post, useApi } from './api.ts';
import { Drifted } from './drift-page.tsx';
import { countsText, typeName } from './format.ts';
import {
  Act,
  Allowed,
  Badge,
  Commit,
  Empty,
  Page,
  Pending,
  PendingPage,
  RunLink,
  Sandbox,
  Tabs,
  When,
} from './parts.tsx';
import { PropertyDiffs } from './property-diff.tsx';
import { ResourceTree } from './resource-tree.tsx';
import { operationClass } from './step-list.tsx';

const ResourceGraph = lazy(() =>
  import('./resource-graph.tsx').then(({ ResourceGraph: graph }) => ({ default: graph })),
);

/** One stack: how it stands, its resources, and its history commit by commit. */
export function StackPage({ repository, stack }: { readonly repository: string; readonly stack: string }) {
  const path = `/api/repositories/${part(repository)}/stacks/${part(stack)}`;
  const { data, error } = useApi<StackStatus>(path, 3000);
  const graph = useApi<GraphResponse>(data && `${path}/graph?${data.lastRun}`);
  const drift = useApi<PageOf<DriftResponse>>(`/api/drift?repository=${part(repository)}`, 10_000);
  if (!data) return <PendingPage error={error} />;
  const found = drift.data?.items.find((record) => record.stack === stack);
  const resources = graph.data?.resources;
  const tabs = [
    { name: 'History', content: () => <History repository={repository} stack={stack} path={path} may={data.may} /> },
    { name: 'Resources', count: resources?.length, content: () => <ResourceTree resources={resources} events={[]} /> },
    {
      name: 'Graph',
      content: () => (
        <Suspense fallback={<Pending error={undefined} />}>
          <ResourceGraph resources={resources ?? []} />
        </Suspense>
      ),
    },
    {
      name: 'Drift',
      count: found?.differences.length,
      content: () => (found ? <Drifted record={found} /> : <Empty>Nobody has looked yet.</Empty>),
    },
  ];
  return (
    <Page
      title={stack}
      actions={
        <Allowed may={data.may} power="operate" what="look for drift or unlock">
          <Act name="Look for drift" act={look({ path, correct: false })} />
          {(data.drift === 'drifted' || data.drift === 'flapping') && (
            <Act name="Put back" main act={look({ path, correct: true })} />
          )}
          <Act
            name="Unlock"
            act={() => post<UnlockedResponse>(`${path}/unlock`).then(({ done }) => `Unlock: ${done}.`)}
          />
        </Allowed>
      }
      about={
        <>
          <Badge state={data.alignment} /> <Sandbox sandbox={data.sandbox} /> {data.environment}, at{' '}
          <Commit commit={data.appliedCommit} /> <When time={data.appliedAt} />{' '}
          <b>{data.lastRun ? <RunLink id={data.lastRun}>{data.summary}</RunLink> : data.summary}</b>
        </>
      }
    >
      <Tabs tabs={tabs} />
    </Page>
  );
}

function look({ path, correct }: { readonly path: string; readonly correct: boolean }): () => Promise<string> {
  return () =>
    post(`${path}/look`, { correct }).then(() =>
      correct
        ? 'It is put back where that deletes and replaces nothing; “Drift” below says what came of it.'
        : 'It is looked at; “Drift” below says what is found.',
    );
}

/** Updates, newest first; two of them can be compared. */
function History(props: {
  readonly repository: string;
  readonly stack: string;
  readonly path: string;
  readonly may: StackStatus['may'];
}) {
  const query = new URLSearchParams({
    repository: props.repository,
    stack: props.stack,
    kind: 'update',
    state: 'succeeded',
    limit: '100',
  });
  const { data, error } = useApi<PageOf<RunResponse>>(`/api/runs?${query}`, 5000);
  const [chosen, setChosen] = useState<{ readonly from?: string; readonly to?: string }>({});
  if (!data) return <Pending error={error} />;
  const runs = data.items;
  if (runs.length === 0) return <Empty>It was never updated.</Empty>;
  const from = chosen.from ?? runs[1]?.id;
  const to = chosen.to ?? runs[0]?.id;
  const older = runs.slice(1).find(({ id }) => id === from);
  return (
    <>
      <table className="list">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Commit</th>
            <th scope="col">What it did</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              {(['from', 'to'] as const).map((side) => (
                <td key={side} data-name={side}>
                  <input
                    type="radio"
                    name={side}
                    aria-label={`${side} ${run.commit.slice(0, 8)}`}
                    checked={(side === 'from' ? from : to) === run.id}
                    onChange={() => setChosen({ from, to, [side]: run.id })}
                  />
                </td>
              ))}
              <td data-name="Commit">
                <Commit commit={run.commit} />
              </td>
              <td data-name="What it did">
                <RunLink id={run.id}>{countsText(run.counts) || run.summary}</RunLink> <Sandbox sandbox={run.sandbox} />
              </td>
              <td data-name="When">
                <When time={run.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {from !== undefined && to !== undefined && from !== to && (
        <Comparison path={`${props.path}/comparison?from=${part(from)}&to=${part(to)}`} />
      )}
      {older && (
        <Allowed may={props.may} power="operate" what="take it back">
          <TakeBack key={older.id} path={props.path} run={older} />
        </Allowed>
      )}
    </>
  );
}

/** Opens the change that takes the stack back: it is previewed and merged as any other. */
function TakeBack({ path, run }: { readonly path: string; readonly run: RunResponse }) {
  const [reason, setReason] = useState('');
  const [change, setChange] = useState<string>();
  const ask = async () => {
    const offered = await post<OfferedRevertResponse>(`${path}/rollback`, { to: run.commit, reason: reason.trim() });
    setChange(offered.change);
  };
  return (
    <div className="toolbar">
      <label>
        To take the stack back to {run.commit.slice(0, 8)}, say why{' '}
        <input value={reason} maxLength={2000} onChange={({ target }) => setReason(target.value)} />
      </label>
      <Act
        name={`Take back to ${run.commit.slice(0, 8)}`}
        danger
        missing={reason.trim() === '' ? 'Say why: it stands in the change.' : undefined}
        act={ask}
      />
      {change !== undefined && (
        <p className="notice" role="status">
          The change <Link href={`/changes/${run.repository}/${change}`}>{change}</Link> takes it back.
        </p>
      )}
    </div>
  );
}

function Comparison({ path }: { readonly path: string }) {
  const { data, error } = useApi<ComparisonResponse>(path);
  if (!data) return <Pending error={error} />;
  return (
    <section className="panel" aria-label="Comparison">
      <h2>
        <Commit commit={data.from} /> → <Commit commit={data.to} />
      </h2>
      {data.resources.length === 0 && <Empty>Nothing differs between the two.</Empty>}
      <ul className="steps">
        {data.resources.map((resource) => (
          <li key={resource.urn}>
            <details open={resource.operation !== 'create'}>
              <summary>
                <span className={`operation ${operationClass(resource.operation)}`}>{resource.operation}</span>{' '}
                <span className="type">{typeName(resource.type)}</span> <span className="name">{resource.name}</span>
              </summary>
              <PropertyDiffs changes={resource.changes} />
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
