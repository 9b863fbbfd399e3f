import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { EnvironmentReader } from '../foundation/environment.ts';
import { userError } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';
import { type ApiClient, createApiClient, parseRunnerAddress, type RunnerAddress } from '../runner/api/client.ts';

/** This package's own folder. */
export const PACKAGE_FOLDER = resolve(import.meta.dirname, '..');

/** Where a runner on this machine keeps its things: `MAINSTAY_DATA`, else `.mainstay` in this package. */
export function dataFolder(): string {
  return resolve(new EnvironmentReader().text('MAINSTAY_DATA', join(PACKAGE_FOLDER, '.mainstay')));
}

/** How to reach the runner of a data folder; undefined where none has been ready there yet. */
export function readRunnerAddress(folder: string): RunnerAddress | undefined {
  const file = join(folder, 'runner.json');
  if (!existsSync(file)) return undefined;
  const address = parseRunnerAddress(file, readFileSync(file, 'utf8'));
  redactor.add(address.token);
  return address;
}

/** A container may run as a number that no user has. */
function userHere(): string {
  try {
    return userInfo().username;
  } catch {
    return 'local';
  }
}

/**
 * The API of the runner at `MAINSTAY_URL` with `MAINSTAY_TOKEN`, else of the one on this machine. `as` is who asks, for the audit trail, where the
 * token is that of the runner's machine; default: the user of this process.
 */
export function connect({ as = userHere() }: { readonly as?: string } = {}): ApiClient {
  const read = new EnvironmentReader();
  const url = read.text('MAINSTAY_URL');
  if (url !== undefined) return createApiClient({ url, token: read.text('MAINSTAY_TOKEN'), as });
  const address = readRunnerAddress(dataFolder());
  if (address) return createApiClient({ ...address, as });
  throw userError(
    'Cannot ask the runner as none was started here. Start it with `npm start`, or set MAINSTAY_URL and MAINSTAY_TOKEN.',
  );
}
