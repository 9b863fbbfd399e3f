import type { Command } from 'commander';
import { userError } from '../../foundation/errors.ts';
import type { ResourceStep, RunResponse, StackStatus } from '../../runner/api/responses.ts';
import { RUN_KINDS, RUN_STATES } from '../../runner/api/run-words.ts';
import { connect } from '../data-folder.ts';
import { choice, count } from '../options.ts';
import { print } from '../output.ts';
import * as lines from '../print.ts';
import { findStackStatus } from '../stack-status.ts';

/** What `status` ends with where something is not aligned. */
export const NOT_ALIGNED = 3;

interface Json {
  readonly json?: boolean;
}

/** Commands that ask a runner and change nothing. */
export function addReadingCommands(program: Command): void {
  addStatus(program);
  addRuns(program);
  addChanges(program);
  addWhy(program);
  addDiff(program);
  addRecords(program);
}

function addStatus(program: Command): void {
  program
    .command('status')
    .description(
      `every stack: its commit, health, drift, and what it waits for; exits with ${NOT_ALIGNED} if one is not aligned`,
    )
    .argument('[stack]', 'only this one, by name or id')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, { json }: Json) => {
      const status = await connect().status();
      if (name !== undefined) {
        const { stack } = findStackStatus(status, name);
        print(json, stack, () => lines.stackLines([stack]));
        if (!stack.aligned) process.exitCode = NOT_ALIGNED;
        return;
      }
      print(json, status, () => lines.statusLines(status));
      if (!status.aligned) process.exitCode = NOT_ALIGNED;
    });
}

interface RunsOptions extends Json {
  readonly stack?: string;
  readonly kind?: string;
  readonly state?: string;
  readonly limit: number;
}

function addRuns(program: Command): void {
  program
    .command('runs')
    .description('the latest runs, newest first; with an id, everything about one')
    .argument('[run]')
    .option('--stack <id>', 'of one stack')
    .addOption(choice('--kind <kind>', 'of one kind', RUN_KINDS))
    .addOption(choice('--state <state>', 'in one state', RUN_STATES))
    .addOption(count('--limit <count>', 'how many', { least: 1, most: 1000, standard: 20 }))
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, options: RunsOptions) => {
      const api = connect();
      if (id !== undefined) {
        const run = await api.run(id);
        return print(options.json, run, () => lines.runDetailLines(run));
      }
      const stack = options.stack && findStackStatus(await api.status(), options.stack).stack.id;
      const { kind, state } = options;
      const runs = await api.runs({ stack, kind, state, limit: options.limit });
      print(options.json, runs, () => lines.runLines(runs));
    });
}

function addChanges(program: Command): void {
  program
    .command('changes')
    .description('what is proposed, and what it would do; with an id, its comment')
    .argument('[change]')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, { json }: Json) => {
      if (id !== undefined) {
        const change = await connect().change(id);
        return print(json, change, () => change.comment.split('\n'));
      }
      const changes = await connect().changes();
      print(json, changes, () => lines.changeLines(changes));
    });
  program
    .command('rollouts')
    .description('commits of the base branch on their way through the environments; with an id, everything about one')
    .argument('[rollout]')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, { json }: Json) => {
      if (id !== undefined) {
        const rollout = await connect().rollout(id);
        return print(json, rollout, () => [...lines.rolloutLines([rollout]), ...lines.runLines(rollout.runs)]);
      }
      const rollouts = await connect().rollouts();
      print(json, rollouts, () => lines.rolloutLines(rollouts));
    });
}

function addWhy(program: Command): void {
  program
    .command('why')
    .description('why a stack is at the commit it is at, what touches it, and what it waits for')
    .argument('<stack>', 'name or id')
    .option('--json', 'print JSON')
    .action(async (name: string, { json }: Json) => {
      const api = connect();
      const { stack, repository } = findStackStatus(await api.status(), name);
      const [runs, changes, rollouts] = await Promise.all([
        api.runs({ repository: repository.id, stack: stack.id, limit: 20 }),
        api.changes(),
        api.rollouts(),
      ]);
      const touching = changes.filter(
        (change) => change.state === 'open' && change.runs.some((run) => run.stack === stack.id),
      );
      const waiting = rollouts.filter(
        ({ state, stages }) =>
          (state === 'waiting' || state === 'running') && stages.some(({ stacks }) => stacks.includes(stack.id)),
      );
      print(json, { stack, base: repository.base, runs, changes: touching, rollouts: waiting }, () => [
        ...lines.stackLines([stack]),
        `  main is ${lines.short(repository.base)}`,
        ...waiting.map(({ id, state, summary }) => `  rollout ${id} ${state}${summary ? `: ${summary}` : ''}`),
        ...lastOf(runs, 'update').flatMap((run) => [
          `  last update ${run.id} ${run.state}: ${run.summary}`,
          ...reasons(run),
        ]),
        ...touching.map((change) => `  change ${change.id}: ${change.verdict}`),
        ...(stack.driftSummary ? [`  drift: ${stack.driftSummary}`] : []),
      ]);
    });
}

function lastOf(runs: readonly RunResponse[], kind: RunResponse['kind']): readonly RunResponse[] {
  return runs.filter((run) => run.kind === kind).slice(0, 1);
}

function reasons({ reasons: all }: RunResponse): readonly string[] {
  return all.map((reason) => `    as ${reason}`);
}

function addDiff(program: Command): void {
  program
    .command('diff')
    .description('property by property: what a run or a change does, or what has drifted in a stack')
    .argument('<id>', 'of a run, a change (repository/branch) or a stack')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: Json) => {
      const diffs = await diffsOf(id);
      print(json, diffs, () => diffs.flatMap(({ title, steps }) => [title, ...lines.stepLines(steps), '']));
    });
}

interface Diff {
  readonly title: string;
  readonly steps: readonly ResourceStep[];
}

const RUN_ID = /^[a-z]-[0-9a-f]{6,}$/;

async function diffsOf(id: string): Promise<readonly Diff[]> {
  const api = connect();
  if (RUN_ID.test(id)) {
    const run = await api.run(id);
    return [{ title: `${run.id}  ${run.kind} of ${run.stack}: ${run.summary}`, steps: run.changes }];
  }
  const change = (await api.changes()).find((candidate) => candidate.id === id || candidate.name === id);
  if (change) {
    const { stacks } = await api.change(change.id);
    return stacks.map((run) => ({ title: `${run.stack}: ${run.summary}`, steps: run.changes }));
  }
  const status = await api.status();
  const { stack, repository } = findStackStatus(status, id, 'run, change or stack');
  return [await driftOf(stack, repository.id)];
}

async function driftOf(stack: StackStatus, repository: string): Promise<Diff> {
  const found = (await connect().drift({ repository })).find((drift) => drift.stack === stack.id);
  if (!found || found.lookedAt === undefined)
    throw userError(
      `Cannot show the drift of ${stack.id} as nobody has looked for it yet. Turn it on in mainstay.yaml (drift), or see its last update: \`mainstay runs --stack ${stack.id}\`.`,
    );
  const title = `${stack.id}: ${found.summary} (looked at ${found.lookedAt})`;
  return { title, steps: found.differences.map(({ step }) => step) };
}

function addRecords(program: Command): void {
  program
    .command('audit')
    .description('what people and the runner decided, newest first')
    .option('--subject <id>', 'of one run, rollout, change or stack')
    .addOption(count('--limit <count>', 'how many', { least: 1, most: 1000, standard: 50 }))
    .option('--json', 'print JSON')
    .action(async ({ subject, limit, json }: Json & { readonly subject?: string; readonly limit: number }) => {
      const entries = await connect().audit({ subject, limit });
      print(json, entries, () => lines.auditLines(entries));
    });
  program
    .command('settings')
    .description('the settings in effect, each with the file and line that it comes from')
    .argument('[repository]')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, { json }: Json) => {
      const api = connect();
      const names = name === undefined ? (await api.status()).repositories.map(({ id }) => id) : [name];
      const all = await Promise.all(names.map((id) => api.settings(id)));
      print(json, name === undefined ? all : all[0], () => all.flatMap(lines.settingsLines));
    });
}
