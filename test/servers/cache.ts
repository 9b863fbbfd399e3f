import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where executables are kept, outside the repository: `MAINSTAY_SERVERS_CACHE`, or `mainstay-servers` in the user's cache. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.MAINSTAY_SERVERS_CACHE) return environment.MAINSTAY_SERVERS_CACHE;
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mainstay-servers');
}
