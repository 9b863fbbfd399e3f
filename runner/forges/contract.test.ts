import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git, inClone } from '../../cli/demo-repository.ts';
import type { Forge } from '../core/forge.ts';
import { openGit } from '../git/git-command.ts';
import { type ContractForge, testForge } from './contract.ts';
import { createGitHubForge } from './github/forge.ts';
import { createGitLabForge } from './gitlab/forge.ts';
import { createPlainGitForge } from './plain-git/forge.ts';
import { startGitLabWire } from './wire/gitlab-wire.ts';
import { startGitHubWire } from './wire/hub-wire.ts';
import type { WireForge } from './wire/wire-forge.ts';

/** Gitea goes through the same on a real one, in gitea/gitea.servers.test.ts. */
testForge('plain Git', plainGit);
testForge('GitHub', async () => atWire(await startGitHubWire(), createGitHubForge));
testForge('GitLab', async () => atWire(await startGitLabWire(), createGitLabForge));

function atWire(
  wire: WireForge,
  create: (place: { url: string; repository: string; base: string; token: string }) => Forge,
): ContractForge {
  const { state } = wire;
  const commit = (text: string) => Buffer.from(text).toString('hex').padEnd(40, '0');
  const pull = (number: string) => state.pulls.find((each) => each.number === Number(number))!;
  const on = (number: string) => state.notes.filter((note) => note.on === Number(number));
  const heads = new Map<string, string>();
  return {
    // Whoever proposes a branch proposes the head that was pushed.
    open: () => {
      const forge = create({ url: wire.url, repository: 'o/r', base: 'main', token: 'a-secret-token' });
      const openChange: Forge['openChange'] = async (change) => {
        const name = await forge.openChange(change);
        pull(name).head = heads.get(change.branch)!;
        return name;
      };
      return { ...forge, openChange };
    },
    pushed: async (branch) => {
      heads.set(branch, commit(branch));
      return commit(branch);
    },
    statuses: async (of) =>
      Object.fromEntries(
        state.statuses
          .filter((each) => each.commit === of)
          .map((each) => [each.context, { ...each, state: each.state.replace('failed', 'failure') }]),
      ),
    baseHead: async () => JSON.stringify([...state.commits]),
    comments: async (change) => on(change).map(({ id, text }) => ({ id: String(id), text })),
    accounts: {
      grant: async (account, permission) => void state.permissions.set(account, permission),
      proposeFork: async (author) =>
        void state.propose({ branch: 'evil', head: commit('evil'), title: 'evil', author, fork: true }),
      say: async (change, account, text) => String(state.say(Number(change), account, text).id),
      deleteComment: async (_change, id) => {
        state.notes.splice(
          state.notes.findIndex((note) => note.id === Number(id)),
          1,
        );
      },
      reactions: async (_change, id) => state.notes.find((note) => note.id === Number(id))!.reactions,
      issue: async (id) => {
        const { title, text, state: at } = state.issues.find(({ number }) => number === Number(id))!;
        return { open: at === 'open', title, text };
      },
      issueComments: async (id) => on(id).map(({ text }) => text),
      merge: async (change, style) => {
        state.merge(Number(change), commit(`${style} ${change}`));
        return commit(`${style} ${change}`);
      },
      close: async (change) => {
        pull(change).state = 'closed';
      },
      strayCommit: async () => commit('stray'),
    },
    close: async () => {
      await wire.close();
      wire.verify();
    },
  };
}

async function plainGit(): Promise<ContractForge> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-contract-'));
  const origin = join(folder, 'origin.git');
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', origin);
  const pushed = (branch: string) =>
    inClone(origin, async (clone) => {
      await git(clone, 'checkout', '--quiet', '-B', branch);
      writeFileSync(join(clone, `${branch}.txt`), branch);
      await git(clone, 'add', '--all');
      await git(clone, 'commit', '--quiet', '--message', branch);
      await git(clone, 'push', '--quiet', 'origin', `HEAD:${branch}`);
      return git(clone, 'rev-parse', 'HEAD');
    });
  await pushed('main');
  await git(folder, 'clone', '--quiet', '--bare', origin, 'mirror.git');
  const mirror = openGit(join(folder, 'mirror.git'));
  const note = async (ref: string, of: string) => (await openGit(origin).ask('notes', '--ref', ref, 'show', of)).trim();
  return {
    open: () => createPlainGitForge({ url: origin, git: mirror }),
    pushed: async (branch) => {
      const commit = await pushed(branch);
      await mirror.run('fetch', '--quiet', 'origin', '+refs/heads/*:refs/remotes/origin/*');
      return commit;
    },
    statuses: async (commit) =>
      Object.fromEntries(
        (await note('mainstay-status', commit)).split('\n').map((line) => {
          const [, context, state, text] = /^(\S+): (\w+): (.*)$/.exec(line) ?? assert.fail(line);
          return [context, { state: state!, text: text! }];
        }),
      ),
    baseHead: () => git(origin, 'rev-parse', 'main'),
    comments: async (_change, commit) => [{ id: commit, text: await note('mainstay', commit) }],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
