import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '../foundation/clock.ts';
import { isMainstayError, messageOf } from '../foundation/errors.ts';
import { createLog, type Log } from '../foundation/log.ts';
import { redactor } from '../foundation/redact.ts';
import { createShutdown, endOnSignals, endWithParent, type Shutdown } from '../foundation/shutdown.ts';
import packageFile from '../package.json' with { type: 'json' };
import type { RunnerAddress } from './api/client.ts';
import type { AccountStore } from './core/account.ts';
import { BranchesOfChanges } from './core/branches-of-changes.ts';
import type { RunStore } from './core/run-store.ts';
import type { Notice } from './core/webhook.ts';
import { createEngines } from './engines/create-engines.ts';
import { programEnvironment } from './engines/engine-environment.ts';
import { openForge, WEBHOOKS } from './forges/open-forge.ts';
import { createDependencyStore } from './git/dependency-store.ts';
import { openMirror } from './git/git-mirror.ts';
import { buildConsole } from './http/build-console.ts';
import type { HttpOptions } from './http/http-options.ts';
import { createApp, listen } from './http/server.ts';
import { makeSignInLink } from './http/sign-in.ts';
import type { WebhookOptions, WebhookTarget } from './http/webhooks.ts';
import { createRegistry } from './images/registry.ts';
import { startDelivering } from './notify/deliver.ts';
import { type RunnerSettings, readRunnerSettings, shownSettings } from './runner-settings.ts';
import { createOpenIdProvider } from './sign-on/open-id-provider.ts';
import { type Database, databaseError, openDatabase } from './store/database.ts';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from './store/embedded-postgres.ts';
import { migrate } from './store/migrations.ts';
import { createNoticeTables } from './store/notice-tables.ts';
import { createPostgresAccountStore } from './store/postgres-account-store.ts';
import { createPostgresRunStore } from './store/postgres-run-store.ts';
import { startLookingAfter } from './workflows/look-after-environments.ts';
import { startTelling } from './workflows/report-rollout.ts';
import { startDriftSchedule } from './workflows/schedule-drift.ts';
import type { Repository, Services } from './workflows/services.ts';
import { isAmong, type LookedAt, sweep } from './workflows/sweep.ts';
import { startWaking } from './workflows/wake-rollouts.ts';
import { startWatchingImages } from './workflows/watch-images.ts';
import { startWatch, type Watch } from './workflows/watch-repository.ts';
import { startWorker, type Worker } from './workflows/worker.ts';

const VERSION = packageFile.version;

/** *Temporary failure* of sysexits.h: whoever started us should start us again. */
const AWAY = 75;

/**
 * The runner: `node runner/main.ts`, settings by environment (see runner-settings.ts). `--reset` begins anew. Results go to standard output, one line each; the log
 * goes to standard error. Exit codes: 0 by request, 1 for a mistake, 75 for a database that is away, 129, 130 and 143 by signal.
 */
async function main(): Promise<void> {
  const log = createLog({ level: process.env.MAINSTAY_LOG ?? 'warn' });
  const shutdown = createShutdown(log);
  endOnSignals(shutdown);
  endWithParent(shutdown);
  try {
    const settings = readRunnerSettings(process.env);
    if (process.argv.includes('--reset')) await reset(settings);
    await start(settings, { log, shutdown });
  } catch (error) {
    const code = isMainstayError(error, 'transient') ? AWAY : 1;
    process.exitCode = code;
    if (isMainstayError(error)) console.error(redactor.redact(error.message));
    else log.fatal({ err: error }, 'the runner could not start by a bug of ours');
    await shutdown.end('could not start');
    process.exit(code);
  }
}

/** Begins anew: what this data folder held is gone, the database of an earlier life included. State elsewhere and repositories stay. */
async function reset({ dataFolder }: RunnerSettings): Promise<void> {
  await removeEmbeddedPostgres(join(dataFolder, 'postgres'));
  for (const name of ['mirrors', 'work', 'state', 'pulumi-home', 'token', 'runner.json'])
    rmSync(join(dataFolder, name), { recursive: true, force: true });
}

interface Process {
  readonly log: Log;
  readonly shutdown: Shutdown;
}

async function start(settings: RunnerSettings, { log, shutdown }: Process): Promise<void> {
  for (const folder of [settings.dataFolder, join(settings.dataFolder, 'state')])
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  const starting = [startDatabase(settings, { log, shutdown }), openRepositories(settings, shutdown)] as const;
  // Where one fails, the other is there to be ended in order.
  await Promise.allSettled(starting);
  const [{ database, databaseUrl }, repositories] = await Promise.all(starting);
  const store = createPostgresRunStore(database, settings.workerName);
  // What carries runs out waits for a database that restarts; whoever asks is told that it is away.
  const patient = createPostgresRunStore(database.patient(shutdown.signal), settings.workerName);
  const { engines: engineSettings, parallel, graceSeconds, engine: wanted } = settings;
  const engines = await createEngines({
    ...{ settings: engineSettings, environment: process.env, processes: patient.processes },
    ...{ parallel, graceSeconds, tell, wanted },
  });
  shutdown.add('engines', () => engines.close());
  const token = tokenOf(settings.dataFolder);
  let url: string | undefined;
  const ending = new AbortController();
  const services: Services = {
    store: patient,
    repositories: new Map(repositories.map((repository) => [repository.id, repository])),
    engines: engines.byName,
    defaultEngine: settings.engine ?? (engines.byName.has('official') ? 'official' : 'embedded'),
    policiesOf: (repository) => settings.policies.filter((each) => each.repositories?.includes(repository) ?? true),
    registriesOf: (repository) =>
      createRegistry(settings.registries.filter((each) => each.repositories?.includes(repository) ?? true)),
    programEnvironment: programEnvironment(settings.engines, process.env),
    workFolder: emptied(join(settings.dataFolder, 'work')),
    ending: ending.signal,
    clock: systemClock,
    log,
    link: (path) => url && `${url}/${path}`,
    tell,
  };
  const worker = await startWork(settings, { services, databaseUrl, ending, shutdown });
  startBackground(settings, { services, worker, database, shutdown });
  const watches = new Map<string, Watch<readonly LookedAt[]>>();
  const accounts = createPostgresAccountStore(database);
  const { decideRun, decideRollout, cancelRun, retryPreview, unlock } = worker;
  const { askForEnvironment, look, promote, rollBack } = worker;
  const app = createApp({
    ...{ store, accounts, repositories, token, log, ending: ending.signal },
    ...{ url: () => url, version: VERSION, runnerSettings: shownSettings(settings) },
    ...{ decideRun, decideRollout, cancelRun, retryPreview, unlock, askForEnvironment, look, promote, rollBack },
    console: buildConsole({ tell: services.tell }),
    sync: (ids) => ids.forEach((id) => void watches.get(id)?.notice()),
    ...signingIn(settings),
    problemOf: (repository) => watches.get(repository)?.problem(),
    webhooks: webhooksOf(settings, {
      store,
      services,
      worker,
      look: (id, notice) => watches.get(id)?.notice((looked) => isAmong(looked, notice)),
    }),
  });
  const server = await listen(app, { port: settings.port, host: settings.listen });
  shutdown.add('HTTP', () => server.close());
  url = settings.publicUrl ?? `http://127.0.0.1:${server.port}`;
  const watching = { settings, services, worker, log, shutdown };
  for (const repository of repositories) watches.set(repository.id, watchRepository(repository, watching));
  writeAddress(settings.dataFolder, { url: `http://127.0.0.1:${server.port}`, token, pid: process.pid });
  services.tell(
    `runner is ready at ${url}, ${services.defaultEngine} engine, watching ${repositories.map(({ id }) => id).join(', ')}`,
  );
  await sayHowToSignIn(services, accounts, url);
}

function tell(line: string): void {
  console.log(redactor.redact(`${new Date().toISOString().slice(11, 23)} ${line}`));
}

/** Who may sign in, and what they are given by the runner's file. */
function signingIn({ grants, signOn }: RunnerSettings): Pick<HttpOptions, 'given' | 'identityProvider'> {
  return { given: grants, identityProvider: signOn && createOpenIdProvider(signOn) };
}

async function startWork(
  { workerName: name }: RunnerSettings,
  {
    services,
    databaseUrl,
    ending,
    shutdown,
  }: {
    readonly services: Services;
    readonly databaseUrl: string;
    readonly ending: AbortController;
    readonly shutdown: Shutdown;
  },
): Promise<Worker> {
  const worker = await startWorker({
    ...{ services, databaseUrl, name, log: services.log },
    onLost: (error) => void shutdown.end(error.message).then(() => process.exit(fail(error.message))),
    interrupt: () => ending.abort(new Error('the runner ends')),
  });
  shutdown.add('worker', () => worker.close());
  return worker;
}

interface Background {
  readonly services: Services;
  readonly worker: Worker;
  readonly database: Database;
  readonly shutdown: Shutdown;
}

/** What goes on by itself: rollouts that wait, looks for drift, notices on their way. */
function startBackground(settings: RunnerSettings, { services, worker, database, shutdown }: Background): void {
  const { log, link } = services;
  shutdown.add('waking', startWaking(services, worker.wake));
  shutdown.add('reports', startTelling(services));
  shutdown.add('drift schedule', startDriftSchedule(services, worker.look));
  shutdown.add('images', startWatchingImages(services, worker.startWriting));
  shutdown.add('preview environments', startLookingAfter(services, worker));
  const telling = { notices: createNoticeTables(database), log, link };
  shutdown.add('notifications', startDelivering(settings.notifications, telling));
}

async function sayHowToSignIn({ tell }: Services, accounts: AccountStore, url: string): Promise<void> {
  if ((await accounts.firstOwner()) !== undefined) return;
  const link = await makeSignInLink(accounts, { url, account: undefined });
  tell(`sign in, once, within the hour: ${link.url}`);
}

function fail(message: string): number {
  console.error(redactor.redact(`The runner ended as ${message}. Start it again: every run goes on where it was.`));
  return AWAY;
}

async function startDatabase(
  settings: RunnerSettings,
  { log, shutdown }: Process,
): Promise<{ readonly database: Database; readonly databaseUrl: string }> {
  let databaseUrl = settings.databaseUrl;
  if (databaseUrl === undefined) {
    const postgres = await startEmbeddedPostgres({ folder: join(settings.dataFolder, 'postgres'), log });
    shutdown.add('PostgreSQL', () => postgres.end());
    databaseUrl = postgres.url;
  }
  const database = openDatabase(databaseUrl, log);
  shutdown.add('database', () => database.close());
  await migrate(database.pool).catch((error: unknown) => {
    throw databaseError(error);
  });
  return { database, databaseUrl };
}

async function openRepositories(settings: RunnerSettings, shutdown: Shutdown): Promise<readonly Repository[]> {
  const seeds = [resolve(import.meta.dirname, '..')];
  const dependencies = createDependencyStore({ folder: join(settings.dataFolder, 'dependencies'), seeds });
  return Promise.all(
    settings.repositories.map(async (watched) => {
      const { id, base } = watched;
      const { url, credentials, forge } = await openForge(watched);
      const mirror = await openMirror({
        ...{ folder: join(settings.dataFolder, 'mirrors', `${id}.git`), url, dependencies, credentials },
      });
      shutdown.add(`mirror of ${id}`, () => mirror.close());
      return { id, base, mirror, forge: forge(mirror.git) };
    }),
  );
}

/** Where forges deliver to: every repository that has a secret for it. */
function webhooksOf(
  settings: RunnerSettings,
  {
    store,
    services,
    worker,
    look,
  }: {
    readonly store: RunStore;
    readonly services: Services;
    readonly worker: Worker;
    readonly look: (repository: string, notice: Notice) => void;
  },
): WebhookOptions {
  const targets = new Map<string, WebhookTarget>();
  for (const watched of settings.repositories) {
    const { id, base, webhookSecret: secret } = watched;
    const dialect = WEBHOOKS[watched.forge];
    if (!dialect || secret === undefined || watched.forge === 'plain-git') continue;
    const { forge } = services.repositories.get(id)!;
    const branches = new BranchesOfChanges();
    targets.set(id, {
      id,
      base,
      name: watched.repository,
      secret,
      dialect,
      forge,
      branches,
      look: (notice) => look(id, notice),
    });
  }
  const { log, link } = services;
  return { targets, store, log, receive: worker.receive, link, counts: new Map() };
}

/** Pushes are seen at once where the forge tells of them; polling finds what it did not. */
function watchRepository(
  repository: Repository,
  {
    settings,
    services,
    worker,
    log,
    shutdown,
  }: Process & {
    readonly settings: RunnerSettings;
    readonly services: Services;
    readonly worker: Awaited<ReturnType<typeof startWorker>>;
  },
): Watch<readonly LookedAt[]> {
  const watch = startWatch({
    name: repository.id,
    intervalMs: settings.pollSeconds * 1000,
    log,
    look: () =>
      worker.alone(repository.id, () => sweep(repository, { store: services.store, receive: worker.receive })),
  });
  const stopNotices = repository.forge.watch(() => watch.notice());
  shutdown.add(`watch of ${repository.id}`, async () => {
    stopNotices();
    await watch.stop();
  });
  return watch;
}

/** Checkouts of an earlier life are of no use. Processes that still run in one are ended before their stack is touched. */
function emptied(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The token that whoever may change something brings, made at first. */
function tokenOf(dataFolder: string): string {
  const file = join(dataFolder, 'token');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
  const token = readFileSync(file, 'utf8').trim();
  redactor.add(token);
  return token;
}

/** Written beside and renamed, so that whoever reads it finds a whole one. */
function writeAddress(dataFolder: string, address: RunnerAddress): void {
  const file = join(dataFolder, 'runner.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(address)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

process.on('unhandledRejection', (reason) => {
  console.error(redactor.redact(`The runner ended by a bug of ours: ${messageOf(reason)}`));
  process.exit(1);
});
await main();
