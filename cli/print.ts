import type { ChangeResponse, RunDetailResponse, RunResponse, StatusResponse } from '../runner/api/responses.ts';

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
  return repositories.flatMap(({ id, base, stacks, rollout }) => [
    `${id}  main is ${short(base)}`,
    ...columns(
      stacks.map((stack) => [
        `  ${stack.environment}`,
        stack.id,
        stack.sandbox ? `${stack.alignment} (sandbox)` : stack.alignment,
        short(stack.appliedCommit),
        firstLine(stack.summary),
      ]),
    ),
    ...(rollout && rollout.state !== 'succeeded'
      ? [`  rollout ${rollout.id} ${rollout.state}: ${firstLine(rollout.summary)}`]
      : []),
  ]);
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
    ...run.changes.flatMap(({ line, properties }) => [`  ${line}`, ...properties.map((text) => `      ${text}`)]),
    ...run.diagnostics.map(({ severity, message }) => `  ${severity}: ${message.trim()}`),
    ...(run.digest ? [`  digest ${run.digest}`] : []),
  ];
}

export function changeLines(changes: readonly ChangeResponse[]): readonly string[] {
  if (changes.length === 0) return ['No changes yet.'];
  return columns(changes.map((change) => [change.id, change.state, short(change.head), change.verdict]));
}

function short(commit: string | undefined): string {
  return commit?.slice(0, 8) ?? '-';
}

function firstLine(text: string): string {
  return text.split('\n')[0]!;
}
