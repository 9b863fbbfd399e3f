import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { type Environment, EnvironmentReader } from '../foundation/environment.ts';
import { userError } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';
import type { GivenGrant } from './core/account.ts';
import type { RunnerPolicySettings } from './core/policy-settings.ts';
import type { SignOnSettings } from './core/sign-on-settings.ts';
import type { EngineName } from './engines/engine.ts';
import type { Credentials, EngineSettings } from './engines/engine-environment.ts';
import type { ForgeSettings } from './forges/open-forge.ts';
import type { RegistryAccount } from './images/registry.ts';
import type { ChannelSettings } from './notify/channels.ts';
import { type RunnerFile, readRunnerFile } from './repository-settings.ts';

/** A repository and its forge, secrets read. */
export type WatchedRepository = ForgeSettings & { readonly id: string; readonly webhookSecret?: string | undefined };

/** What one runner is told by its environment. */
export interface RunnerSettings {
  /** Everything that the runner keeps on this machine. */
  readonly dataFolder: string;
  /** undefined: the embedded PostgreSQL in the data folder. */
  readonly databaseUrl: string | undefined;
  readonly repositories: readonly WatchedRepository[];
  /** Registries of images that are built elsewhere. */
  readonly registries: readonly RegistryAccount[];
  /** Policy packs on this machine that stacks have to come through. */
  readonly policies: readonly RunnerPolicySettings[];
  /** Who is told what happens. */
  readonly notifications: readonly ChannelSettings[];
  /** What the runner's file gives to whom. */
  readonly grants: readonly GivenGrant[];
  /** Single sign-on; undefined: one-time links alone. */
  readonly signOn: SignOnSettings | undefined;
  /** 0: any that is free. */
  readonly port: number;
  /** The address to listen at: `127.0.0.1` is this machine alone. */
  readonly listen: string;
  /** The address that browsers have it at, where that is another one: `https://mainstay.example.org`. */
  readonly publicUrl: string | undefined;
  readonly workerName: string;
  readonly pollSeconds: number;
  /** The most operations at the same time, for previews and for updates each; the machine may have room for fewer. */
  readonly parallel: number;
  /** How long the calls of providers that are under way may take to finish at an orderly end, in seconds. */
  readonly graceSeconds: number;
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
 * | `MAINSTAY_CONFIG` | none: the runner's own file, with repositories at forges (repository-settings.ts) |
 * | `MAINSTAY_REPOSITORIES` | required without a file: `name=address` of plain Git, separated by spaces |
 * | `MAINSTAY_BASE` | `main` |
 * | `MAINSTAY_PORT` | `7206` |
 * | `MAINSTAY_LISTEN` | `127.0.0.1` |
 * | `MAINSTAY_PUBLIC_URL` | `http://127.0.0.1:<port>` |
 * | `MAINSTAY_WORKER` | the machine's name |
 * | `MAINSTAY_POLL` | `60`, in seconds |
 * | `MAINSTAY_PARALLEL` | `64`: the most; fewer where the machine's memory and processors have no room |
 * | `MAINSTAY_GRACE` | `30`, in seconds: how long what is under way may take to finish at an orderly end |
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
  const { repositories, credentials, registries, policies, notifications, access } = watched(read, {
    environment,
    base,
  });
  const listen = read.text('MAINSTAY_LISTEN', '127.0.0.1');
  const publicUrl = publicUrlIn(read.text('MAINSTAY_PUBLIC_URL'));
  if (access.signIn && publicUrl === undefined && !/^(127\.|localhost$|::1$)/.test(listen))
    throw userError(
      `Cannot use single sign-on as nothing says where browsers come back to: MAINSTAY_PUBLIC_URL is not set, and the runner listens at ${listen}. Set it to the address that people use.`,
    );
  return {
    dataFolder,
    databaseUrl,
    repositories,
    registries,
    policies,
    notifications,
    grants: access.grants,
    signOn: access.signIn,
    port: read.integer('MAINSTAY_PORT', { fallback: 7206, minimum: 0, maximum: 65_535 }),
    listen,
    publicUrl,
    workerName: read.text('MAINSTAY_WORKER', hostname()),
    pollSeconds: read.integer('MAINSTAY_POLL', { fallback: 60, minimum: 1, maximum: 86_400 }),
    parallel: read.integer('MAINSTAY_PARALLEL', { fallback: 64, minimum: 1, maximum: 1000 }),
    graceSeconds: read.integer('MAINSTAY_GRACE', { fallback: 30, minimum: 0, maximum: 86_400 }),
    engine: engineIn(read),
    engines: {
      backendUrl: read.text('PULUMI_BACKEND_URL') ?? localBackend(dataFolder),
      pulumiHome: join(dataFolder, 'pulumi-home'),
      passphrase,
      passed: wordsIn(read.text('MAINSTAY_PASS', '')),
      credentials,
    },
  };
}

function watched(
  read: EnvironmentReader,
  { environment, base }: { readonly environment: Environment; readonly base: string },
): {
  readonly repositories: readonly WatchedRepository[];
  readonly credentials: readonly Credentials[];
  readonly registries: readonly RegistryAccount[];
  readonly policies: readonly RunnerPolicySettings[];
  readonly notifications: readonly ChannelSettings[];
  readonly access: RunnerFile['access'];
} {
  const file = read.text('MAINSTAY_CONFIG');
  if (file === undefined) {
    const plain = repositoriesIn(read.text('MAINSTAY_REPOSITORIES', ''));
    const repositories = plain.map((each) => ({ ...each, forge: 'plain-git' as const, base }));
    return { repositories, credentials: [], registries: [], policies: [], notifications: [], access: { grants: [] } };
  }
  if (read.text('MAINSTAY_REPOSITORIES') !== undefined)
    throw userError(
      'Cannot tell which repositories to watch as both MAINSTAY_CONFIG and MAINSTAY_REPOSITORIES are set. Leave one of them out.',
    );
  const { repositories, ...rest } = readRunnerFile(file, environment);
  const watchedOnes = repositories.map(({ name, ...repository }) => ({ ...repository, id: name }));
  return { ...rest, repositories: watchedOnes };
}

function publicUrlIn(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  if (!/^https?:\/\/[^/?#\s]+\/?$/.test(url))
    throw userError(
      `Cannot use MAINSTAY_PUBLIC_URL as it is no address of a server: ${JSON.stringify(url)}. Set it as in https://mainstay.example.org.`,
    );
  return url.replace(/\/$/, '');
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

/** The settings as a page may show them: where each comes from, secrets hidden. */
export function shownSettings(
  settings: RunnerSettings,
  environment: Environment = process.env,
): readonly { readonly path: string; readonly value: unknown; readonly source: string }[] {
  const hidden = (value: string | undefined) => (value === undefined ? 'none' : '[secret]');
  const shown: readonly (readonly [variable: string, value: unknown])[] = [
    ['MAINSTAY_DATA', settings.dataFolder],
    ['MAINSTAY_CONFIG', environment.MAINSTAY_CONFIG ?? 'none'],
    ['MAINSTAY_REPOSITORIES', settings.repositories.map(({ id }) => id).join(' ')],
    ['MAINSTAY_BASE', settings.repositories[0]?.base],
    ['MAINSTAY_PORT', settings.port],
    ['MAINSTAY_LISTEN', settings.listen],
    ['MAINSTAY_PUBLIC_URL', settings.publicUrl ?? 'none'],
    ['MAINSTAY_WORKER', settings.workerName],
    ['MAINSTAY_POLL', settings.pollSeconds],
    ['MAINSTAY_PARALLEL', settings.parallel],
    ['MAINSTAY_ENGINE', settings.engine ?? 'auto'],
    ['MAINSTAY_PASS', settings.engines.passed.join(' ')],
    ['DATABASE_URL', settings.databaseUrl === undefined ? 'the embedded PostgreSQL' : '[secret]'],
    ['PULUMI_BACKEND_URL', settings.engines.backendUrl.replace(/\/\/[^/@]*@/, '//[secret]@')],
    ['PULUMI_CONFIG_PASSPHRASE', hidden(settings.engines.passphrase)],
  ];
  return shown.map(([path, value]) => ({
    path,
    value,
    source: environment[path] === undefined ? 'default' : 'environment',
  }));
}
