import { homedir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentReader } from './environment.ts';

/** Where this user's caches of Mainstay are: `MAINSTAY_CACHE`, else `mainstay` in XDG_CACHE_HOME or ~/.cache. */
export function cacheDirectory(name: string): string {
  const environment = new EnvironmentReader();
  const base = environment.text('XDG_CACHE_HOME', join(homedir(), '.cache'));
  return join(environment.text('MAINSTAY_CACHE', join(base, 'mainstay')), name);
}
