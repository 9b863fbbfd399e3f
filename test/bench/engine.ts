import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createEmbeddedPulumi } from '../../engine/automation/pulumi-command.ts';
import { treeMemory, watchMemory } from './engine/process-tree.ts';
import { type BenchProject, createBenchProject } from './engine/project.ts';
import type { Benchmark, Report } from './main.ts';

const own = fileURLToPath(new URL('../../engine/bin/pulumi', import.meta.url));

const sizes = [22, 200, 500, 2000];

/** This engine beside the official CLI, where that is on PATH, on the same TypeScript programs. */
export const run: Benchmark['run'] = async (report) => {
  const official = findOfficial();
  if (official === undefined) report.note('no official pulumi on PATH: this engine alone');
  for (const size of sizes) {
    report.note(`${size} resources`);
    const ours = await createBenchProject(size);
    const theirs = official === undefined ? undefined : await createBenchProject(size);
    try {
      await measure(report, { size, ours, theirs, official });
    } finally {
      await Promise.all([ours.remove(), theirs?.remove()]);
    }
  }
};

function findOfficial(): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v pulumi'], { encoding: 'utf8' }).stdout.trim();
  return found === '' || found === own ? undefined : found;
}

interface Pair {
  readonly size: number;
  readonly ours: BenchProject;
  readonly theirs: BenchProject | undefined;
  readonly official: string | undefined;
}

async function measure(report: Report, { size, ours, theirs, official }: Pair): Promise<void> {
  const runs = size >= 500 ? 1 : 3;
  const embedded = createEmbeddedPulumi({ environment: ours.environment });
  const inProcess = (...args: string[]) => timed(async () => void (await embedded.run(args, ours.directory, {})));
  const cold = (project: BenchProject, command: string) => medianOf(runs, () => execute(command, project, ['preview']));
  try {
    await inProcess('stack', 'init', 'dev');
    const update = await inProcess('up', '--yes', '--skip-preview');
    report.time(`update that creates them, in process`, update);
    await inProcess('preview');
    const warm = await medianOf(runs + 2, async () => {
      // A used program process is replaced in the background: the next preview of a person or of the runner comes later than that.
      await delay(2000);
      return { milliseconds: await inProcess('preview'), memory: 0 };
    });
    report.time('preview without changes, warm', warm.milliseconds);
    report.note(`memory of this process and what it keeps: ${treeMemory(process.pid).toFixed(0)} MB`);
    const ownCold = await cold(ours, own);
    report.time('preview without changes, engine/bin/pulumi', ownCold.milliseconds, `${ownCold.memory.toFixed(0)} MB`);
    if (!theirs || official === undefined) return;
    await execute(official, theirs, ['stack', 'init', 'dev']);
    const theirUpdate = await execute(official, theirs, ['up', '--yes', '--skip-preview']);
    report.time('update that creates them, official', theirUpdate.milliseconds, `${theirUpdate.memory.toFixed(0)} MB`);
    const theirCold = await cold(theirs, official);
    report.time('preview without changes, official', theirCold.milliseconds, `${theirCold.memory.toFixed(0)} MB`);
    report.ratio('update, official / in process', theirUpdate.milliseconds, update);
    report.ratio('preview, official / warm', theirCold.milliseconds, warm.milliseconds);
    report.ratio('preview, official / engine/bin/pulumi', theirCold.milliseconds, ownCold.milliseconds);
  } finally {
    await embedded.close();
  }
}

interface Measured {
  readonly milliseconds: number;
  /** Peak megabytes of the process tree. */
  readonly memory: number;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function medianOf(runs: number, work: () => Promise<Measured>): Promise<Measured> {
  const results: Measured[] = [];
  for (let count = 0; count < runs; count += 1) results.push(await work());
  results.sort((a, b) => a.milliseconds - b.milliseconds);
  return {
    milliseconds: results[Math.floor(runs / 2)]!.milliseconds,
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
