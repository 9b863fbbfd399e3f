import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { makeSignInLink } from '../runner/http/sign-in.ts';
import { createOpenIdProvider } from '../runner/sign-on/open-id-provider.ts';
import { type ApiServer, startApiServer } from '../test/api-server.ts';
import { openBrowser } from '../test/browser.ts';
import { fillEstate } from '../test/console-fixture.ts';
import { CLIENT, startIdentityProvider, type TestProvider } from '../test/identity-provider.ts';

/** Who may do what, in a real Chromium, with a real provider of identities. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let provider: TestProvider;
let server: ApiServer;
let browser: Browser;

before(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'build.ts')]);
  const folder = stdout.trim().split('\n').at(-1)!;
  provider = await startIdentityProvider(() => [server.url]);
  provider.people.set('1', { name: 'hedy', groups: ['shop'] });
  provider.next = '1';
  server = await startApiServer({
    console: { folder: () => folder, waiting: () => 'waits' },
    identityProvider: createOpenIdProvider({
      ...{ issuer: provider.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, name: 'Company' },
      ...{ scopes: ['openid', 'profile'], groupsClaim: 'groups', nameClaim: 'preferred_username' },
      ...{ session: 3_600_000, tokens: 86_400_000 },
    }),
    given: [{ role: 'viewer', groups: ['shop'], environments: ['dev'] }],
  });
  await fillEstate(server);
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await server?.close();
  await provider?.close();
});

async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
  });
}

test('signs in at the provider by keyboard, comes back to the page that was wanted, and finds no button that is not theirs', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 360, height: 740 } });
    const page = await context.newPage();
    await page.goto(`${server.url}/stacks/estate/shop/dev`);
    const button = page.getByRole('link', { name: 'Sign in with Company' });
    await button.waitFor();
    assert.deepEqual(await violations(page), [], colorScheme);
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'shop/dev', level: 1 }).waitFor();
    assert.equal(page.url(), `${server.url}/stacks/estate/shop/dev`);
    await page.getByText('Only an operator may look for drift or unlock.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Unlock' }).count(), 0);
    assert.deepEqual(await violations(page), [], colorScheme);
    await page.getByRole('link', { name: 'Estate' }).click();
    await page.getByRole('heading', { name: 'Estate', level: 1 }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sync' }).count(), 0);
    assert.doesNotMatch(await page.locator('body').innerText(), /prod|staging/);
    await page.goto(`${server.url}/promotions`);
    await page.getByText('it needs the role').waitFor();
    await page.goto(`${server.url}/account`);
    await page.getByText('viewer in dev').waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Accounts' }).count(), 0);
    assert.deepEqual(await violations(page), [], colorScheme);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL((url) => url.href.startsWith(`${provider.issuer}/session/end`));
    await page.goto(`${server.url}/account`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await context.close();
  }
});

test('lets an owner make an account with a part of the estate, change and remove it, by keyboard', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto((await makeSignInLink(server.accounts, { url: server.url, account: undefined })).url);
  await page.getByLabel('Your name').fill('Ada');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Estate', level: 1 }).waitFor();
  await page.goto(`${server.url}/account`);
  const form = page.getByRole('form', { name: 'New account' });
  await form.getByLabel('Name', { exact: true }).focus();
  await page.keyboard.type('Grace');
  await form.getByLabel('Role').selectOption('operator');
  await form.getByLabel('for a part only').focus();
  await page.keyboard.press('Space');
  await form.getByLabel('environments').focus();
  await page.keyboard.type('dev, staging');
  await page.keyboard.press('Enter');
  await form.getByText('/sign-in#link_').waitFor();
  const grace = page.getByRole('listitem').filter({ hasText: 'Grace' });
  await grace.getByText('operator in dev, staging').waitFor();
  await grace.getByText('Change Grace').click();
  assert.deepEqual(await violations(page), []);
  await page.setViewportSize({ width: 360, height: 740 });
  const width = await page.locator('html').evaluate((element) => element.scrollWidth);
  assert.ok(width <= 360, `a phone would have to be ${width} wide`);
  await grace.getByRole('button', { name: 'Give the role' }).focus();
  await page.keyboard.press('Enter');
  await grace.getByText('viewer', { exact: false }).first().waitFor();
  await grace.getByRole('button', { name: 'Take operator from Grace' }).click();
  await grace.getByText('operator in dev, staging').waitFor({ state: 'detached' });
  const [account] = (await server.accounts.list()).filter(({ name }) => name === 'Grace');
  assert.deepEqual(account?.grants, [{ role: 'viewer' }]);
  await page.getByRole('button', { name: 'Remove Grace' }).click();
  await grace.waitFor({ state: 'detached' });
  await context.close();
});
