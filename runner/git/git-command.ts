import { type SimpleGit, simpleGit } from 'simple-git';
import { MainstayError, messageOf } from '../../foundation/errors.ts';

/** Runs `git` in one folder. Rejects with a transient error where an origin cannot be reached, else with git's own words. */
export interface Git {
  /** Standard output of a command that has to succeed. */
  run(...args: readonly string[]): Promise<string>;
  /** Standard output of a command whose exit code 1 is an answer. */
  ask(...args: readonly string[]): Promise<string>;
  /** As `run`, with the author and the committer of a commit set, so that the same commit has the same id. */
  runAs(identity: GitIdentity, ...args: readonly string[]): Promise<string>;
  /** The same folder with an index of its own: the one that is there is not touched. */
  withIndex(file: string): Pick<Git, 'run'>;
}

export interface GitIdentity {
  readonly name: string;
  readonly email: string;
  /** Seconds since the epoch and zone: `1700000000 +0000`. */
  readonly date: string;
}

const IDENTITY_VARIABLES = [
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
  'GIT_AUTHOR_DATE',
  'GIT_COMMITTER_NAME',
  'GIT_COMMITTER_EMAIL',
  'GIT_COMMITTER_DATE',
];

/** Minutes without any output after which a git process is given up. */
const BLOCKED_AFTER_MS = 120_000;

/** Git asks nobody: a missing credential is an error, not a prompt that hangs. */
const BASE_ENVIRONMENT = { GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };

export function openGit(folder: string): Git {
  const options = {
    baseDir: folder,
    maxConcurrentProcesses: 8,
    timeout: { block: BLOCKED_AFTER_MS },
    allowEnvironment: ['GIT_TERMINAL_PROMPT', 'GIT_INDEX_FILE', ...IDENTITY_VARIABLES],
  };
  const environment = { PATH: process.env.PATH, HOME: process.env.HOME, ...BASE_ENVIRONMENT };
  const strict = simpleGit(options).env(environment);
  const asking = simpleGit({
    ...options,
    errors: (error, { exitCode }) => (exitCode === 1 ? undefined : error),
  }).env(environment);
  return {
    run: (...args) => call(strict, args),
    ask: (...args) => call(asking, args),
    runAs: (identity, ...args) => call(simpleGit(options).env({ ...environment, ...variablesOf(identity) }), args),
    withIndex: (file) => {
      const aside = simpleGit(options).env({ ...environment, GIT_INDEX_FILE: file });
      return { run: (...args) => call(aside, args) };
    },
  };
}

function variablesOf({ name, email, date }: GitIdentity): Readonly<Record<string, string>> {
  return Object.fromEntries(
    IDENTITY_VARIABLES.map((variable) => [
      variable,
      variable.endsWith('NAME') ? name : variable.endsWith('EMAIL') ? email : date,
    ]),
  );
}

/** What git says where the origin, not the request, is at fault. */
const UNREACHABLE =
  /cannot lock ref|could not resolve host|could not read from remote|unable to access|connection (refused|timed out|reset)|early eof|block timeout/i;

async function call(git: SimpleGit, args: readonly string[]): Promise<string> {
  try {
    return await git.raw([...args]);
  } catch (error) {
    const text = messageOf(error).trim();
    const kind = UNREACHABLE.test(text) ? 'transient' : 'user';
    throw new MainstayError(
      kind,
      `Cannot run git ${args[0]} as git says: ${text}. See that the repository is there and whole.`,
      { cause: error },
    );
  }
}
