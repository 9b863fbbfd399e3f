import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AwsFront, startFront } from './aws/front.ts';
import type { BuildProgress } from './build.ts';
import { cacheFolder } from './cache.ts';
import { withFileLock } from './file-lock.ts';
import { freePorts } from './free-port.ts';
import { ServerGroup } from './server-group.ts';

/** moto's server behind our proxy: the APIs of AWS, in memory. Any access key is taken. */
export type AwsServer = AwsFront;

/** Pinned, so that a run of today is a run of next year. */
export const MOTO_VERSION = '5.2.5';

const run = promisify(execFile);

/** Installs moto into a virtual environment of its own in the cache, once. Resolves to its executable. Rejects without Python. */
export async function ensureMoto(progress: BuildProgress = () => {}): Promise<string> {
  const folder = join(cacheFolder(), `moto-${MOTO_VERSION}`);
  const executable = join(folder, 'bin', 'moto_server');
  const done = join(folder, 'installed');
  if (existsSync(done)) return executable;
  await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(done)) return;
    const start = performance.now();
    progress(`aws: installing moto ${MOTO_VERSION}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(cacheFolder(), { recursive: true });
    await run('python3', ['-m', 'venv', folder]).catch((error: Error) => {
      throw new Error(
        `Cannot install the AWS test server as no Python environment can be made: ${error.message.trim()}. Install python3 and python3-venv.`,
      );
    });
    await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', `moto[server]==${MOTO_VERSION}`], {
      env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    });
    await writeFile(done, new Date().toISOString());
    progress(`aws: ready after ${Math.round((performance.now() - start) / 1000)} s`);
  });
  return executable;
}

/** Whether moto is installed in the cache. */
export function isMotoInstalled(): boolean {
  return existsSync(join(cacheFolder(), `moto-${MOTO_VERSION}`, 'installed'));
}

/**
 * An account of its own, with nothing in it, on a free port of 127.0.0.1: on the moto that MAINSTAY_TEST_MOTO names (a run of tests
 * shares one), or on one that is started for it.
 */
export async function startAws(progress: BuildProgress = () => {}): Promise<AwsServer> {
  const shared = process.env.MAINSTAY_TEST_MOTO;
  if (shared) return startFront(shared);
  const moto = await startMoto(progress);
  const front = await startFront(moto.url);
  const stop = async () => {
    await front.stop();
    await moto.stop();
  };
  return { ...front, stop };
}

/** moto itself, without the proxy. */
export async function startMoto(
  progress: BuildProgress = () => {},
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const executable = await ensureMoto(progress);
  // The script's first line names an interpreter that a cache brought from elsewhere would not have.
  const python = join(executable, '..', 'python');
  const group = await ServerGroup.open('aws');
  try {
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const command = [python, executable, '-H', '127.0.0.1', '-p', String(port)];
    // The policies that AWS itself keeps; certificates are proved after a second instead of a minute.
    const env = { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: 'true', MOTO_ACM_VALIDATION_WAIT: '1' };
    await group.start('aws', command, { env });
    await group.until('aws', async () => (await fetch(`${url}/moto-api/data.json`)).ok);
    return { url, stop: () => group.stop() };
  } catch (error) {
    await group.stop();
    throw error;
  }
}
