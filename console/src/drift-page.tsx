import type { DriftResponse, PageOf } from '../../runner/api/responses.ts';
import { useApi } from './api.ts';
import { typeName } from './format.ts';
import { Badge, Commit, Empty, Page, PendingPage, RunLink, Sandbox, StackLink, When } from './parts.tsx';
import { PropertyDiffs } from './property-diff.tsx';

const ORDER = ['flapping', 'drifted', 'unknown', 'none'];

/** Every stack that was looked at, what differs first. */
export function DriftPage() {
  const { data, error } = useApi<PageOf<DriftResponse>>('/api/drift', 5000);
  if (!data) return <PendingPage error={error} />;
  const records = data.items.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.stack.localeCompare(b.stack),
  );
  const [different, same] = [
    records.filter(({ state }) => state !== 'none'),
    records.filter(({ state }) => state === 'none'),
  ];
  return (
    <Page
      title="Drift"
      about="What is there and what the program says: looked at on each stack’s schedule, in a copy of its state."
    >
      {records.length === 0 && (
        <Empty>
          Nobody has looked yet. <code>drift</code> in mainstay.yaml says when.
        </Empty>
      )}
      {different.map((record) => (
        <section key={`${record.repository} ${record.stack}`} className="panel" aria-label={record.stack}>
          <h2>
            <StackLink repository={record.repository} stack={record.stack} /> <Badge state={record.state} />{' '}
            <Sandbox sandbox={record.sandbox} />
          </h2>
          <Drifted record={record} />
        </section>
      ))}
      {same.length > 0 && (
        <ul className="plain">
          {same.map((record) => (
            <li key={`${record.repository} ${record.stack}`}>
              <StackLink repository={record.repository} stack={record.stack} />{' '}
              <Badge state="none" text={record.summary || 'no drift'} /> <When time={record.lookedAt} />
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}

/** One finding: what would be put back, by whom it was changed where that is known, and what does not matter. */
export function Drifted({ record }: { readonly record: DriftResponse }) {
  return (
    <>
      <p>
        {record.summary} at <Commit commit={record.commit} />, looked at <When time={record.lookedAt} />
        {record.since && (
          <>
            , since <When time={record.since} />
          </>
        )}{' '}
        {record.run && <RunLink id={record.run}>the run</RunLink>}
      </p>
      {record.differences.map(({ step, managers }) => (
        <div key={step.urn} className="difference">
          <b>{step.operation}</b> <span className="type">{typeName(step.type)}</span>{' '}
          <span className="name">{step.name}</span>
          <PropertyDiffs changes={step.changes} />
          {Object.entries(managers).map(([path, { manager, at }]) => (
            <p key={path} className="hint">
              <code>{path}</code> was set by {manager} <When time={at} />
            </p>
          ))}
        </div>
      ))}
      {record.quiet.length > 0 && (
        <p className="hint">
          Changed without consequence: {record.quiet.map(({ urn }) => urn.slice(urn.lastIndexOf('::') + 2)).join(', ')}
        </p>
      )}
      {record.ignored.map(({ urn, owner, until }) => (
        <p key={urn} className="hint">
          Accepted for {owner} until {until}: {urn.slice(urn.lastIndexOf('::') + 2)}
        </p>
      ))}
      {record.expired.map(({ resource, owner, until }) => (
        <p key={`${owner} ${resource} ${until}`} className="hint">
          The rule of {owner} for {resource} ended on {until}: renew or remove it.
        </p>
      ))}
    </>
  );
}
