import type {
  AccessTokenResponse,
  AccountResponse,
  AuditEntryResponse,
  ChangeResponse,
  DriftResponse,
  EnvironmentResponse,
  GrantRequest,
  ResourceStep,
  RolloutResponse,
  RunDetailResponse,
  RunResponse,
  SettingsResponse,
  StackStatus,
  StatusResponse,
} from '../runner/api/responses.ts';

/** Columns as wide as their widest cell; the last one as it is. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!)))
      .join('  ')
      .trimEnd(),
  );
}

export function statusLines({ repositories }: StatusResponse): readonly string[] {
  return repositories.flatMap(({ id, branch, base, stacks, rollout, problem, previewEnvironments }) => [
    `${id}  ${branch} is ${base ? short(base) : 'not looked at yet'}`,
    ...(problem ? [`  cannot be looked at, and what follows is old: ${firstLine(problem)}`] : []),
    ...stackLines(stacks).map((line) => `  ${line}`),
    ...(rollout && rollout.state !== 'succeeded' ? [`  ${rolloutLine(rollout)}`] : []),
    ...(previewEnvironments.length > 0 ? ['  preview environments'] : []),
    ...environmentRows(previewEnvironments).map((line) => `    ${line}`),
  ]);
}

/** Each with what its program gives out. */
export function environmentLines(environments: readonly EnvironmentResponse[]): readonly string[] {
  if (environments.length === 0) return ['There are no preview environments.'];
  const rows = environmentRows(environments);
  return environments.flatMap(({ outputs }, index) => [
    rows[index]!,
    ...Object.entries(outputs).map(
      ([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  ]);
}

function environmentRows(environments: readonly EnvironmentResponse[]): readonly string[] {
  return columns(
    environments.map(({ stack, change, state, sandbox, commit, summary, expiresAt }) => [
      stack,
      change.slice(change.indexOf('/') + 1),
      sandbox ? `${state} (sandbox)` : state,
      short(commit),
      `${firstLine(summary)}${expiresAt && state !== 'removed' ? ` (until ${expiresAt.slice(0, 16).replace('T', ' ')} UTC)` : ''}`,
    ]),
  );
}

const HEALTH = { good: 'healthy', bad: 'unhealthy', unknown: 'health unknown' } as const;
const DRIFT = { none: 'no drift', drifted: 'drifted', flapping: 'flapping', unknown: 'drift unknown' } as const;

export function stackLines(stacks: readonly StackStatus[]): readonly string[] {
  return columns(
    stacks.map((stack) => [
      stack.environment,
      stack.id,
      stack.sandbox ? `${stack.alignment} (sandbox)` : stack.alignment,
      short(stack.appliedCommit),
      HEALTH[stack.health],
      DRIFT[stack.drift],
      firstLine(stack.waitsFor ?? stack.summary),
    ]),
  );
}

export function rolloutLines(rollouts: readonly RolloutResponse[]): readonly string[] {
  if (rollouts.length === 0) return ['No rollouts yet.'];
  return rollouts.map(rolloutLine);
}

function rolloutLine({ id, state, summary, stages }: RolloutResponse): string {
  const environments = stages.map(({ environment }) => environment).join(' → ');
  const text = firstLine(summary);
  return `rollout ${id} ${state}${environments ? ` (${environments})` : ''}${text ? `: ${text}` : ''}`;
}

export function runLines(runs: readonly RunResponse[]): readonly string[] {
  if (runs.length === 0) return ['No runs yet.'];
  return columns(
    runs.map((run) => [
      run.id,
      run.kind,
      run.sandbox ? `${run.stack} (sandbox)` : run.stack,
      short(run.commit),
      run.state,
      firstLine(run.summary),
    ]),
  );
}

export function runDetailLines(run: RunDetailResponse): readonly string[] {
  return [
    `${run.id}  ${run.kind} of ${run.stack}${run.sandbox ? ' (sandbox)' : ''} at ${short(run.commit)}: ${run.state}`,
    ...(run.problem ? [run.problem] : [run.summary]),
    ...run.reasons.map((reason) => `  why    ${reason}`),
    ...run.steps.map(({ name, state, milliseconds, detail }) => {
      const time = milliseconds === undefined ? '' : ` in ${(milliseconds / 1000).toFixed(2)} s`;
      return `  step   ${name} ${state}${time}${detail ? `: ${firstLine(detail)}` : ''}`;
    }),
    ...stepLines(run.changes),
    ...run.diagnostics.map(({ severity, message }) => `  ${severity}: ${message.trim()}`),
    ...(run.digest ? [`  digest ${run.digest}`] : []),
  ];
}

/** Steps with their property changes below them. */
export function stepLines(steps: readonly ResourceStep[]): readonly string[] {
  if (steps.length === 0) return ['  nothing changes'];
  return steps.flatMap(({ line, properties }) => [`  ${line}`, ...properties.map((text) => `      ${text}`)]);
}

export function driftLines(found: readonly DriftResponse[]): readonly string[] {
  if (found.length === 0) return ['Nobody has looked for drift yet.'];
  return found.flatMap(({ stack, state, summary, since, differences, quiet, ignored, expired }) => [
    `${stack}  ${state}${since ? ` since ${since}` : ''}${summary ? `: ${summary}` : ''}`,
    ...differences.flatMap(({ step, managers }) => [
      ...stepLines([step]),
      ...Object.entries(managers).map(
        ([path, { manager, at }]) => `      ${path} by ${manager}${at ? ` at ${at}` : ''}`,
      ),
    ]),
    ...quiet.map(({ urn, gone }) => `  changed without consequence: ${urn}${gone ? ' (gone)' : ''}`),
    ...ignored.map(
      ({ urn, owner, until, reason }) =>
        `  accepted until ${until} for ${owner}: ${urn}${reason ? ` (${reason})` : ''}`,
    ),
    ...expired.map(
      ({ resource, owner, until }) => `  a rule of ${owner} for ${resource} ended on ${until}: renew or remove it`,
    ),
  ]);
}

export function auditLines(entries: readonly AuditEntryResponse[]): readonly string[] {
  if (entries.length === 0) return ['Nothing was decided yet.'];
  return columns(
    entries.map(({ number, at, by, via, kind, subject, text }) => [
      ...[String(number), at, via === undefined ? by : `${by} (${via})`, kind, subject, text],
    ]),
  );
}

export function tokenLines(tokens: readonly AccessTokenResponse[]): readonly string[] {
  if (tokens.length === 0) return ['There are no tokens.'];
  return columns(
    tokens.map(({ id, name, lastUsedAt, expiresAt, ...grant }) => [
      ...[name, id, grantText(grant), lastUsedAt ? `used ${lastUsedAt}` : 'never used'],
      expiresAt ? `until ${expiresAt}` : 'without an end',
    ]),
  );
}

export function accountLines(accounts: readonly AccountResponse[]): readonly string[] {
  if (accounts.length === 0)
    return ['There are no accounts. `mainstay sign-in` prints the link that makes the first one.'];
  return columns(
    accounts.map(({ id, name, grants, groups, signedOnAt }) => [
      ...[name, id, grants.map(grantText).join('; ') || 'no role'],
      groups ? `from its provider ${signedOnAt}, groups ${groups.join(', ') || 'none'}` : '',
    ]),
  );
}

/** A role and what it is for: `operator of shop in dev, staging`. */
function grantText({ role, repositories, stacks, environments }: GrantRequest): string {
  const parts = [
    ['of', repositories],
    ['for', stacks],
    ['in', environments],
  ] as const;
  return [role, ...parts.flatMap(([word, patterns]) => (patterns ? [`${word} ${patterns.join(', ')}`] : []))].join(' ');
}

export function settingsLines({ repository, file, problem, settings, runner }: SettingsResponse): readonly string[] {
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return [
    `${repository}  ${file ?? 'no mainstay.yaml: defaults'}`,
    ...(problem ? [problem] : []),
    ...columns(settings.map(({ path, value, source }) => [`  ${path}`, shown(value), source])),
    'runner',
    ...columns(runner.map(({ path, value, source }) => [`  ${path}`, shown(value), source])),
  ];
}

export function changeLines(changes: readonly ChangeResponse[]): readonly string[] {
  if (changes.length === 0) return ['No changes yet.'];
  return columns(changes.map((change) => [change.id, change.state, short(change.head), change.verdict]));
}

export function short(commit: string | undefined): string {
  return commit?.slice(0, 8) ?? '-';
}

function firstLine(text: string): string {
  return text.split('\n')[0]!;
}
