import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { git } from '../../cli/demo-repository.ts';
import { silentLog } from '../../foundation/log.ts';
import { parseRunnerAddress } from '../../runner/api/client.ts';
import { openDatabase } from '../../runner/store/database.ts';
import { startEmbeddedPostgres } from '../../runner/store/embedded-postgres.ts';
import { createPostgresRunStore } from '../../runner/store/postgres-run-store.ts';
import { createEstate, type Estate, FIRST_FILES, stackFile } from '../journeys/estate.ts';
import { measureConsole } from './console-figures.ts';
import { watchMemory } from './engine/process-tree.ts';
import { createBenchProject } from './engine/project.ts';
import type { Report } from './main.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const STACKS = 100;
const IDLE_STACKS = 1000;

/** The stack itself and its provider make it 22 resources. */
const MAPS = 20;

/** Previews of a loop that are measured: a loop over all stacks is as many times as long. */
const LOOP = 3;

/** Many stacks of the sandbox: one commit that changes all of them, one that changes none. */
export async function run(report: Report): Promise<void> {
  await oneCommit(report);
  await nothingToDo(report);
}

const maps = Object.fromEntries(Array.from({ length: MAPS }, (_, index) => [`map-${index}`, 'a']));

function filesOf(count: number): Readonly<Record<string, string>> {
  const names = Array.from({ length: count }, (_, index) => `s${String(index).padStart(4, '0')}`);
  const program = Object.entries(FIRST_FILES).filter(([file]) => !file.startsWith('stacks/'));
  return {
    ...Object.fromEntries(program),
    ...Object.fromEntries(names.map((name) => [`stacks/Pulumi.${name}.yaml`, stackFile(maps)])),
    'stacks/mainstay.yaml': `${JSON.stringify({ environments: [{ name: 'all', stacks: names }] })}\n`,
  };
}

async function oneCommit(report: Report): Promise<void> {
  report.note(`${STACKS} stacks of ${MAPS + 2} resources`);
  const estate = await openEstate(filesOf(STACKS));
  try {
    await estate.start();
    const stop = watchMemory(estate.pid());
    const created = await timed(async () => estate.rolledOut(await headOf(estate)));
    report.time('first update of them all', created, rate(created, 'updates'));
    const labels = { 'infra/labels.ts': "export const labels = { team: 'shops' };\n" };
    const head = await estate.push('labels', labels);
    const previewed = await timed(() => estate.previewed('labels', head));
    report.time('a commit that changes them all: previews', previewed, rate(previewed, 'previews'));
    const merge = await estate.merge('labels');
    const updated = await timed(() => estate.rolledOut(merge));
    report.time('its merge: previews and updates', updated, rate(updated, 'updates'));
    report.note(`peak memory of the runner and all that it started: ${stop().toFixed(0)} MB`);
    await besideTheLoop(report, previewed);
  } finally {
    await estate.close();
  }
}

function rate(milliseconds: number, what: string): string {
  return `${((STACKS * 1000) / milliseconds).toFixed(1)} ${what} per second`;
}

/**
 * What people have before they have a runner: the CLI in a loop. The official one has no sandbox, so its stacks are of as many resources of the
 * engine benchmark's provider.
 */
async function besideTheLoop(report: Report, previewed: number): Promise<void> {
  const own = join(ROOT, 'engine/bin/pulumi');
  const official = spawnSync('sh', ['-c', 'command -v pulumi'], { encoding: 'utf8' }).stdout.trim();
  const commands = official === '' || official === own ? [own] : [own, official];
  if (commands.length === 1) report.note('no official pulumi on PATH: the loop is that of engine/bin/pulumi alone');
  for (const command of commands) {
    const name = command === own ? 'engine/bin/pulumi' : 'the official CLI';
    report.ratio(`previews in a shell loop of ${name} / by the runner`, (await loopTime(command)) * STACKS, previewed);
  }
}

/** The time of one preview in a loop. */
async function loopTime(command: string): Promise<number> {
  const project = await createBenchProject(MAPS + 2);
  const one = (...args: readonly string[]) => {
    const options = { cwd: project.directory, env: project.environment, stdio: 'ignore' as const };
    return finished(spawn(command, [...args, '--non-interactive'], options));
  };
  try {
    await one('stack', 'init', 'dev');
    await one('up', '--yes', '--skip-preview');
    const all = await timed(async () => {
      for (let count = 0; count < LOOP; count += 1) await one('preview');
    });
    return all / LOOP;
  } finally {
    await project.remove();
  }
}

async function finished(child: ReturnType<typeof spawn>): Promise<void> {
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the loop's command failed with ${code}`);
}

/** The stacks are on record as updated: what is measured is that nothing is to be done, not the work that made it so. */
async function nothingToDo(report: Report): Promise<void> {
  report.note(`${IDLE_STACKS} stacks, nothing to do`);
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-bench-idle-'));
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), log: silentLog });
  const estate = await openEstate(filesOf(1), { DATABASE_URL: postgres.url });
  try {
    // The first life makes the tables and learns of one stack.
    await estate.start();
    await estate.rolledOut(await headOf(estate));
    await estate.kill();
    const head = await estate.push('main', filesOf(IDLE_STACKS));
    await markApplied(postgres.url, head);
    const began = performance.now();
    await estate.start();
    const stop = watchMemory(estate.pid());
    await estate.rolledOut(head);
    report.time('start, and a look at all of them', performance.now() - began);
    const touched = await estate.push('main', { 'README.md': 'Nothing that runs.\n' });
    report.time('a commit that touches none', await timed(() => estate.rolledOut(touched)));
    report.time('`mainstay status`', await timed(() => estate.api().status()));
    const file = join(estate.folder, 'data/runner.json');
    await measureConsole(report, parseRunnerAddress(file, readFileSync(file, 'utf8')));
    report.note(`peak memory of the runner and all that it started, without PostgreSQL: ${stop().toFixed(0)} MB`);
  } finally {
    await estate.close();
    await postgres.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function markApplied(url: string, commit: string): Promise<void> {
  const database = openDatabase(url, silentLog);
  try {
    const { stacks } = createPostgresRunStore(database);
    const names = Object.keys(filesOf(IDLE_STACKS)).flatMap((file) => /Pulumi\.(s\d+)\.yaml/.exec(file)?.[1] ?? []);
    const known = names.map((name, position) => ({ id: `journey/${name}`, name, environment: name, position }));
    // As a rollout says it that is newer than all.
    await stacks.ensure('estate', known, Number.MAX_SAFE_INTEGER);
    for (const { id } of known) await stacks.setApplied('estate', id, { commit: commit });
  } finally {
    await database.close();
  }
}

async function openEstate(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<Estate> {
  const estate = await createEstate(environment, files);
  chmodSync(estate.folder, 0o755);
  return estate;
}

function headOf(estate: Estate): Promise<string> {
  return git(estate.repository, 'rev-parse', 'main');
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
