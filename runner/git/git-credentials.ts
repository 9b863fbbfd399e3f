import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redactor } from '../../foundation/redact.ts';
import type { Git } from './git-command.ts';

/** Who we are for `git fetch` and `git push` over HTTP. */
export interface GitCredentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Lets git sign in at an address: never by a command line, which every process of the machine can read, but by a file next to the mirror that only we
 * can (https://git-scm.com/docs/git-credential-store). Call it again where the password changes.
 */
export async function setCredentials(
  git: Git,
  place: { readonly folder: string; readonly url: string },
  { user, password }: GitCredentials,
): Promise<void> {
  redactor.add(password);
  const file = join(place.folder, 'mainstay-credentials');
  const { protocol, host } = new URL(place.url);
  const text = `${protocol}//${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  await git.run('config', 'credential.helper', `store --file=${file.replaceAll(' ', '\\ ')}`);
}
