import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

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

/** The Chromium of this machine (Debian: `apt-get install chromium`); `MAINSTAY_CHROMIUM` names another one. Throws where there is none. */
export async function openBrowser(): Promise<Browser> {
  const executablePath =
    process.env.MAINSTAY_CHROMIUM ??
    ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error(
      'Cannot open a browser as there is none: /usr/bin/chromium. Install chromium, or set MAINSTAY_CHROMIUM.',
    );
  return chromium.launch({ executablePath, args: QUIET, headless: true });
}
