import { type FormEvent, useId, useState } from 'react';
import { Link } from 'wouter';
import type {
  ImageResponse,
  PageOf,
  PromotionResponse,
  SettingsResponse,
  StackStatus,
  StatusResponse,
} from '../../runner/api/responses.ts';
import { part, post, useApi } from './api.ts';
import { valueText } from './format.ts';
import { Badge, Commit, Empty, Page, Pending, When } from './parts.tsx';

/** Versions on their way from one stack's file to the next one's, and what sends one. */
export function PromotionsPage() {
  const { data: status, error } = useApi<StatusResponse>('/api/status');
  const { data, reload } = useApi<PageOf<PromotionResponse>>('/api/promotions', 2000);
  const { data: images } = useApi<PageOf<ImageResponse>>('/api/images', 2000);
  if (!status || !data) return <Pending error={error} />;
  return (
    <Page
      title="Promotions"
      about="A version that one stack runs is written into the next one’s file, as mainstay.yaml has it under promotions."
    >
      {status.repositories.map(({ id, stacks }) => (
        <Promote key={id} repository={id} stacks={stacks} done={reload} />
      ))}
      <Images images={images?.items ?? []} />
      {data.items.length === 0 && <Empty>No version was promoted yet.</Empty>}
      {data.items.map((promotion) => (
        <Promotion key={promotion.id} promotion={promotion} />
      ))}
    </Page>
  );
}

/** What registries have that is built elsewhere. */
function Images({ images }: { readonly images: readonly ImageResponse[] }) {
  const id = useId();
  if (images.length === 0) return null;
  return (
    <section className="panel" aria-labelledby={id}>
      <h2 id={id}>Images that are built elsewhere</h2>
      {images.map(({ repository, name, newest, problem, lookedAt }) => (
        <p key={`${repository} ${name}`}>
          {name}: {newest === undefined ? 'no version counts yet' : <code>{newest}</code>}{' '}
          {problem !== '' && <Badge state="failed" text={problem} />}{' '}
          <small>
            looked for <When time={lookedAt} />
          </small>
        </p>
      ))}
    </section>
  );
}

const TONES: Readonly<Record<PromotionResponse['state'], string>> = {
  queued: 'running',
  written: 'succeeded',
  proposed: 'open',
  nothing: 'quiet',
  failed: 'failed',
};

function Promotion({ promotion }: { readonly promotion: PromotionResponse }) {
  const { id, repository, name, from, to, state, values, commit, change, summary, by, at } = promotion;
  return (
    <section className="panel" aria-labelledby={id}>
      <h2 id={id}>
        {name}: {from} → {to} <Badge state={TONES[state]} text={state} />
        <small>
          by {by} <When time={at} />
        </small>
      </h2>
      <p>
        {summary} <Commit commit={commit} />{' '}
        {change !== undefined && <Link href={`/changes/${repository}/${change}`}>{change}</Link>}
      </p>
      {values.map(({ path, before, after }) => (
        <p key={path} className="hint">
          <code>{path}</code>: {valueText(before)} → {valueText(after)}
        </p>
      ))}
    </section>
  );
}

interface Rule {
  readonly name: string;
  readonly path: readonly string[];
}

/** The rules as the settings in effect have them: `promotions[0].name`, `promotions[0].path[1]`. */
export function rulesOf(settings: SettingsResponse['settings']): readonly Rule[] {
  const rules: { name: string; path: string[] }[] = [];
  for (const { path, value } of settings) {
    const found = /^promotions\[(\d+)\]\.(name|path)/.exec(path);
    if (!found) continue;
    rules[Number(found[1])] ??= { name: '', path: [] };
    const rule = rules[Number(found[1])]!;
    if (found[2] === 'name') rule.name = String(value);
    else rule.path.push(String(value));
  }
  return rules;
}

/** Whether one may promote to a stack that a rule names by its id or its name. */
function mayPromote(stacks: readonly StackStatus[], name: string): boolean {
  const named = stacks.filter(({ id }) => id === name || id.slice(id.lastIndexOf('/') + 1) === name);
  return named.every(({ may }) => may.includes('approve'));
}

function Promote({
  repository,
  stacks,
  done,
}: {
  readonly repository: string;
  readonly stacks: readonly StackStatus[];
  readonly done: () => void;
}) {
  const { data, error } = useApi<SettingsResponse>(`/api/repositories/${part(repository)}/settings`);
  const rules = data ? rulesOf(data.settings) : [];
  const all = rules.flatMap(({ name, path }) => path.slice(1).map((to, index) => ({ name, from: path[index]!, to })));
  const ways = all.filter(({ to }) => mayPromote(stacks, to));
  const [chosen, setChosen] = useState(0);
  const [told, setTold] = useState<{ readonly role: 'status' | 'alert'; readonly text: string }>();
  const id = useId();
  if (!data) return <Pending error={error} />;
  const way = ways[chosen];
  if (!way && all.length > 0) return <Empty>Only an approver may promote in {repository}.</Empty>;
  if (!way) return <Empty>mainstay.yaml of {repository} has no promotions.</Empty>;
  const promote = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await post<PromotionResponse>(`/api/repositories/${part(repository)}/promotions`, way);
      setTold({ role: 'status', text: `${way.name}: ${way.from} → ${way.to} is queued.` });
      done();
    } catch (error) {
      setTold({ role: 'alert', text: (error as Error).message });
    }
  };
  return (
    <form className="toolbar" onSubmit={(event) => void promote(event)} aria-label={`Promote in ${repository}`}>
      <label htmlFor={id}>{repository}: promote</label>
      <select id={id} value={chosen} onChange={({ target }) => setChosen(Number(target.value))}>
        {ways.map(({ name, from, to }, index) => (
          <option key={`${name} ${from} ${to}`} value={index}>
            {name}: {from} → {to}
          </option>
        ))}
      </select>
      <button type="submit" className="main">
        Promote
      </button>
      {told && (
        <p className={told.role === 'alert' ? 'refused' : 'done'} role={told.role}>
          {told.text}
        </p>
      )}
    </form>
  );
}
