import { Link } from 'wouter';
import type { ChangeDetailResponse, RolloutDetailResponse, RunDetailResponse } from '../../runner/api/responses.ts';
import { part, useApi } from './api.ts';
import { Badge, Commit, Empty, Page, PendingPage, RunLink, Sandbox, StackLink, When } from './parts.tsx';
import { PreviewEnvironments } from './preview-environments.tsx';
import { Facts, StepList } from './step-list.tsx';

/** One change: what it would do to each stack, dangerous first. */
export function ChangePage({ id }: { readonly id: string }) {
  const { data, error } = useApi<ChangeDetailResponse>(`/api/changes/${part(id)}`, 2000);
  if (!data) return <PendingPage error={error} />;
  return (
    <Page
      title={data.name}
      about={
        <>
          <Badge state={data.state} /> <b>{data.verdict}</b> <Commit commit={data.head} /> into{' '}
          <Commit commit={data.base} /> of {data.repository}, <When time={data.updatedAt} />
        </>
      }
    >
      {data.problem && <pre className="problem">{data.problem}</pre>}
      {data.types && <Types types={data.types} />}
      {data.rollouts.map((rollout) => (
        <Approvals key={rollout} id={rollout} />
      ))}
      <PreviewEnvironments id="environments" environments={data.environments} change={data} />
      {data.stacks.length === 0 && !data.problem && <Empty>It changes no stack.</Empty>}
      {data.stacks.map((run) => (
        <StackOfChange key={run.id} run={run} />
      ))}
    </Page>
  );
}

/** What the compiler says of its programs: nothing that the previews wait for. */
function Types({ types }: { readonly types: NonNullable<ChangeDetailResponse['types']> }) {
  const look = types.state === 'passed' ? 'good' : types.blocks ? 'bad' : 'quiet';
  return (
    <section aria-label="Types">
      <p className="notice">
        <span className={`badge ${look}`}>types</span> {types.text}
      </p>
      {types.mistakes.length > 0 && (
        <pre className="problem">
          {types.mistakes
            .map(({ file, line, column, code, message }) => `${file}:${line}:${column} ${code}: ${message}`)
            .join('\n')}
        </pre>
      )}
    </section>
  );
}

/** Who approved it on its way, and what it waits for. */
function Approvals({ id }: { readonly id: string }) {
  const { data } = useApi<RolloutDetailResponse>(`/api/rollouts/${part(id)}`, 3000);
  if (!data) return null;
  return (
    <p className="notice">
      <Badge state={data.state} /> <Link href={`/rollouts/${part(id)}`}>Rollout of</Link>{' '}
      <Commit commit={data.commit} /> {data.waits?.text ?? data.summary}
      {data.approvals.map(({ environment, by, void: isVoid }) => (
        <span key={`${environment} ${by}`} className={`badge ${isVoid ? 'quiet' : 'good'}`}>
          {environment}: {isVoid ? 'void approval' : 'approved'} by {by}
        </span>
      ))}
    </p>
  );
}

function StackOfChange({ run }: { readonly run: RunDetailResponse }) {
  return (
    <section className="panel" aria-labelledby={`stack-${run.id}`}>
      <h2 id={`stack-${run.id}`}>
        <StackLink repository={run.repository} stack={run.stack} /> <Badge state={run.state} />{' '}
        <Sandbox sandbox={run.sandbox} />
        <small>
          <RunLink id={run.id}>{run.summary || 'see the run'}</RunLink>
        </small>
      </h2>
      {run.problem && <pre className="problem">{run.problem}</pre>}
      <Facts run={run} />
      {run.state === 'succeeded' && <StepList steps={run.changes} />}
    </section>
  );
}
