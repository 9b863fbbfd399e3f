import { connect } from '../cli/data-folder.ts';
import { openBrowser } from './browser.ts';

/**
 * `node test/take-screenshot.ts PATH FILE [light|dark]`: what a page of the running Mainstay looks like, as docs/images has it:
 * `node test/take-screenshot.ts / docs/images/estate.png`. The runner is the one that `mainstay status` asks. Needs Chromium
 * (Debian: `apt-get install chromium`).
 */
const [path, file, theme = 'light'] = process.argv.slice(2);
if (!path?.startsWith('/') || !file || (theme !== 'light' && theme !== 'dark'))
  throw new Error(
    'Cannot take a screenshot without a path and a file. Call: node test/take-screenshot.ts / docs/images/estate.png.',
  );

const { url } = await connect().makeSignInLink();
const browser = await openBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 640 }, colorScheme: theme });
  await page.goto(url);
  if (await page.getByLabel('Your name').count()) await page.getByLabel('Your name').fill('Ada');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Estate', exact: true }).waitFor();
  if (path !== '/') await page.goto(new URL(path, url).href);
  await page.getByText('Loading…').waitFor({ state: 'detached' });
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: file });
  console.log(`wrote ${file}`);
} finally {
  await browser.close();
}
