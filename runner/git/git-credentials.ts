import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redactor } from '../../foundation/redact.ts';

/** Who we are for `git fetch` and `git push` over HTTP. */
export interface GitCredentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Lets git sign in at an address: never by a command line, which every process of the machine can read, but by a file next to the mirror that only we
 * can (https://git-scm.com/docs/git-credential-store). Call it again where the password changes.
 */
export function setCredentials(
  place: { readonly folder: string; readonly url: string },
  { user, password }: GitCredentials,
): void {
  redactor.add(password);
  const file = join(place.folder, 'mainstay-credentials');
  const { protocol, host } = new URL(place.url);
  const text = `${protocol}//${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  nameHelper(place.folder, file);
}

/** Written into the file, as simple-git rightly lets no argument name a helper: what came from outside could. */
function nameHelper(folder: string, file: string): void {
  const config = join(folder, 'config');
  const helper = `[credential]\n\thelper = "store --file='${file}'"\n`;
  if (!readFileSync(config, 'utf8').includes(helper)) appendFileSync(config, helper);
}
