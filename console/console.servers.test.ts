import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { makeSignInLink } from '../runner/http/sign-in.ts';
import { type ApiServer, startApiServer } from '../test/api-server.ts';
import { openBrowser } from '../test/browser.ts';
import { BASE, fillEstate } from '../test/console-fixture.ts';

/** The console in a real Chromium, on the real server and database. */
const MOST_SCRIPT = 300 * 1024;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const PAGES: readonly (readonly [path: string, heading: string])[] = [
  ['/', 'Estate'],
  ['/changes', 'Changes'],
  ['/changes/estate/more-replicas', 'more-replicas'],
  ['/rollouts', 'Rollouts'],
  [`/rollouts/estate%40${BASE}`, 'More replicas'],
  ['/promotions', 'Promotions'],
  ['/runs', 'Runs'],
  ['/runs/u-1', 'update of shop/dev'],
  ['/runs/u-2', 'update of shop/staging'],
  ['/stacks/estate/shop/dev', 'shop/dev'],
  ['/drift', 'Drift'],
  ['/audit', 'Audit'],
  ['/settings', 'Settings'],
  ['/account', 'Ada'],
];

let server: ApiServer;
let browser: Browser;

before(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'build.ts')]);
  const folder = stdout.trim().split('\n').at(-1)!;
  server = await startApiServer({ console: { folder: () => folder, waiting: () => 'waits' } });
  await fillEstate(server);
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Whatever the browser complained of. */
  readonly complaints: string[];
}

async function visit(options: Parameters<Browser['newContext']>[0] = {}): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, context, complaints };
}

/** Signs in as the first account, with the keyboard alone. */
async function signIn(page: Page): Promise<void> {
  const account = await server.accounts.firstOwner();
  await page.goto((await makeSignInLink(server.accounts, { url: server.url, account })).url);
  if (account === undefined) {
    await page.getByLabel('Your name').waitFor();
    await page.keyboard.type('Ada');
  } else await page.getByRole('button', { name: 'Sign in' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Estate', exact: true }).waitFor();
}

test('makes the first account by keyboard, and the link is of no use afterwards', async () => {
  const { page, context, complaints } = await visit();
  await signIn(page);
  assert.equal(page.url(), `${server.url}/`, 'the secret is gone from the address');
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, 'Strict']);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('shows every page in both themes without a complaint of the browser or of axe', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, context, complaints } = await visit({ colorScheme });
    await signIn(page);
    for (const [path, heading] of PAGES) {
      await page.goto(server.url + path);
      await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      assert.deepEqual(await violations(page), [], `${path} ${colorScheme}`);
    }
    assert.deepEqual(complaints, [], colorScheme);
    await context.close();
  }
});

async function violations(page: Page): Promise<readonly string[]> {
  // Evaluated by the debugger, so that the page's own policy holds for everything else.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
  });
}

test('fits a phone: nothing is wider than the screen', async () => {
  const { page, context } = await visit({ viewport: { width: 360, height: 740 } });
  await signIn(page);
  for (const [path, heading] of PAGES) {
    await page.goto(server.url + path);
    await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
    const width = await page.locator('html').evaluate((element) => element.scrollWidth);
    assert.ok(width <= 360, `${path} is ${width} wide`);
  }
  await context.close();
});

test('loads at most 300 KB of compressed script for any page, the graph included', async () => {
  const { page, context } = await visit();
  await signIn(page);
  for (const [path, heading] of PAGES) {
    let bytes = 0;
    const count = (response: import('playwright-core').Response) => {
      if (response.url().endsWith('.js')) bytes += Number(response.headers()['content-length'] ?? Number.NaN);
    };
    await context.clearCookies({ name: 'none' });
    const client = await context.newCDPSession(page);
    await client.send('Network.setCacheDisabled', { cacheDisabled: true });
    page.on('response', count);
    await page.goto(server.url + path);
    await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
    if (await page.getByRole('tab', { name: 'Graph' }).count()) {
      await page.getByRole('tab', { name: 'Graph' }).click();
      await page.locator('.graph, .empty').first().waitFor();
    }
    page.off('response', count);
    assert.ok(bytes > 10_000 && bytes < MOST_SCRIPT, `${path}: ${bytes}`);
  }
  await context.close();
});

test('finds a failed one among a thousand stacks by keyboard', async () => {
  await fillEstate(server, 997);
  await server.store.runs.add({
    ...{ id: 'bad', repository: 'estate', stack: 'shop/team-0500', kind: 'update', change: undefined },
    ...{ rollout: undefined, commit: BASE, reasons: [] },
  });
  await server.store.runs.set('bad', { state: 'failed', summary: 'it broke' });
  await server.store.stacks.setApplied('estate', 'shop/team-0500', { commit: 'old' });
  const { page, context, complaints } = await visit();
  await signIn(page);
  await page.getByRole('button', { name: /^all\s*1000/ }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('0500');
  await page.locator('a.tile').nth(1).waitFor({ state: 'detached' });
  assert.equal(await page.locator('a.tile').count(), 1);
  await page.getByRole('button', { name: /^failed/ }).focus();
  await page.keyboard.press('Enter');
  for (let tabs = 0; tabs < 10; tabs += 1) {
    await page.keyboard.press('Tab');
    if ((await page.locator('a.tile:focus').count()) > 0) break;
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'shop/team-0500' }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('follows a run as it happens, through a lost connection', async () => {
  const { store } = server;
  await store.runs.add({
    ...{ id: 'live', repository: 'estate', stack: 'shop/dev', kind: 'update', change: undefined },
    ...{ rollout: undefined, commit: BASE, reasons: [] },
  });
  await store.runs.set('live', { state: 'running', startedAt: new Date() });
  const { page, context } = await visit();
  await signIn(page);
  await page.goto(`${server.url}/runs/live`);
  await page.getByRole('tab', { name: 'Log' }).click();
  const say = (text: string) => store.runs.addEvents('live', [{ kind: 'log', severity: 'info', text }]);
  await say('before the loss');
  await page.getByText('before the loss').waitFor();
  await server.goAway();
  await say('during the loss');
  await page.goto('about:blank').catch(() => {});
  await server.listenAgain();
  await page.goto(`${server.url}/runs/live`);
  await page.getByRole('tab', { name: 'Log' }).click();
  await page.getByText('during the loss').waitFor();
  await server.goAway();
  await say('seen after it is back');
  await server.listenAgain();
  await page.getByText('seen after it is back').waitFor();
  const numbers = (await page.locator('.log .number').allInnerTexts()).map(Number);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
    'no line is missing, none is there twice',
  );
  await store.runs.set('live', { state: 'succeeded', summary: 'came through', endedAt: new Date() });
  await page.getByText('complete').waitFor();
  await page.locator('.about').getByText('came through').waitFor();
  await context.close();
});

test('says that the connection is lost, and goes on by itself when it is back', async () => {
  const { page, context } = await visit();
  await signIn(page);
  await server.goAway();
  await page.getByText('The connection is lost').waitFor();
  await server.listenAgain();
  await page.getByText('The connection is lost').waitFor({ state: 'detached' });
  await context.close();
});

test('approves a rollout by keyboard, as whoever is signed in and for what was seen', async () => {
  const { page, context, complaints } = await visit();
  await signIn(page);
  await page.goto(`${server.url}/rollouts/estate%40${BASE}`);
  await page.getByText('Approvals: 1 of 2').waitFor();
  await page.getByLabel('Reason').focus();
  await page.keyboard.type('looked at it');
  await page.keyboard.press('Tab');
  const decided = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.keyboard.press('Enter');
  assert.ok((await decided).ok());
  assert.deepEqual(server.told.at(-1), [
    'decideRollout',
    `estate@${BASE}`,
    { kind: 'approve', by: 'Ada', via: 'console', reason: 'looked at it', digest: '4065cf15730ddc43' },
  ]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('approves and rejects an update that waits by keyboard', async () => {
  const { store } = server;
  const { page, context, complaints } = await visit();
  await signIn(page);
  for (const [name, kind] of [
    ['Approve', 'approve'],
    ['Reject', 'reject'],
  ] as const) {
    await store.runs.add({
      ...{ id: kind, repository: 'estate', stack: 'shop/dev', kind: 'update', change: undefined },
      ...{ rollout: undefined, commit: BASE, reasons: [] },
    });
    await store.runs.set(kind, { state: 'waiting', summary: 'grew since it was reviewed' });
    await page.goto(`${server.url}/runs/${kind}`);
    await page.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
    const asked = JSON.stringify(['decideRun', kind, { kind, by: 'Ada', via: 'console' }]);
    const deadline = Date.now() + 60_000;
    while (!server.told.some((told) => JSON.stringify(told) === asked)) {
      assert.ok(Date.now() < deadline, `${asked} is not in ${JSON.stringify(server.told)}`);
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test('shows secrets, and whatever a program says, as text', async () => {
  await server.store.runs.add({
    ...{ id: 'evil', repository: 'estate', stack: 'shop/dev', kind: 'update', change: undefined },
    ...{ rollout: undefined, commit: BASE, reasons: [{ kind: 'new', text: '<img src=x onerror=alert(1)>' }] },
  });
  const { page, context, complaints } = await visit();
  await signIn(page);
  await page.goto(`${server.url}/runs/evil`);
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  await page.goto(`${server.url}/runs/u-1`);
  await page.getByRole('tab', { name: /Outputs/ }).click();
  await page.getByText('[secret]').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
