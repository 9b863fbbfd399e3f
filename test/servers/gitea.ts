import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildProgress, ensureBuilt } from './build.ts';
import { serverBuild } from './catalogue.ts';
import { freePorts } from './free-port.ts';
import { ServerGroup } from './server-group.ts';
import { unprivilegedUser } from './unprivileged-user.ts';

/** A Gitea with an empty SQLite database and one administrator. */
export interface GiteaServer {
  /** http://127.0.0.1:port, without a slash at the end. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);

interface Prepared {
  readonly binary: string;
  readonly source: string;
  readonly name: string;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts Gitea on a free port of 127.0.0.1, with webhooks to this machine allowed. When it resolves, Gitea answers. With `prompt` its queues are those of
 * docs/how-to/gitea.md, which hand on at once; else its own, which gather for 0.1 s each and look every 2 s after a rest.
 */
export async function startGitea({
  prompt = false,
  progress = () => {},
}: {
  readonly prompt?: boolean;
  readonly progress?: BuildProgress;
} = {}): Promise<GiteaServer> {
  const built = await ensureBuilt(serverBuild('gitea'), progress);
  const modules: Record<string, string> = JSON.parse(await readFile(join(built, '..', 'modules.json'), 'utf8'));
  const group = await ServerGroup.open('gitea');
  try {
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const { binary, source, ...owner } = await prepare(group.folder, built, modules['code.gitea.io/gitea']!);
    const config = join(group.folder, 'app.ini');
    await writeFile(config, `${settings({ folder: group.folder, port: port!, source })}${prompt ? PROMPT_QUEUES : ''}`);
    if (owner.uid !== undefined) await chown(config, owner.uid, owner.gid!);
    const options = {
      ...owner,
      env: { ...process.env, HOME: group.folder, USER: owner.name, GITEA_WORK_DIR: group.folder },
    };
    const password = randomBytes(12).toString('hex');
    const admin = ['admin', 'user', 'create', '--admin', '--username', 'mainstay', '--password', password];
    await run(binary, ['-c', config, 'migrate'], { ...options, cwd: group.folder });
    await run(binary, ['-c', config, ...admin, '--email', 'mainstay@mainstay.test', '--must-change-password=false'], {
      ...options,
      cwd: group.folder,
    });
    await group.start('gitea', [binary, '-c', config, 'web'], options);
    await group.until('gitea', async () => (await fetch(`${url}/api/v1/version`)).ok);
    return { url, user: 'mainstay', password, stop: () => group.stop() };
  } catch (error) {
    await group.stop();
    throw error;
  }
}

/**
 * Gitea refuses to run as root: then another user owns its folder. That user cannot look into root's cache, so the program and its
 * pages are linked into the folder.
 */
async function prepare(folder: string, binary: string, source: string): Promise<Prepared> {
  const user = await unprivilegedUser();
  if (!user) return { binary, source, name: process.env.USER ?? 'mainstay' };
  const pages = join(folder, 'pages');
  await mkdir(pages);
  await link(binary, join(folder, 'gitea'));
  for (const name of ['options', 'templates', 'public']) await link(join(source, name), join(pages, name));
  await chown(folder, user.uid, user.gid);
  return { binary: join(folder, 'gitea'), source: pages, ...user };
}

/** A hard link costs nothing; another file system needs a copy. */
async function link(from: string, to: string): Promise<void> {
  await run('cp', ['-al', from, to]).catch(() => run('cp', ['-a', from, to]));
}

const PROMPT_QUEUES = `
[queue.push_update]
TYPE = channel
BATCH_LENGTH = 1

[queue.webhook_sender]
TYPE = channel
BATCH_LENGTH = 1
MAX_WORKERS = 4
`;

function settings({ folder, port, source }: { folder: string; port: number; source: string }): string {
  return `
APP_NAME = Mainstay test
RUN_MODE = prod
WORK_PATH = ${folder}

[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
STATIC_ROOT_PATH = ${source}
APP_DATA_PATH = ${join(folder, 'data')}
DISABLE_SSH = true
OFFLINE_MODE = true

[database]
DB_TYPE = sqlite3
PATH = ${join(folder, 'data', 'gitea.db')}

[repository]
ROOT = ${join(folder, 'data', 'repositories')}
DEFAULT_BRANCH = main

[security]
INSTALL_LOCK = true
SECRET_KEY = ${randomBytes(32).toString('hex')}
INTERNAL_TOKEN = ${randomBytes(32).toString('hex')}

[oauth2]
ENABLED = false

[service]
DISABLE_REGISTRATION = true

[webhook]
ALLOWED_HOST_LIST = loopback
DELIVER_TIMEOUT = 5

[cron]
ENABLED = false

[actions]
ENABLED = false

[indexer]
ISSUE_INDEXER_TYPE = db

[log]
MODE = console
LEVEL = Warn
ROOT_PATH = ${join(folder, 'data', 'log')}
`;
}
