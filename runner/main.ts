import { enableCompileCache } from 'node:module';
import { cacheDirectory } from '../foundation/cache-directory.ts';

// What the runner loads is compiled once, not at each start: half of the processor's time of one.
enableCompileCache(cacheDirectory('runner'));
await import('./start-runner.ts');
