import { userError } from '../../foundation/errors.ts';

/**
 * What a repository may tell npm: where packages come from and how they are laid out. Not what runs (`git`, `script-shell`), whom the machine
 * trusts or goes through (`cafile`, `strict-ssl`, `proxy`), or where it writes (`cache`, `prefix`).
 */
const SETTINGS =
  /^(registry|@[^:\s]+:registry|\/\/\S+:(_authToken|_auth|username|_password|always-auth|email)|legacy-peer-deps|strict-peer-deps|force|omit|include|install-strategy|prefer-dedupe|fetch-retries|fetch-retry-\w+|fetch-timeout|maxsockets)(\[\])?$/;

const CREDENTIAL = /^\/\//;

/**
 * The part of a repository's .npmrc that counts. Variables are never filled in, as a line could send one to a registry of its choice: credentials that
 * are named so come from the runner's own .npmrc. Throws a user error for other settings with a variable.
 */
export function repositoryNpmrc(file: string, text: string): string {
  const lines: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, name = ''] = /^\s*([^=;#\s][^=\s]*)\s*=/.exec(line) ?? [];
    if (!SETTINGS.test(name)) continue;
    if (!line.includes('${')) lines.push(line.trim());
    else if (!CREDENTIAL.test(name))
      throw userError(
        `Cannot use a setting of npm as a repository's .npmrc sees no variables here: ${name}. Write its value, or have the runner's own .npmrc say it.`,
        { place: { file, line: index + 1 } },
      );
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** What npm needs of our environment: a repository's .npmrc could send any variable that it sees to a registry of its choice. */
const NPM_VARIABLES =
  /^(PATH|HOME|USERPROFILE|LANG|LC_ALL|TMPDIR|TEMP|SystemRoot|npm_config_.*|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;

export function npmEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => NPM_VARIABLES.test(name)));
}
