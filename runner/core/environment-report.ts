import type { CommitStatus } from './forge.ts';
import type { PreviewEnvironment } from './preview-environment.ts';
import { short } from './report-text.ts';

/** Found again by this: a change has one comment about its preview environments. */
export const ENVIRONMENT_MARKER = '<!-- mainstay:environments -->';

const WORDS: Readonly<Record<PreviewEnvironment['state'], string>> = {
  waiting: 'waits',
  making: 'is being made',
  ready: 'is ready',
  failed: 'failed',
  removing: 'is being destroyed',
  stuck: 'could not be destroyed, and is tried again',
  removed: 'is destroyed',
};

/** What an environment's state is called: `is ready`. */
export function environmentWords(state: PreviewEnvironment['state']): string {
  return WORDS[state];
}

const MOST_OUTPUTS = 30;
const LONGEST_VALUE = 500;

/** The comment about the environments of a change, in Markdown. `linkOf` gives the page of a run, where there is one. */
export function environmentComment(
  environments: readonly PreviewEnvironment[],
  linkOf: (run: string) => string | undefined,
): string {
  return [ENVIRONMENT_MARKER, ...environments.flatMap((environment) => sectionOf(environment, linkOf))].join('\n');
}

function sectionOf(environment: PreviewEnvironment, linkOf: (run: string) => string | undefined): readonly string[] {
  const { stack, state, sandbox, summary, template, commit, run, expiresAt } = environment;
  const link = run === undefined ? undefined : linkOf(run);
  const at = commit === undefined ? '' : ` at ${short(commit)}`;
  const life = expiresAt && (state === 'ready' || state === 'failed') ? untilText(expiresAt) : '';
  return [
    `**Preview environment \`${stack}\`${sandbox ? ' (sandbox)' : ''} ${WORDS[state]}**${at}${summary === '' ? '' : `: ${plain(summary)}`}`,
    '',
    ...outputLines(environment),
    `A copy of \`${template}\`.${life}${link ? ` [Details](${link})` : ''}`,
    '',
  ];
}

function untilText(at: Date): string {
  return ` It is destroyed when the change is merged or closed, or at ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC where nothing is pushed before; \`/environment\` keeps it longer, \`/environment down\` ends it now.`;
}

function outputLines({ outputs, state }: PreviewEnvironment): readonly string[] {
  const entries = Object.entries(outputs);
  if (entries.length === 0 || (state !== 'ready' && state !== 'failed' && state !== 'making')) return [];
  const rows = entries.slice(0, MOST_OUTPUTS).map(([name, value]) => `| ${cell(name)} | ${cell(valueText(value))} |`);
  const more = entries.length > rows.length ? [`| … | ${entries.length - rows.length} more; see the details |`] : [];
  return ['| output | value |', '| --- | --- |', ...rows, ...more, ''];
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** Nothing in it ends the cell, mentions somebody or is HTML. */
function cell(text: string): string {
  return plain(text).replaceAll('|', '\\|');
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;').replaceAll('@', '@\u200b');
}

/** The commit status of an environment. */
export function environmentStatus(
  { template, stack, state, summary, run }: PreviewEnvironment,
  { commit, linkOf }: { readonly commit: string; readonly linkOf: (run: string) => string | undefined },
): CommitStatus {
  const bad = state === 'failed' || state === 'stuck';
  const settled = state === 'ready' || state === 'removed';
  return {
    ...{
      commit,
      context: `mainstay/environment/${template}`,
      state: bad ? 'failure' : settled ? 'success' : 'pending',
    },
    text: `${stack} ${WORDS[state]}${summary === '' ? '' : `: ${summary}`}`.slice(0, 140),
    link: run === undefined ? undefined : linkOf(run),
  };
}
