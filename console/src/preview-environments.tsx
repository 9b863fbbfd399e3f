import { Fragment } from 'react';
import { Link } from 'wouter';
import type { EnvironmentResponse } from '../../runner/api/responses.ts';
import { part, post } from './api.ts';
import { Act, Allowed, Badge, Commit, RunLink, Sandbox } from './parts.tsx';

/** The preview environments of a repository, each with its change, or those of one change with what can be done. */
export function PreviewEnvironments(props: {
  readonly id: string;
  readonly environments: readonly EnvironmentResponse[];
  /** Id of the change whose page it is. */
  readonly change?: { readonly id: string; readonly state: string };
}) {
  const { id, environments, change } = props;
  if (environments.length === 0) return null;
  const may = environments.every((each) => each.may.includes('operate')) ? ['operate'] : [];
  const ask = (asked: 'up' | 'down') => () =>
    post(`/api/changes/${part(change!.id)}/environment`, { asked }).then(() =>
      asked === 'up' ? 'It is made anew.' : 'It is destroyed.',
    );
  return (
    <section className="panel" aria-labelledby={id}>
      <h2 id={id}>Preview environments</h2>
      {change && (
        <Allowed may={may} power="operate" what="make it anew or destroy it">
          {change.state === 'open' && <Act name="Make anew" act={ask('up')} />}
          {environments.some(({ state }) => state !== 'removed') && <Act name="Destroy" act={ask('down')} />}
        </Allowed>
      )}
      {environments.map((environment) => (
        <Environment key={environment.stack} environment={environment} showChange={!change} />
      ))}
    </section>
  );
}

function Environment({
  environment,
  showChange,
}: {
  readonly environment: EnvironmentResponse;
  readonly showChange: boolean;
}) {
  const { stack, state, summary, sandbox, commit, run, template, change, outputs, expiresAt } = environment;
  return (
    <>
      <p className="notice">
        <Badge state={state} /> <b>{stack}</b> <Sandbox sandbox={sandbox} />{' '}
        {run ? <RunLink id={run}>{summary || state}</RunLink> : summary} <Commit commit={commit} /> a copy of {template}
        {showChange && (
          <>
            {' '}
            for <Link href={`/changes/${change}`}>{change.slice(change.indexOf('/') + 1)}</Link>
          </>
        )}
        {expiresAt && state !== 'removed' && (
          <>
            , until <time dateTime={expiresAt}>{new Date(expiresAt).toLocaleString()}</time>
          </>
        )}
      </p>
      {!showChange && Object.keys(outputs).length > 0 && (
        <dl className="facts">
          {Object.entries(outputs).map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>
                <Output value={value} />
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
    </>
  );
}

/** An address can be followed; anything else is shown as it is. */
function Output({ value }: { readonly value: unknown }) {
  if (typeof value === 'string' && /^https?:\/\/[^\s]+$/.test(value))
    return (
      <a href={value} rel="noreferrer">
        {value}
      </a>
    );
  return <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>;
}
