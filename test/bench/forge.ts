import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git } from '../../cli/demo-repository.ts';
import { findAffected } from '../../runner/core/affected-stacks.ts';
import { readSettings } from '../../runner/core/settings.ts';
import { createDependencyStore } from '../../runner/git/dependency-store.ts';
import { openMirror } from '../../runner/git/git-mirror.ts';
import { stackFile } from '../journeys/estate.ts';
import { createGiteaEstate } from '../journeys/gitea-estate.ts';
import type { Report } from './main.ts';

const STACKS = 1000;
const FILES = 10_000;
const ROUNDS = 5;

/** From a pull request to its first status and its comment on a Gitea of this machine; and which of 1,000 stacks a commit affects. */
export async function run(report: Report): Promise<void> {
  await decide(report);
  await answer(report);
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

async function answer(report: Report): Promise<void> {
  const here = await createGiteaEstate();
  try {
    const { commit } = await here.api('GET', '/repos/mainstay/estate/branches/main');
    await here.estate.rolledOut(commit.id);
    const first: number[] = [];
    const whole: number[] = [];
    await here.push('bench', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', new: '0' }) });
    await here.open('bench');
    for (let round = 1; round <= ROUNDS; round += 1) {
      const head = await here.push('bench', {
        'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', new: String(round) }),
      });
      const began = performance.now();
      await here.until('a status', async () => (await here.statuses(head)).mainstay);
      first.push(performance.now() - began);
      await here.until('the comment', async () => (await here.comments(1))[0]?.body.includes(head.slice(0, 8)));
      whole.push(performance.now() - began);
    }
    report.time('Gitea: push to first status', median(first), 'from the end of git push');
    report.time('Gitea: push to comment', median(whole), 'one stack of the sandbox, warm');
  } finally {
    await here.close();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
