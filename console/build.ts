import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/**
 * Builds the console where its present sources have not been built yet: `node console/build.ts`. Prints `building` where it has something to do, and at
 * last the folder of the build. Where it is kept and why: docs/decisions/030.
 */
const ROOT = resolve(import.meta.dirname, '..');
const CACHE = process.env.MAINSTAY_CONSOLE_CACHE ?? join(ROOT, 'node_modules', '.cache', 'mainstay-console');
const KEPT = 3;

async function main(): Promise<void> {
  const folder = join(CACHE, sourceHash());
  if (!existsSync(join(folder, 'index.html'))) {
    console.log('building');
    await buildTo(folder);
    removeOld();
  }
  console.log(folder);
}

/** Over everything that goes into the page: its sources, and the packages as the lock file names them. */
function sourceHash(): string {
  const hash = createHash('sha256');
  for (const name of ['index.html', 'build.ts', 'src', 'public'])
    for (const file of filesUnder(join(import.meta.dirname, name)))
      hash.update(relative(ROOT, file)).update('\0').update(readFileSync(file)).update('\0');
  // A package without development dependencies has the build and perhaps another lock file's layout: the versions are what counts.
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  return hash.update(JSON.stringify(devDependencies)).digest('hex').slice(0, 16);
}

function filesUnder(path: string): readonly string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Built beside and renamed: whoever looks finds a whole one, and of two that build at once either will do. */
async function buildTo(folder: string): Promise<void> {
  const { build } = await import('vite');
  const beside = `${folder}.${process.pid}`;
  mkdirSync(CACHE, { recursive: true });
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: beside,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2022',
      rolldownOptions: { checks: { pluginTimings: false } },
    },
  });
  try {
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(join(folder, 'index.html'))) throw error;
  }
}

function removeOld(): void {
  const builds = readdirSync(CACHE)
    .map((name) => join(CACHE, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of builds.slice(KEPT)) rmSync(old, { recursive: true, force: true });
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
