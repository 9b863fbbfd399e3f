import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { git } from '../../cli/demo-repository.ts';
import { MainstayError } from '../../foundation/errors.ts';
import type { Change } from '../core/change.ts';
import type { ChangeEnd, Proposals } from '../core/forge.ts';
import type { Rollout } from '../core/rollout.ts';
import { createDependencyStore } from '../git/dependency-store.ts';
import { type GitMirror, openMirror } from '../git/git-mirror.ts';
import { attachToRollout, isMergedAt, mergedChanges } from './merged-changes.ts';
import type { Repository, Services } from './services.ts';

/** Real git, and of the rest what is asked for. */
let folder: string;
let origin: string;
let mirror: GitMirror;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-merged-'));
  origin = join(folder, 'origin.git');
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', origin);
  await git(folder, 'clone', '--quiet', origin, 'work');
  await git(join(folder, 'work'), 'commit', '--quiet', '--allow-empty', '--message', 'first');
  await git(join(folder, 'work'), 'push', '--quiet', 'origin', 'HEAD:main');
  const dependencies = createDependencyStore({ folder: join(folder, 'dependencies'), seeds: [] });
  mirror = await openMirror({ folder: join(folder, 'mirror.git'), url: origin, dependencies });
});
after(async () => {
  await mirror.close();
  rmSync(folder, { recursive: true, force: true });
});

async function inOrigin(work: (clone: string) => Promise<unknown>): Promise<string> {
  const clone = join(folder, 'work');
  await git(clone, 'fetch', '--quiet', 'origin');
  await git(clone, 'checkout', '--quiet', '-B', 'main', 'origin/main');
  await work(clone);
  await mirror.fetch();
  return git(clone, 'rev-parse', 'HEAD');
}

/** One commit per entry, on a branch that begins where main is. */
function push(branch: string, ...commits: readonly Readonly<Record<string, string>>[]): Promise<string> {
  return inOrigin(async (clone) => {
    await git(clone, 'checkout', '--quiet', '-B', branch);
    for (const files of commits) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(clone, name)), { recursive: true });
        writeFileSync(join(clone, name), text);
      }
      await git(clone, 'add', '--all');
      await git(clone, 'commit', '--quiet', '--allow-empty', '--message', Object.keys(files).join(' ') || 'nothing');
    }
    await git(clone, 'push', '--quiet', 'origin', branch);
  });
}

const onMain = (...commands: readonly (readonly string[])[]) =>
  inOrigin(async (clone) => {
    for (const command of commands) await git(clone, ...command);
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  });
const squash = (branch: string) =>
  onMain(
    ['merge', '--quiet', '--squash', `origin/${branch}`],
    ['commit', '--quiet', '--message', `squashed ${branch}`],
  );
const rebase = (branch: string) =>
  onMain(['checkout', '--quiet', `origin/${branch}`], ['rebase', '--quiet', '--force-rebase', 'origin/main']);

function change(name: string, head: string, base: string | undefined): Change {
  const rest = { merge: undefined, problem: undefined, updatedAt: new Date(0) };
  return { id: `estate/${name}`, repository: 'estate', name, state: 'open', head, base, ...rest };
}

interface There {
  readonly services: Services;
  readonly repository: Repository;
  readonly rollouts: Rollout[];
  readonly said: string[];
  readonly comments: string[];
}

function at(changes: readonly Change[], proposals?: Partial<Proposals>): There {
  const rollouts: Rollout[] = [];
  const [said, comments]: [string[], string[]] = [[], []];
  const forge = {
    ...{ proposals, setStatus: async () => {} },
    putComment: async ({ change: to }: { change: string }) => void comments.push(to),
  };
  const repository = { id: 'estate', base: 'main', mirror, forge } as unknown as Repository;
  const services = {
    store: {
      changes: {
        list: async () => changes.filter(({ state }) => state === 'open'),
        get: async (id: string) => changes.find((each) => each.id === id),
      },
      reports: {
        want: async () => {},
        take: async ({ only }: { only: string }) => [{ rollout: only, wanted: 1, since: new Date(0), attempts: 1 }],
        settle: async () => {},
      },
      rollouts: {
        list: async () => rollouts,
        get: async (id: string) => rollouts.find((each) => each.id === id),
        set: async (id: string, patch: Partial<Rollout>) => {
          const index = rollouts.findIndex((each) => each.id === id);
          rollouts[index] = { ...rollouts[index]!, ...patch };
        },
      },
    },
    repositories: new Map([['estate', repository]]),
    clock: { now: () => 0, sleep: async () => {} },
    ending: new AbortController().signal,
    link: () => undefined,
    log: { error: ({ error }: { error: string }) => void said.push(error) },
  } as unknown as Services;
  return { services, repository, rollouts, said, comments };
}

test('knows what was merged, squashed and rebased in plain Git, and nothing else', async () => {
  const from = await push('main', { 'a.txt': 'a\n' });
  const heads = {
    merged: await push('merged', { 'm.txt': 'm\n' }),
    squashed: await push('squashed', { 's/1.txt': '1\n' }, { 's/2.txt': '2\n', 's/1.txt': 'one\n' }),
    rebased: await push('rebased', { 'r1.txt': '1\n' }, { 'r2.txt': '2\n' }),
    open: await push('open', { 'o.txt': 'o\n' }),
    half: await push('half', { 'h1.txt': '1\n' }, { 'h2.txt': '2\n' }),
    empty: await push('empty', {}),
    conflicting: await push('conflicting', { 'a.txt': 'theirs\n' }),
  };
  await push('main', { 'other.txt': 'main moves\n' });
  await onMain(['merge', '--quiet', '--no-ff', 'origin/merged']);
  await squash('squashed');
  await rebase('rebased');
  await onMain(['cherry-pick', 'origin/half~1']);
  const to = await push('main', { 'a.txt': 'ours\n' });
  const changes = Object.entries(heads).map(([name, head]) => change(name, head, from));
  const { services, repository } = at(changes);
  const merged = ['estate/merged', 'estate/squashed', 'estate/rebased'];
  assert.deepEqual((await mergedChanges(services, repository, { from, to })).toSorted(), merged.toSorted());
  for (const each of changes) assert.equal(await isMergedAt(services, each, to), merged.includes(each.id), each.name);
});

test('takes the word of a forge for what its commits are of, for two changes that are the same above all', async () => {
  const from = await push('main', { 'x.txt': '1\n' });
  const [one, two] = [await push('one', { 'x.txt': '2\n' }), await push('two', { 'x.txt': '2\n' })];
  const to = await squash('one');
  const changes = [change('7', one, from), change('8', two, from)];
  const ends: Record<string, ChangeEnd> = { 7: 'merged', 8: 'open' };
  const asked: string[] = [];
  const proposals = {
    mergedBy: async (commit: string) => {
      asked.push(commit);
      return commit === to ? ['7', '99'] : [];
    },
    endOf: async (name: string) => ends[name]!,
  };
  const { services, repository } = at(changes, proposals);
  assert.deepEqual(await mergedChanges(services, repository, { from, to }), ['estate/7']);
  assert.deepEqual(asked, [to]);
});

test('waits a moment for a forge that pushes before it knows, and does without one that is down', async () => {
  const from = await push('main', { 'y.txt': '1\n' });
  const head = await push('late', { 'y.txt': '2\n' });
  const to = await squash('late');
  let asked = 0;
  const late = at([change('7', head, from)], {
    mergedBy: async () => [],
    endOf: async () => (++asked > 2 ? 'merged' : 'open'),
  });
  assert.deepEqual(await mergedChanges(late.services, late.repository, { from, to }), ['estate/7']);
  const down = async () => {
    throw new MainstayError('transient', 'Cannot work with it as it is down: 500.');
  };
  const dead = at([change('7', head, from)], { mergedBy: down, endOf: down });
  assert.deepEqual(await mergedChanges(dead.services, dead.repository, { from, to }), ['estate/7']);
  assert.deepEqual(dead.said, ['Cannot work with it as it is down: 500.']);
});

test('gives a change that the forge knew of too late to the rollout that brought it, and its outcome to the change', async () => {
  const from = await push('main', { 'z.txt': '1\n' });
  const head = await push('slow', { 'z.txt': '2\n' });
  const to = await squash('slow');
  const here = at([{ ...change('7', head, from), state: 'merged' }], {
    mergedBy: async (commit) => (commit === to ? ['7'] : []),
  });
  const rollout = (commit: string): Rollout => ({
    ...{ id: `estate@${commit.slice(0, 12)}`, repository: 'estate', commit, state: 'succeeded', summary: '1 updated' },
    ...{ waits: undefined, stages: [], changes: [], createdAt: new Date(0), endedAt: new Date(0) },
  });
  here.rollouts.push(rollout(to), rollout(from));
  const [late] = await Promise.all([here.services.store.changes.get('estate/7')]);
  await attachToRollout(here.services, late!);
  await attachToRollout(here.services, late!);
  assert.deepEqual(
    here.rollouts.map(({ changes }) => changes),
    [['estate/7'], []],
  );
  assert.deepEqual(here.comments, ['7']);
});
