import { existsSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { type Environment, EnvironmentReader } from '../foundation/environment.ts';
import { userError } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';
import type { EngineName } from './engines/engine.ts';
import type { EngineSettings } from './engines/engine-environment.ts';

/** What one runner is told by its environment. */
export interface RunnerSettings {
  /** Everything that the runner keeps on this machine. */
  readonly dataFolder: string;
  /** undefined: the embedded PostgreSQL in the data folder. */
  readonly databaseUrl: string | undefined;
  readonly repositories: readonly { readonly id: string; readonly url: string; readonly base: string }[];
  /** 0: any that is free. */
  readonly port: number;
  readonly workerName: string;
  readonly pollSeconds: number;
  /** Operations at the same time, for previews and for updates each. */
  readonly parallel: number;
  /** undefined: the official one where it is installed, else the embedded one. */
  readonly engine: EngineName | undefined;
  readonly engines: EngineSettings;
}

/**
 * Reads the settings; every secret among them is known to the redactor then. Throws a user error that names the variable.
 *
 * | variable | default |
 * | --- | --- |
 * | `MAINSTAY_DATA` | `.mainstay` |
 * | `MAINSTAY_REPOSITORIES` | required: `name=address`, separated by spaces |
 * | `MAINSTAY_BASE` | `main` |
 * | `MAINSTAY_PORT` | `7206` |
 * | `MAINSTAY_WORKER` | the machine's name |
 * | `MAINSTAY_POLL` | `60`, in seconds |
 * | `MAINSTAY_PARALLEL` | the number of cores |
 * | `MAINSTAY_ENGINE` | `official` where it is installed, else `embedded` |
 * | `MAINSTAY_PASS` | none: names of variables that programs may see, with `*`, separated by spaces |
 * | `DATABASE_URL` | the embedded PostgreSQL |
 * | `PULUMI_BACKEND_URL` | `file://<data>/state` |
 * | `PULUMI_CONFIG_PASSPHRASE` | none |
 */
export function readRunnerSettings(environment: Environment): RunnerSettings {
  const read = new EnvironmentReader(environment);
  const dataFolder = resolve(read.text('MAINSTAY_DATA', '.mainstay'));
  const databaseUrl = read.text('DATABASE_URL');
  const passphrase = read.text('PULUMI_CONFIG_PASSPHRASE');
  for (const secret of [passphrase, databaseUrl && passwordIn(databaseUrl)]) if (secret) redactor.add(secret);
  const base = read.text('MAINSTAY_BASE', 'main');
  return {
    dataFolder,
    databaseUrl,
    repositories: repositoriesIn(read.text('MAINSTAY_REPOSITORIES', '')).map(({ id, url }) => ({ id, url, base })),
    port: read.integer('MAINSTAY_PORT', { fallback: 7206, minimum: 0, maximum: 65_535 }),
    workerName: read.text('MAINSTAY_WORKER', hostname()),
    pollSeconds: read.integer('MAINSTAY_POLL', { fallback: 60, minimum: 1, maximum: 86_400 }),
    parallel: read.integer('MAINSTAY_PARALLEL', { fallback: cpus().length, minimum: 1, maximum: 1000 }),
    engine: engineIn(read),
    engines: {
      backendUrl: read.text('PULUMI_BACKEND_URL') ?? localBackend(dataFolder),
      pulumiHome: join(dataFolder, 'pulumi-home'),
      passphrase,
      passed: wordsIn(read.text('MAINSTAY_PASS', '')),
    },
  };
}

function engineIn(read: EnvironmentReader): EngineName | undefined {
  const engine = read.oneOf('MAINSTAY_ENGINE', ['auto', 'embedded', 'official'], 'auto');
  return engine === 'auto' ? undefined : engine;
}

function wordsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function repositoriesIn(text: string): readonly { readonly id: string; readonly url: string }[] {
  const repositories = wordsIn(text).map((word) => {
    const [, id, url] = /^([\w.-]+)=(.+)$/.exec(word) ?? [];
    if (!id || !url)
      throw userError(
        `Cannot use MAINSTAY_REPOSITORIES as a part of it is not name=address: ${JSON.stringify(word)}. Correct it, as in shop=/srv/git/shop.git.`,
      );
    return { id, url: existsSync(url) && !isAbsolute(url) ? resolve(url) : url };
  });
  if (repositories.length === 0)
    throw userError(
      'Cannot start the runner as it has no repository. Set MAINSTAY_REPOSITORIES, as in shop=/srv/git/shop.git.',
    );
  return repositories;
}

function passwordIn(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url).password) || undefined;
  } catch {
    throw userError(
      'Cannot use DATABASE_URL as it is no address. Set it as in postgres://user:password@host:5432/database.',
    );
  }
}

function localBackend(dataFolder: string): string {
  return `file://${join(dataFolder, 'state')}`;
}
