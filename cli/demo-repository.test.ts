import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ensureDemoRepository, git, inClone, knowsCommitter } from './demo-repository.ts';

/** A person whose git is set for their own work, and not for ours. */
const SETTINGS = `
[commit]
  gpgSign = true
[gpg]
  program = /nowhere/gpg
[init]
  defaultBranch = master
[core]
  hooksPath = HOOKS
  autocrlf = true
[push]
  default = nothing
[url "ssh://nowhere/"]
  insteadOf = https://nowhere/
`;

let folder: string;
const given = { config: process.env.GIT_CONFIG_GLOBAL, author: process.env.GIT_AUTHOR_EMAIL, mail: process.env.EMAIL };

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay demo ü '));
  const hooks = join(folder, 'hooks');
  mkdirSync(hooks);
  for (const hook of ['pre-commit', 'commit-msg', 'pre-push'])
    writeFileSync(join(hooks, hook), '#!/bin/sh\necho no >&2; exit 1\n', { mode: 0o755 });
  writeFileSync(join(folder, 'config'), SETTINGS.replace('HOOKS', hooks));
  process.env.GIT_CONFIG_GLOBAL = join(folder, 'config');
  delete process.env.GIT_AUTHOR_EMAIL;
  delete process.env.EMAIL;
});

after(() => {
  const names = { GIT_CONFIG_GLOBAL: given.config, GIT_AUTHOR_EMAIL: given.author, EMAIL: given.mail };
  for (const [name, value] of Object.entries(names))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  rmSync(folder, { recursive: true, force: true });
});

test('makes the demo repository whatever the user’s own git is set to: keys, hooks, branches, a path with a space and an ü', async () => {
  const repository = join(folder, 'repositories', 'estate.git');
  mkdirSync(join(folder, 'repositories'));
  assert.equal(await ensureDemoRepository(repository), true);
  assert.equal(await ensureDemoRepository(repository), false, 'once');
  assert.equal(await git(repository, 'symbolic-ref', 'HEAD'), 'refs/heads/main');
  assert.equal(await git(repository, 'log', '--format=%an %s', 'main'), 'You The program as it came with Mainstay');
  await inClone(repository, async (clone) => {
    assert.ok(existsSync(join(clone, 'stacks', 'Pulumi.dev.yaml')));
  });
});

test('tells whether git knows who commits', async () => {
  assert.equal(await knowsCommitter(), false);
  await git(folder, 'config', '--global', 'user.email', 'ada@example.org');
  assert.equal(await knowsCommitter(), true);
});
