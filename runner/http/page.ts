import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type {
  ChangeResponse,
  RepositoryStatus,
  RolloutResponse,
  RunDetailResponse,
  RunResponse,
} from '../api/responses.ts';

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** A plain page: every value is escaped by `html`, there is no script, and the style sheet is a file of its own. */
function layout(title: string, body: Html, refreshSeconds: number | undefined): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    ${refreshSeconds === undefined ? '' : html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
    <title>${title} · Mainstay</title>
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <header><a href="/">Mainstay</a></header>
    <main><h1>${title}</h1>${body}</main>
  </body>
</html>`;
}

export function estatePage(
  repositories: readonly RepositoryStatus[],
  lists: {
    readonly runs: readonly RunResponse[];
    readonly changes: readonly ChangeResponse[];
    readonly rollouts: readonly RolloutResponse[];
  },
): Html {
  const body = html`
    ${repositories.map(
      (repository) => html`<section>
        <h2>${repository.id} <small>main is ${short(repository.base)}</small></h2>
        ${table(
          ['Environment', 'Stack', 'State', 'Applied', 'Last update'],
          repository.stacks.map((stack) => [
            stack.environment,
            stack.id,
            html`${badge(stack.alignment)}${stack.sandbox ? badge('sandbox') : ''}`,
            short(stack.appliedCommit),
            stack.lastRun ? html`<a href="/runs/${stack.lastRun}">${stack.summary}</a>` : stack.summary,
          ]),
        )}
      </section>`,
    )}
    <section><h2>Changes</h2>${table(
      ['Change', 'State', 'Verdict'],
      lists.changes.map((change) => [
        html`<a href="/changes/${change.id}">${change.name}</a>`,
        badge(change.state),
        change.verdict,
      ]),
    )}</section>
    <section><h2>Rollouts</h2>${table(
      ['Commit', 'State', 'Order', ''],
      lists.rollouts.map((rollout) => [
        short(rollout.commit),
        badge(rollout.state),
        rollout.stages.map(({ environment, stacks }) => `${environment}: ${stacks.join(', ')}`).join(' → '),
        rollout.summary,
      ]),
    )}</section>
    <section><h2>Runs</h2>${runTable(lists.runs)}</section>`;
  return layout('Estate', body, 3);
}

export function runPage(run: RunDetailResponse): Html {
  const body = html`
    <p>${badge(run.state)}${run.sandbox ? badge('sandbox') : ''} ${run.kind} of ${run.stack} at ${short(run.commit)}${run.engine ? `, ${run.engine} engine` : ''}: ${run.summary}</p>
    ${run.problem ? html`<pre class="problem">${run.problem}</pre>` : ''}
    <h2>Why</h2><ul>${run.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>
    <h2>Steps</h2>${table(
      ['Step', 'State', 'Time', ''],
      run.steps.map(({ name, state, milliseconds, detail }) => [
        name,
        badge(state),
        milliseconds === undefined ? '' : `${(milliseconds / 1000).toFixed(2)} s`,
        detail,
      ]),
    )}
    <h2>Resources</h2>
    ${run.changes.length === 0 ? html`<p>Nothing changes.</p>` : ''}
    <ul>${run.changes.map(({ line, properties }) => html`<li><code>${line}</code>${properties.length > 0 ? html`<ul>${properties.map((text) => html`<li><code>${text}</code></li>`)}</ul>` : ''}</li>`)}</ul>
    ${run.diagnostics.length > 0 ? html`<h2>Messages</h2><pre>${run.diagnostics.map(({ severity, message }) => `${severity}: ${message}`).join('\n')}</pre>` : ''}
    ${Object.keys(run.outputs).length > 0 ? html`<h2>Outputs</h2><pre>${JSON.stringify(run.outputs, null, 2)}</pre>` : ''}
    ${run.digest ? html`<p>Digest <code>${run.digest}</code></p>` : ''}`;
  return layout(`Run ${run.id}`, body, run.endedAt === undefined ? 1 : undefined);
}

export function changePage(change: ChangeResponse): Html {
  const body = html`
    <p>${badge(change.state)} ${short(change.head)} into ${short(change.base)}: ${change.verdict}</p>
    ${change.problem ? html`<pre class="problem">${change.problem}</pre>` : ''}
    ${runTable(change.runs)}`;
  return layout(change.name, body, change.state === 'open' ? 2 : undefined);
}

export function errorPage(message: string): Html {
  return layout('Not here', html`<p>${message}</p>`, undefined);
}

function runTable(runs: readonly RunResponse[]): Html {
  return table(
    ['Run', 'Kind', 'Stack', 'Commit', 'State', ''],
    runs.map((run) => [
      html`<a href="/runs/${run.id}">${run.id}</a>`,
      run.kind,
      run.stack,
      short(run.commit),
      html`${badge(run.state)}${run.sandbox ? badge('sandbox') : ''}`,
      run.summary,
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  if (rows.length === 0) return html`<p>None yet.</p>`;
  return html`<table>
    <thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table>`;
}

function badge(state: string): Html {
  return html`<span class="badge ${state}">${state}</span>`;
}

function short(commit: string | undefined): string {
  return commit?.slice(0, 8) ?? '';
}

export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; }
header a { font-weight: 700; text-decoration: none; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
pre { overflow-x: auto; padding: 0.8rem; border: 1px solid #8884; border-radius: 4px; }
.problem { border-color: #c33; }
.badge { border: 1px solid #8888; border-radius: 4px; padding: 0 0.4rem; white-space: nowrap; }
.succeeded, .aligned, .merged { border-color: #2a7; }
.failed { border-color: #c33; font-weight: 700; }
`;
