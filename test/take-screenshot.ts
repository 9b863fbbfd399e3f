import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * `node test/take-screenshot.ts ADDRESS FILE`: what a page of a running Mainstay looks like, as docs/images has it. Needs Chromium on the PATH
 * (Debian: `apt-get install chromium`).
 */
const [address, file] = process.argv.slice(2);
if (!address || !file)
  throw new Error(
    'Cannot take a screenshot without an address and a file. Call: node test/take-screenshot.ts http://127.0.0.1:7206 docs/images/estate.png.',
  );

const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const profile = await mkdtemp(join(tmpdir(), 'mainstay-chromium-'));
try {
  const options = [`--user-data-dir=${profile}`, '--hide-scrollbars', '--window-size=1100,720', `--screenshot=${file}`];
  await promisify(execFile)('chromium', [...QUIET, ...options, address], { timeout: 60_000 });
  console.log(`wrote ${file}`);
} finally {
  await rm(profile, { recursive: true, force: true });
}
