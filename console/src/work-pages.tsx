import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type {
  AuditEntryResponse,
  ChangeResponse,
  PageOf,
  RolloutResponse,
  RunResponse,
} from '../../runner/api/responses.ts';
import { call, part, useApi } from './api.ts';
import { seconds } from './format.ts';
import { Act, Badge, Commit, Empty, Page, Pending, RunLink, Sandbox, StackLink, When } from './parts.tsx';

/** The lists: the newest first, and more by asking for it. */
export function WorkPages({ kind }: { readonly kind: 'changes' | 'rollouts' | 'runs' | 'audit' }) {
  if (kind === 'changes') return <Changes />;
  if (kind === 'rollouts') return <Rollouts />;
  return kind === 'runs' ? <Runs /> : <Audit />;
}

interface Column<T> {
  readonly name: string;
  readonly cell: (item: T) => ReactNode;
}

function List<T extends { readonly id?: string; readonly number?: number }>(props: {
  readonly title: string;
  readonly path: string;
  readonly filters?: ReactNode;
  readonly empty: string;
  readonly columns: readonly Column<T>[];
}) {
  const { data, error } = useApi<PageOf<T>>(props.path, 3000);
  const [more, setMore] = useState<{
    readonly path: string;
    readonly items: readonly T[];
    readonly next: string | undefined;
  }>();
  const older = more?.path === props.path ? more : undefined;
  const next = older ? older.next : data?.next;
  const load = async () => {
    const page = await call<PageOf<T>>(`${props.path}${props.path.includes('?') ? '&' : '?'}after=${part(next!)}`);
    setMore({ path: props.path, items: [...(older?.items ?? []), ...page.items], next: page.next });
  };
  const seen = new Set(data?.items.map((item) => item.id));
  const items = data
    ? [...data.items, ...(older?.items ?? []).filter(({ id }) => id === undefined || !seen.has(id))]
    : [];
  return (
    <Page title={props.title}>
      {props.filters}
      {!data && <Pending error={error} />}
      {data && items.length === 0 && <Empty>{props.empty}</Empty>}
      {items.length > 0 && <Table items={items} columns={props.columns} />}
      {next !== undefined && <Act name="Older" act={load} />}
    </Page>
  );
}

function Table<T extends { readonly id?: string; readonly number?: number }>({
  items,
  columns,
}: {
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
}) {
  return (
    <table className="list">
      <thead>
        <tr>
          {columns.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.id ?? item.number}>
            {columns.map(({ name, cell }) => (
              <td key={name} data-name={name}>
                {cell(item)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const CHANGE_COLUMNS: readonly Column<ChangeResponse>[] = [
  { name: 'Change', cell: ({ id, name }) => <Link href={`/changes/${id}`}>{name}</Link> },
  { name: 'State', cell: ({ state }) => <Badge state={state} /> },
  {
    name: 'What it does',
    cell: ({ verdict, runs }) => (
      <>
        {verdict} <Sandbox sandbox={runs.some(({ sandbox }) => sandbox)} />
      </>
    ),
  },
  { name: 'Head', cell: ({ head }) => <Commit commit={head} /> },
  { name: 'When', cell: ({ updatedAt }) => <When time={updatedAt} /> },
];

function Changes() {
  return (
    <List<ChangeResponse>
      title="Changes"
      path="/api/changes"
      empty="Nothing is proposed: push a branch."
      columns={CHANGE_COLUMNS}
    />
  );
}

const ROLLOUT_COLUMNS: readonly Column<RolloutResponse>[] = [
  {
    name: 'Commit',
    cell: ({ id, commit }) => (
      <Link href={`/rollouts/${part(id)}`}>
        <Commit commit={commit} />
      </Link>
    ),
  },
  { name: 'State', cell: ({ state }) => <Badge state={state} /> },
  { name: 'Order', cell: ({ stages }) => stages.map(({ environment }) => environment).join(' → ') || 'no stack' },
  { name: 'What became of it', cell: ({ waits, summary }) => waits?.text ?? summary },
  { name: 'When', cell: ({ createdAt }) => <When time={createdAt} /> },
];

function Rollouts() {
  return (
    <List<RolloutResponse>
      title="Rollouts"
      path="/api/rollouts"
      empty="Nothing was rolled out yet."
      columns={ROLLOUT_COLUMNS}
    />
  );
}

const RUN_COLUMNS: readonly Column<RunResponse>[] = [
  { name: 'Run', cell: ({ id, kind }) => <RunLink id={id}>{kind}</RunLink> },
  { name: 'Stack', cell: ({ repository, stack }) => <StackLink repository={repository} stack={stack} /> },
  {
    name: 'State',
    cell: ({ state, sandbox }) => (
      <>
        <Badge state={state} /> <Sandbox sandbox={sandbox} />
      </>
    ),
  },
  { name: 'What it does', cell: ({ summary }) => summary.split('\n')[0] },
  { name: 'Commit', cell: ({ commit }) => <Commit commit={commit} /> },
  {
    name: 'Took',
    cell: ({ startedAt, endedAt }) =>
      startedAt && endedAt ? seconds(Date.parse(endedAt) - Date.parse(startedAt)) : '',
  },
  { name: 'When', cell: ({ createdAt }) => <When time={createdAt} /> },
];

const KINDS = ['', 'preview', 'update', 'drift', 'correction', 'environment', 'removal'];
const STATES = ['', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'superseded'];

function Runs() {
  const [kind, setKind] = useState('');
  const [state, setState] = useState('');
  const query = new URLSearchParams({ ...(kind && { kind }), ...(state && { state }) }).toString();
  const filters = (
    <div className="toolbar">
      <Choice name="Kind" values={KINDS} value={kind} onChange={setKind} />
      <Choice name="State" values={STATES} value={state} onChange={setState} />
    </div>
  );
  const path = query === '' ? '/api/runs' : `/api/runs?${query}`;
  return (
    <List<RunResponse>
      title="Runs"
      path={path}
      filters={filters}
      empty={query === '' ? 'Nothing has run yet.' : 'There is no such run.'}
      columns={RUN_COLUMNS}
    />
  );
}

function Choice(props: {
  readonly name: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <label>
      {props.name}{' '}
      <select value={props.value} onChange={({ target }) => props.onChange(target.value)}>
        {props.values.map((value) => (
          <option key={value} value={value}>
            {value || 'all'}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A commit in the place of its forty letters; rollouts and runs are led to. */
function About({ subject }: { readonly subject: string }) {
  const text = subject.replace(/[0-9a-f]{40}/g, (commit) => commit.slice(0, 8));
  if (/^[^/]+@[0-9a-f]{40}(#\d+)?$/.test(subject)) return <Link href={`/rollouts/${part(subject)}`}>{text}</Link>;
  if (/^[a-z]-[0-9a-f]{6,}$/.test(subject)) return <RunLink id={subject}>{text}</RunLink>;
  return <code>{text}</code>;
}

const AUDIT_COLUMNS: readonly Column<AuditEntryResponse>[] = [
  { name: 'No.', cell: ({ number }) => number },
  { name: 'When', cell: ({ at }) => <When time={at} /> },
  {
    name: 'Who',
    cell: ({ by, via }) => (
      <span>
        {by} {via !== undefined && <small>{via}</small>}
      </span>
    ),
  },
  { name: 'What', cell: ({ kind }) => kind },
  { name: 'About', cell: ({ subject }) => <About subject={subject} /> },
  { name: 'In words', cell: ({ text }) => text },
];

function Audit() {
  return (
    <List<AuditEntryResponse>
      title="Audit"
      path="/api/audit?limit=200"
      empty="Nobody has decided anything yet."
      columns={AUDIT_COLUMNS}
    />
  );
}
