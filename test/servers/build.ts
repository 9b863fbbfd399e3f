import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.ts';
import { buildKey, moduleFolder, type ServerBuild } from './catalogue.ts';
import { withFileLock } from './file-lock.ts';

/** Told what happens while a server is built. */
export type BuildProgress = (message: string) => void;

const run = promisify(execFile);
let knownGoVersion: Promise<string> | undefined;

/** The compiler's version. Rejects, saying what to do, where there is none or where it is too old. */
export function goVersion(): Promise<string> {
  knownGoVersion ??= readGoVersion();
  return knownGoVersion;
}

async function readGoVersion(): Promise<string> {
  // Not `go env GOVERSION` in a module's folder: its go line could ask for the download of another toolchain.
  const found = await run('go', ['version'], { cwd: '/' }).catch(() => undefined);
  const version = /go(\d+)\.(\d+)\S*/.exec(found?.stdout ?? '');
  const advice =
    'Install Go 1.26.2 or newer (Debian: golang-go from backports; or the archive from the Go project), or set KUBECONFIG and ' +
    'MAINSTAY_TEST_CLUSTER=1 to test on a cluster of yours.';
  if (!version) throw new Error(`Cannot build the test servers as there is no go executable on PATH. ${advice}`);
  if (Number(version[1]) === 1 && Number(version[2]) < 26)
    throw new Error(`Cannot build the test servers as Go is too old: ${version[0]}. ${advice}`);
  return version[0];
}

/** Where the executable is or would be. */
export async function executablePath(build: ServerBuild): Promise<string> {
  return join(cacheFolder(), buildKey(build, await goVersion()), build.executable);
}

/** Whether `build` is in the cache; false also where there is no Go to tell by. */
export async function isBuilt(build: ServerBuild): Promise<boolean> {
  const path = await executablePath(build).catch(() => undefined);
  return path !== undefined && existsSync(path);
}

/**
 * The path of the executable, compiled first if the cache has none. Two processes that ask at once compile once. Rejects with the
 * compiler's messages when it cannot be compiled; the cache then stays without it.
 */
export async function ensureBuilt(build: ServerBuild, progress: BuildProgress = () => {}): Promise<string> {
  const path = await executablePath(build);
  if (existsSync(path)) return path;
  const folder = join(path, '..');
  return withFileLock(
    `${folder}.lock`,
    async () => {
      if (!existsSync(path)) await compile(build, folder, progress);
      return path;
    },
    (holder) => progress(`${build.name}: waiting for process ${holder}, which builds it`),
  );
}

async function compile(build: ServerBuild, folder: string, progress: BuildProgress): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const start = performance.now();
  progress(`${build.name}: compiling ${build.title} ${build.version}`);
  const flags = ['-s', '-w', ...(build.linkerFlags ?? [])].join(' ');
  const tags = build.tags ? ['-tags', build.tags] : [];
  await goBuild(
    build,
    ['build', '-v', '-trimpath', '-ldflags', flags, ...tags, '-o', join(unfinished, build.executable), build.package],
    progress,
  );
  const modules: Record<string, string> = {};
  for (const module of build.modules ?? []) modules[module] = await moduleSource(build, module);
  await writeFile(join(unfinished, 'modules.json'), JSON.stringify(modules));
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  progress(`${build.name}: ready after ${Math.round((performance.now() - start) / 1000)} s`);
}

/** Runs the compiler, counts the packages that it names, and keeps its other lines for the error. */
function goBuild(build: ServerBuild, args: readonly string[], progress: BuildProgress): Promise<void> {
  const compiler = spawn('nice', ['go', ...args], {
    cwd: moduleFolder(build),
    env: { ...process.env, CGO_ENABLED: build.cgo ? '1' : '0', GOFLAGS: '-p=2', GOWORK: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stop = () => compiler.kill();
  process.once('exit', stop);
  let packages = 0;
  let reported = performance.now();
  const messages: string[] = [];
  createInterface({ input: compiler.stderr }).on('line', (line) => {
    if (/^[\w.~/-]+$/.test(line)) packages += 1;
    else if (!line.startsWith('go: downloading')) messages.push(line);
    if (performance.now() - reported < 5000) return;
    reported = performance.now();
    progress(`${build.name}: ${packages} packages compiled`);
  });
  return new Promise((resolve, reject) => {
    compiler.once('error', reject);
    compiler.once('close', (code) => {
      process.off('exit', stop);
      if (code === 0) return resolve();
      reject(
        new Error(`Cannot build ${build.name} as the Go compiler failed (${code}): ${messages.slice(-20).join('\n')}`),
      );
    });
  });
}

async function moduleSource(build: ServerBuild, module: string): Promise<string> {
  const { stdout } = await run('go', ['list', '-m', '-f', '{{.Dir}}', module], {
    cwd: moduleFolder(build),
    env: { ...process.env, GOWORK: 'off' },
  });
  return stdout.trim();
}
