import type { SettingResponse, SettingsResponse, StatusResponse } from '../../runner/api/responses.ts';
import { part, useApi } from './api.ts';
import { durationText, sizeText, valueText } from './format.ts';
import { Commit, Empty, Page, Pending } from './parts.tsx';

/** The settings as they are in effect, each with where it comes from. */
export function SettingsPage() {
  const { data, error } = useApi<StatusResponse>('/api/status');
  if (!data) return <Pending error={error} />;
  return (
    <Page title="Settings">
      {data.repositories.map(({ id }, index) => (
        <RepositorySettings key={id} id={id} withRunner={index === data.repositories.length - 1} />
      ))}
    </Page>
  );
}

function RepositorySettings({ id, withRunner }: { readonly id: string; readonly withRunner: boolean }) {
  const { data, error } = useApi<SettingsResponse>(`/api/repositories/${part(id)}/settings`);
  if (!data) return <Pending error={error} />;
  return (
    <>
      <section className="panel" aria-label={id}>
        <h2>
          {id}{' '}
          <small>
            {data.file ?? 'no mainstay.yaml: defaults'} <Commit commit={data.commit} />
          </small>
        </h2>
        {data.problem && <pre className="problem">{data.problem}</pre>}
        {data.settings.length === 0 ? (
          <Empty>Nobody has looked at the repository yet.</Empty>
        ) : (
          <SettingsTable settings={data.settings} />
        )}
      </section>
      {withRunner && data.runner.length > 0 && (
        <section className="panel" aria-label="Runner">
          <h2>The runner’s own</h2>
          <SettingsTable settings={data.runner} />
        </section>
      )}
    </>
  );
}

/** Settings that are a time; the API has all of them in milliseconds. */
const DURATION = /\.(soak|every|for|timeout|time)$/;

/** Settings that are a size; the API has them in bytes. */
const SIZE = /\.(memory|output)$/;

function settingText(path: string, value: unknown): string {
  if (typeof value === 'number' && DURATION.test(path)) return durationText(value);
  if (typeof value === 'number' && SIZE.test(path)) return sizeText(value);
  return valueText(value);
}

function SettingsTable({ settings }: { readonly settings: readonly SettingResponse[] }) {
  return (
    <table className="list">
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Value</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        {settings.map(({ path, value, source }) => (
          <tr key={path} className={source === 'default' ? 'default' : ''}>
            <td data-name="Setting">
              <code>{path}</code>
            </td>
            <td data-name="Value">{settingText(path, value)}</td>
            <td data-name="From">{source}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
