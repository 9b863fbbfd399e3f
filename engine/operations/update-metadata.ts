import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Environment } from '../../foundation/environment.ts';
import { engineVersion } from '../version.ts';

const run = promisify(execFile);

/** What the command line says of an update. */
export interface UpdateSource {
  /** `--exec-kind`, `cli` for people. */
  readonly execKind: string;
  readonly execAgent: string | undefined;
  /** `--message`, '' for none. */
  readonly message: string;
  /** Flags that were given: name to what is shown of the value. */
  readonly flags: Readonly<Record<string, string>>;
}

/** What a history entry says of an update besides its result. */
export interface UpdateMetadata {
  /** The commit's subject where `--message` gave none. */
  readonly message: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Who and what made the update (pkg/backend/metadata). Values of variables and of flags with a value are not kept, only that they were
 * set.
 */
export async function updateMetadata(
  directory: string,
  environment: Environment,
  source: UpdateSource,
): Promise<UpdateMetadata> {
  const { subject, ...git } = await gitMetadata(directory, environment);
  return { message: source.message || subject || '', environment: { ...git, ...runMetadata(environment, source) } };
}

function runMetadata(environment: Environment, source: UpdateSource): Record<string, string> {
  return {
    'exec.kind': source.execKind,
    ...(source.execAgent !== undefined && { 'exec.agent': source.execAgent }),
    ...Object.fromEntries(
      Object.keys(environment)
        .filter((name) => name.startsWith('PULUMI_') && environment[name] !== undefined)
        .map((name) => [`pulumi.env.${name}`, 'set']),
    ),
    ...Object.fromEntries(Object.entries(source.flags).map(([name, value]) => [`pulumi.flag.${name}`, value])),
    'pulumi.arch': process.arch === 'x64' ? 'amd64' : process.arch,
    'pulumi.os': process.platform,
    'pulumi.version': `v${engineVersion}`,
    'runtime.name': 'nodejs',
    'runtime.version': process.version,
  };
}

/** One process for all of it; nothing where the folder is not in a repository or git is missing. */
async function gitMetadata(directory: string, environment: Environment): Promise<Record<string, string>> {
  const format = '%H%x00%an%x00%ae%x00%cn%x00%ce%x00%s';
  try {
    const { stdout } = await run('git', ['log', '-1', `--format=${format}`], {
      cwd: directory,
      env: { ...environment, GIT_OPTIONAL_LOCKS: '0' } as NodeJS.ProcessEnv,
      timeout: 5000,
    });
    const [head = '', author = '', authorEmail = '', committer = '', committerEmail = '', subject = ''] = stdout
      .trim()
      .split('\0');
    return {
      'git.head': head,
      'git.author': author,
      'git.author.email': authorEmail,
      'git.committer': committer,
      'git.committer.email': committerEmail,
      subject,
    };
  } catch {
    return {};
  }
}
