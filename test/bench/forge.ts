import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git } from '../../cli/demo-repository.ts';
import { findAffected } from '../../runner/core/affected-stacks.ts';
import { readSettings } from '../../runner/core/settings.ts';
import { createDependencyStore } from '../../runner/git/dependency-store.ts';
import { openMirror } from '../../runner/git/git-mirror.ts';
import { stackFile } from '../journeys/estate.ts';
import { createGiteaEstate, type GiteaEstate } from '../journeys/gitea-estate.ts';
import { treeCpu } from './engine/process-tree.ts';
import type { Report } from './main.ts';
import { type Exchange, WatchedWire } from './watched-wire.ts';

const STACKS = 1000;
const FILES = 10_000;
const ROUNDS = 5;
const PUSHES = 7;
const TRACE = process.env.MAINSTAY_BENCH_TRACE !== undefined;

/** From a pull request to its first status and its comment on a Gitea of this machine; and which of 1,000 stacks a commit affects. */
export async function run(report: Report): Promise<void> {
  await decide(report);
  await answer(report, false);
  await answer(report, true);
}

/** A thousand stacks of a hundred programs in ten thousand files; one shared file of one program is changed. */
async function decide(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-bench-forge-'));
  try {
    const source = join(folder, 'source');
    writeEstate(source);
    await git(source, 'init', '--quiet', '--initial-branch=main');
    await git(source, 'add', '--all');
    await git(source, 'commit', '--quiet', '--message', 'first');
    writeFileSync(join(source, 'p050/f00.ts'), 'export const changed = true;\n');
    await git(source, 'commit', '--quiet', '--all', '--message', 'second');
    const [after, before] = (await git(source, 'log', '--format=%H')).split('\n') as [string, string];
    const times: number[] = [];
    let cold = 0;
    const dependencies = createDependencyStore({ folder: join(folder, 'dependencies'), seeds: [] });
    const mirror = await openMirror({ folder: join(folder, 'mirror'), url: source, dependencies });
    await mirror.fetch();
    let affected = 0;
    for (let round = 0; round <= ROUNDS; round += 1) {
      const began = performance.now();
      const [from, to] = await Promise.all([mirror.tree(before), mirror.tree(after)]);
      const found = await findAffected(from, to, { settings: await readSettings(from), upstreams: new Map() });
      affected = found.affected.length;
      if (round === 0) cold = performance.now() - began;
      else times.push(performance.now() - began);
    }
    await mirror.close();
    report.time(`which of ${STACKS} stacks, ${FILES} files: first look`, cold, `${affected} affected`);
    report.time(`which of ${STACKS} stacks, ${FILES} files: trees known`, median(times));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeEstate(folder: string): void {
  const programs = STACKS / 10;
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (let program = 0; program < programs; program += 1) {
    const place = `p${String(program).padStart(3, '0')}`;
    write(`${place}/Pulumi.yaml`, `name: ${place}\nruntime: nodejs\n`);
    const files = FILES / programs - 12;
    const names = Array.from({ length: files }, (_, index) => `f${String(index).padStart(2, '0')}`);
    write(`${place}/index.ts`, names.map((name) => `import './${name}';\n`).join(''));
    for (const name of names) write(`${place}/${name}.ts`, `export const ${name} = '${place}';\n`);
    for (let stack = 0; stack < 10; stack += 1) write(`${place}/Pulumi.s${stack}.yaml`, 'config: {}\n');
  }
}

/** The same pushes with Gitea's own queues, and with those that docs/how-to/gitea.md advises. */
async function answer(report: Report, prompt: boolean): Promise<void> {
  report.note(prompt ? 'Gitea whose queues hand on at once (docs/how-to/gitea.md)' : "Gitea with its queues' defaults");
  const [toGitea, toRunner] = [await WatchedWire.open(), await WatchedWire.open()];
  const through = (wire: WatchedWire) => (url: string) => {
    wire.target = url;
    return wire.url;
  };
  const here = await createGiteaEstate({
    ...{ prompt, addressOf: { gitea: through(toGitea), runner: through(toRunner) } },
  });
  try {
    const { commit } = await here.api('GET', '/repos/mainstay/estate/branches/main');
    await here.estate.rolledOut(commit.id);
    await here.push('bench', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', new: '0' }) });
    await here.open('bench');
    const rounds: Times[] = [];
    const before = treeCpu(here.estate.pid());
    for (let round = 0; round <= PUSHES; round += 1) {
      const times = await onePush(here, { toGitea, toRunner, round });
      // The first one warms programs and providers.
      if (round > 0) rounds.push(times);
    }
    const of = (key: keyof Times) => median(rounds.map((times) => times[key]));
    report.time('git push to delivery', of('delivered'), 'from the end of `git push`: Gitea alone');
    report.time('delivery to first status', of('status') - of('delivered'), 'until Gitea has taken it: ours');
    report.time('push to first status', of('status'));
    report.time('delivery to comment', of('comment') - of('delivered'), 'ours; one stack of the sandbox, warm');
    report.time(
      'push to comment',
      of('comment'),
      `best ${Math.min(...rounds.map(({ comment }) => comment)).toFixed(0)} ms`,
    );
    const cpu = (treeCpu(here.estate.pid()) - before) / (PUSHES + 1);
    report.note(`${cpu.toFixed(0)} ms of processor for each push, by the runner, PostgreSQL, git and the program`);
  } finally {
    await here.close();
    await toGitea.close();
    await toRunner.close();
  }
}

/** Milliseconds from the end of `git push`. */
interface Times {
  readonly delivered: number;
  readonly status: number;
  readonly comment: number;
}

async function onePush(
  here: GiteaEstate,
  {
    toGitea,
    toRunner,
    round,
  }: { readonly toGitea: WatchedWire; readonly toRunner: WatchedWire; readonly round: number },
): Promise<Times> {
  const began = performance.now();
  const head = await here.push('bench', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', new: `${round + 1}` }),
  });
  const pushed = performance.now();
  const delivery = await toRunner.first(began, ({ event }) => event === 'push');
  const status = await toGitea.first(
    began,
    ({ asked }) => asked.startsWith('POST') && asked.endsWith(`/statuses/${head}`),
  );
  const comment = await toGitea.first(began, ({ asked }) => /^(POST|PATCH) .*\/comments/.test(asked));
  // Said last: what follows belongs to the next push.
  await here.until('the undo', async () => (await here.statuses(head))['mainstay/undo']);
  if (TRACE) trace([...toGitea.exchanges, ...toRunner.exchanges], { began, pushed });
  return { delivered: delivery.began - pushed, status: status.ended - pushed, comment: comment.ended - pushed };
}

/** Everything that went between the two, for whoever looks for where the time goes. */
function trace(
  exchanges: readonly Exchange[],
  { began, pushed }: { readonly began: number; readonly pushed: number },
): void {
  const seen = exchanges.filter((exchange) => exchange.began >= began).toSorted((one, two) => one.began - two.began);
  for (const { asked, event, began: at, ended } of seen)
    console.log(
      `    ${(at - pushed).toFixed(0).padStart(6)} ${(ended - at).toFixed(0).padStart(5)} ${asked} ${event ?? ''}`,
    );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
