import { type KeyboardEvent, memo, useContext, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import type {
  ChangeResponse,
  PageOf,
  RepositoryStatus,
  RunResponse,
  StackStatus,
  StatusResponse,
} from '../../runner/api/responses.ts';
import { post, Session, useApi } from './api.ts';
import { counted, stackName } from './format.ts';
import { Act, Badge, Commit, Empty, Page, PendingPage, RunLink, Sandbox, toneOf, When } from './parts.tsx';
import { PreviewEnvironments } from './preview-environments.tsx';

/** More stacks than these are shown as a grid. */
const MOST_CARDS = 60;

const FILTERS = ['all', 'aligned', 'behind', 'failed', 'drifted', 'waiting'] as const;
type Filter = (typeof FILTERS)[number];

export function EstatePage() {
  const { data, error } = useApi<StatusResponse>('/api/status', 3000);
  const session = useContext(Session);
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const words = useDeferredValue(search.trim().toLowerCase());
  const all = useMemo(() => data?.repositories.flatMap(({ stacks }) => stacks) ?? [], [data]);
  const kept = useMemo(
    () => new Set(all.filter((stack) => isIn(stack, filter) && matches(stack, words))),
    [all, filter, words],
  );
  if (!data) return <PendingPage error={error} />;
  return (
    <Page
      title="Estate"
      about={<Summary stacks={all} />}
      actions={
        session?.may.includes('operate') && (
          <Act name="Sync" act={() => post('/api/sync').then(() => 'The repositories are looked at.')} />
        )
      }
    >
      <div className="toolbar">
        <SearchField value={search} onChange={setSearch} />
        <fieldset className="filters" aria-label="Show">
          {FILTERS.map((name) => {
            const count = all.filter((stack) => isIn(stack, name)).length;
            return (
              <button
                key={name}
                type="button"
                aria-pressed={filter === name}
                disabled={count === 0 && name !== filter}
                onClick={() => setFilter(name)}
              >
                {name} <span className="count">{count}</span>
              </button>
            );
          })}
        </fieldset>
      </div>
      {data.repositories.map((repository) => (
        <Repository key={repository.id} repository={repository} kept={kept} cards={all.length <= MOST_CARDS} />
      ))}
      {kept.size === 0 && all.length > 0 && <Empty>No stack is like that.</Empty>}
      <Latest />
    </Page>
  );
}

/** What is going on: open changes, and the latest runs. */
function Latest() {
  const changes = useApi<PageOf<ChangeResponse>>('/api/changes?state=open&limit=8', 3000);
  const runs = useApi<PageOf<RunResponse>>('/api/runs?limit=8', 3000);
  if (!changes.data || !runs.data) return null;
  return (
    <div className="latest">
      <section aria-labelledby="open-changes">
        <h2 id="open-changes">Open changes</h2>
        {changes.data.items.length === 0 && <Empty>Nothing is proposed: push a branch.</Empty>}
        <ul>
          {changes.data.items.map(({ id, name, verdict, updatedAt }) => (
            <li key={id}>
              <Link href={`/changes/${id}`}>{name}</Link>
              <span className="said">{verdict}</span>
              <When time={updatedAt} />
            </li>
          ))}
        </ul>
      </section>
      <section aria-labelledby="latest-runs">
        <h2 id="latest-runs">Latest runs</h2>
        {runs.data.items.length === 0 && <Empty>Nothing has run yet.</Empty>}
        <ul>
          {runs.data.items.map(({ id, kind, stack, state, summary, sandbox, createdAt }) => (
            <li key={id}>
              <Badge state={state} />
              <RunLink id={id}>
                {kind} of {stack}
              </RunLink>
              <Sandbox sandbox={sandbox} />
              <span className="said">{summary.split('\n')[0]}</span>
              <When time={createdAt} />
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function isIn(stack: StackStatus, filter: Filter): boolean {
  if (filter === 'all') return true;
  if (filter === 'waiting') return stack.lastState === 'waiting' || stack.waitsFor !== undefined;
  if (filter === 'drifted') return stack.drift === 'drifted' || stack.drift === 'flapping';
  return stack.alignment === filter;
}

function matches({ id, environment, appliedCommit = '' }: StackStatus, words: string): boolean {
  const text = `${id} ${environment} ${appliedCommit}`.toLowerCase();
  return words.split(/\s+/).every((word) => text.includes(word));
}

function Summary({ stacks }: { readonly stacks: readonly StackStatus[] }) {
  const aligned = stacks.filter((stack) => stack.aligned).length;
  if (stacks.length === 0) return <>No stacks yet: the first look at the repository finds them.</>;
  return aligned === stacks.length ? (
    <Badge state="aligned" text={`${counted(stacks.length, 'stack')}, all as main says`} />
  ) : (
    <Badge state="behind" text={`${aligned} of ${counted(stacks.length, 'stack')} as main says`} />
  );
}

/** `/` goes to the search, as in many places. */
function SearchField({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: globalThis.KeyboardEvent) => {
      if (event.key !== '/' || /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName ?? '')) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, []);
  return (
    <input
      ref={field}
      type="search"
      aria-label="Search stacks"
      aria-keyshortcuts="/"
      placeholder="Search: name, environment, commit   /"
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

/** Drawn again only where something of it is another: letters that are typed into the search come first. */
const Repository = memo(function Repository(props: {
  readonly repository: RepositoryStatus;
  readonly kept: ReadonlySet<StackStatus>;
  readonly cards: boolean;
}) {
  const { id, branch, base, environments, stacks, rollout, previewEnvironments } = props.repository;
  const grid = useRef<HTMLDivElement>(null);
  return (
    <section aria-labelledby={`repository-${id}`}>
      <h2 id={`repository-${id}`}>
        {id}{' '}
        <small>
          {base === undefined ? (
            `${branch} was not looked at yet`
          ) : (
            <>
              {branch} is <Commit commit={base} />
            </>
          )}
        </small>
      </h2>
      {rollout && rollout.state !== 'succeeded' && (
        <p className="notice">
          <Badge state={rollout.state} /> <Link href={`/rollouts/${encodeURIComponent(rollout.id)}`}>Rollout of</Link>{' '}
          <Commit commit={rollout.commit} /> {rollout.waits?.text ?? rollout.summary}
        </p>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is acted on; arrows go from one to the next */}
      <div
        className={props.cards ? 'environments' : 'environments dense'}
        ref={grid}
        onKeyDown={(event) => moveInGrid(event, grid.current)}
      >
        {environments.map((environment) => {
          const own = stacks.filter((stack) => stack.environment === environment);
          const shown = own.filter((stack) => props.kept.has(stack));
          return <Environment key={environment} name={environment} own={own} shown={shown} cards={props.cards} />;
        })}
      </div>
      <PreviewEnvironments id={`environments-${id}`} environments={previewEnvironments} />
    </section>
  );
});

function Environment(props: {
  readonly name: string;
  readonly own: readonly StackStatus[];
  readonly shown: readonly StackStatus[];
  readonly cards: boolean;
}) {
  const aligned = props.own.filter((stack) => stack.aligned).length;
  return (
    <div className="environment">
      <h3>
        {props.name}{' '}
        <small>
          {aligned}/{props.own.length}
        </small>
      </h3>
      <ul>
        {props.shown.map((stack, index) =>
          props.cards ? (
            <StackCard key={stack.id} stack={stack} />
          ) : (
            <StackTile key={stack.id} stack={stack} first={index === 0} />
          ),
        )}
      </ul>
    </div>
  );
}

function hrefOf({ repository, id }: StackStatus): string {
  return `/stacks/${encodeURIComponent(repository)}/${id}`;
}

function StackCard({ stack }: { readonly stack: StackStatus }) {
  return (
    <li className={`card ${toneOf(stack.alignment)}`}>
      <div>
        <Link href={hrefOf(stack)} className="name">
          {stack.id}
        </Link>
        <Sandbox sandbox={stack.sandbox} />
      </div>
      <div className="badges">
        <Badge state={stack.alignment} />
        {stack.health === 'bad' && <Badge state="unhealthy" />}
        {stack.drift !== 'unknown' && (
          <Badge state={stack.drift} text={stack.drift === 'none' ? 'no drift' : stack.drift} />
        )}
        <Commit commit={stack.appliedCommit} />
        <When time={stack.appliedAt} />
      </div>
      {stack.waitsFor && <p className="summary">{stack.waitsFor}</p>}
      <p className="summary">{stack.lastRun ? <RunLink id={stack.lastRun}>{stack.summary}</RunLink> : stack.summary}</p>
    </li>
  );
}

/** One of a thousand: its name and its state; arrows go from one to the next, so that Tab need not. */
const StackTile = memo(function StackTile({ stack, first }: { readonly stack: StackStatus; readonly first: boolean }) {
  const state =
    stack.lastState === 'waiting' || stack.lastState === 'running'
      ? stack.lastState
      : isIn(stack, 'drifted')
        ? stack.drift
        : stack.alignment;
  const sandbox = stack.sandbox ? ', sandbox' : '';
  return (
    <li>
      <Link
        href={hrefOf(stack)}
        className={`tile ${toneOf(state)} ${stack.sandbox ? 'played' : ''}`}
        tabIndex={first ? 0 : -1}
        aria-label={`${stack.id}: ${state}${sandbox}`}
        title={`${stack.id}: ${state}${sandbox}\n${stack.summary}`}
      >
        {stackName(stack.id)}
      </Link>
    </li>
  );
});

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function moveInGrid(event: KeyboardEvent, grid: HTMLElement | null): void {
  const step = STEPS[event.key];
  if (step === undefined || !grid) return;
  const links = [...grid.querySelectorAll<HTMLElement>('a.tile, a.name')];
  const next = links[links.indexOf(document.activeElement as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
