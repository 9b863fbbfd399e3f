import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redactor } from '../../foundation/redact.ts';

/** Who we are for `git fetch` and `git push` over HTTP. */
export interface GitCredentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Lets git sign in at an address: never by a command line, which every process of the machine can read, but by files next to the mirror that only we
 * can. The header goes with the first request, which saves a refusal and two processes each time; the store answers where a server refuses it, so that git
 * says what is wrong (https://git-scm.com/docs/git-config, http.extraHeader; https://git-scm.com/docs/git-credential-store). Call it again where the
 * password changes.
 */
export function setCredentials(
  place: { readonly folder: string; readonly url: string },
  { user, password }: GitCredentials,
): void {
  redactor.add(password);
  const { protocol, host } = new URL(place.url);
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  redactor.add(basic);
  const store = join(place.folder, 'mainstay-credentials');
  const header = join(place.folder, 'mainstay-header');
  put(store, `${protocol}//${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}\n`);
  put(header, `[http "${protocol}//${host}/"]\n\textraHeader = Authorization: Basic ${basic}\n`);
  addToConfig(place.folder, `[credential]\n\thelper = "store --file='${store}'"\n`);
  addToConfig(place.folder, `[include]\n\tpath = mainstay-header\n`);
}

function put(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Written into the file, as simple-git rightly lets no argument name a helper: what came from outside could. */
function addToConfig(folder: string, text: string): void {
  const config = join(folder, 'config');
  if (!readFileSync(config, 'utf8').includes(text)) appendFileSync(config, text);
}
