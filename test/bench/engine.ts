import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EnvironmentReader } from '../../foundation/environment.ts';
import { watchMemory } from './engine/process-tree.ts';
import { type BenchProject, createBenchProject } from './engine/project.ts';
import type { ResidentFigure } from './engine/resident.ts';
import type { Benchmark, Report } from './main.ts';

const own = fileURLToPath(new URL('../../engine/bin/pulumi', import.meta.url));
const resident = fileURLToPath(new URL('./engine/resident.ts', import.meta.url));

const sizes = [22, 200, 500, 2000];
/** The official CLI rewrites the whole state around every step: above this its update takes minutes, and is measured only if asked for. */
const longSize = 1000;
const long = new EnvironmentReader().flag('MAINSTAY_BENCH_LONG', false);

/** This engine beside the official CLI, where that is on PATH, on the same TypeScript programs. Memory is that of the process tree, at its peak. */
export const run: Benchmark['run'] = async (report) => {
  const official = findOfficial();
  if (official === undefined) report.note('no official pulumi on PATH: this engine alone');
  for (const size of sizes) {
    report.note(`${size} resources`);
    const runs = size >= 500 ? 1 : 3;
    const ours = await measureResident(report, size, runs + 2);
    const cold = await measureCommand(report, { command: own, name: 'engine/bin/pulumi', size, runs });
    if (official === undefined) continue;
    const updatedBy = size > longSize && !long ? own : official;
    const theirs = await measureCommand(report, { command: official, name: 'official', size, runs, updatedBy });
    if (updatedBy === official) {
      report.ratio('update that creates them, official / resident', theirs.update, ours.update);
      report.ratio('update that creates them, official / engine/bin/pulumi', theirs.update, cold.update);
    } else {
      report.note('the update by the official CLI takes minutes: not measured without MAINSTAY_BENCH_LONG=true');
    }
    report.ratio('preview, official / resident', theirs.preview, ours.preview);
    report.ratio('preview, official / engine/bin/pulumi', theirs.preview, cold.preview);
  }
};

function findOfficial(): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v pulumi'], { encoding: 'utf8' }).stdout.trim();
  return found === '' || found === own ? undefined : found;
}

/** Milliseconds. */
interface Times {
  readonly update: number;
  readonly preview: number;
}

interface Measured {
  readonly milliseconds: number;
  /** Peak megabytes of the process tree. */
  readonly memory: number;
}

/** A process that keeps what the runner's keeps: the program's process, the provider, the key. */
async function measureResident(report: Report, size: number, runs: number): Promise<Times> {
  const project = await createBenchProject(size);
  try {
    const { update, preview } = await residentFigures(project, runs);
    if (update[0] === undefined || preview[0] === undefined)
      throw new Error(`Cannot measure as the resident engine ended early for ${size} resources. Run it by hand.`);
    const [updated, previewed] = [update[0], medianOf(preview)];
    report.time('update that creates them, resident', updated.milliseconds, megabytes(updated));
    report.time('preview without changes, resident', previewed.milliseconds, megabytes(previewed));
    return { update: updated.milliseconds, preview: previewed.milliseconds };
  } finally {
    await project.remove();
  }
}

function residentFigures(project: BenchProject, runs: number): Promise<Record<ResidentFigure['name'], Measured[]>> {
  const figures: Record<ResidentFigure['name'], Measured[]> = { update: [], preview: [] };
  const child = fork(resident, [project.directory, String(runs)], {
    env: { ...project.environment },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const output = gather(child);
  let stop = watchMemory(child.pid!);
  child.on('message', ({ name, milliseconds }: ResidentFigure) => {
    figures[name].push({ milliseconds, memory: stop() });
    stop = watchMemory(child.pid!);
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      stop();
      if (code === 0) resolve(figures);
      else reject(new Error(`Cannot measure as ${resident} failed with ${code}: ${output.join('').slice(-2000)}`));
    });
  });
}

interface Command {
  readonly command: string;
  readonly name: string;
  readonly size: number;
  readonly runs: number;
  /** Who makes the stack. Default: the command itself. */
  readonly updatedBy?: string;
}

/** One process for each command, nothing kept. */
async function measureCommand(report: Report, measured: Command): Promise<Times> {
  const { command, name, size, runs, updatedBy = command } = measured;
  const project = await createBenchProject(size);
  try {
    await execute(updatedBy, project, ['stack', 'init', 'dev']);
    const update = await execute(updatedBy, project, ['up', '--yes', '--skip-preview']);
    if (updatedBy === command) report.time(`update that creates them, ${name}`, update.milliseconds, megabytes(update));
    const previews: Measured[] = [];
    for (let count = 0; count < runs; count += 1) previews.push(await execute(command, project, ['preview']));
    const preview = medianOf(previews);
    report.time(`preview without changes, ${name}`, preview.milliseconds, megabytes(preview));
    return { update: update.milliseconds, preview: preview.milliseconds };
  } finally {
    await project.remove();
  }
}

function megabytes({ memory }: Measured): string {
  return `${memory.toFixed(0)} MB`;
}

/** The time in the middle, the most memory of all. */
function medianOf(results: readonly Measured[]): Measured {
  const times = results.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    milliseconds: times[Math.floor(times.length / 2)]!,
    memory: Math.max(...results.map(({ memory }) => memory)),
  };
}

async function execute(command: string, project: BenchProject, args: readonly string[]): Promise<Measured> {
  const start = performance.now();
  const child = spawn(command, [...args, '--non-interactive'], {
    cwd: project.directory,
    env: project.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = watchMemory(child.pid!);
  const output = gather(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const memory = stop();
  if (code !== 0)
    throw new Error(
      `Cannot measure as ${command} ${args.join(' ')} failed with ${code}: ${output.join('').slice(-2000)}`,
    );
  return { milliseconds: performance.now() - start, memory };
}

function gather(child: ChildProcess): string[] {
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => chunks.push(data.toString()));
  return chunks;
}
