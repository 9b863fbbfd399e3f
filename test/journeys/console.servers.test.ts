import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { PACKAGE_FOLDER } from '../../cli/data-folder.ts';
import { git } from '../../cli/demo-repository.ts';
import { openBrowser } from '../browser.ts';
import { createEstate, type Estate, FIRST_FILES, stackFile } from './estate.ts';

/** Everything that a person can do in the console, by keyboard alone, in a real Chromium on a real runner. */
const SETTINGS = JSON.stringify({
  environments: [
    { name: 'dev', stacks: ['dev'] },
    { name: 'prod', stacks: ['prod'], approval: { count: 1 } },
  ],
  drift: { mode: 'report', every: '1h' },
  promotions: [{ name: 'one', path: ['dev', 'prod'], values: ['journey:maps.one'] }],
});

let estate: Estate;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let url: string;
const complaints: string[] = [];

before(async () => {
  estate = await createEstate({}, { ...FIRST_FILES, 'stacks/mainstay.yaml': SETTINGS });
  // PostgreSQL runs as another user where we are root.
  chmodSync(estate.folder, 0o755);
  await estate.start();
  browser = await openBrowser();
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});

after(async () => {
  await browser?.close();
  await estate?.close();
});

/** Goes from one thing to the next, as somebody without a mouse does, until it is `target`. */
async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  for (let tabs = 0; tabs < 200; tabs += 1) {
    if (await target.evaluate((element) => element.matches(':focus'))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${target}`);
}

async function press(name: string | RegExp): Promise<void> {
  await tabTo(page.getByRole('button', { name, exact: typeof name === 'string' }));
  await page.keyboard.press('Enter');
}

async function say(label: string | RegExp, text: string): Promise<void> {
  await tabTo(page.getByLabel(label));
  await page.keyboard.type(text);
}

function open(path: string): Promise<unknown> {
  return page.goto(url + path);
}

async function status(text: string | RegExp): Promise<void> {
  await page.getByRole('status').filter({ hasText: text }).first().waitFor();
}

/** Merges a change of both stacks, which stops before prod; the page of its rollout. */
async function rolloutBeforeProd(name: string): Promise<string> {
  await estate.push(name, {
    'stacks/Pulumi.dev.yaml': stackFile({ one: name, two: 'b' }),
    'stacks/Pulumi.prod.yaml': stackFile({ one: name }),
  });
  const commit = await estate.merge(name);
  const rollout = await estate.rolledOut(commit);
  assert.equal(rollout.state, 'waiting', rollout.summary);
  await open(`/rollouts/${encodeURIComponent(rollout.id)}`);
  return rollout.id;
}

/** What the head of the page says about the run or rollout. */
function nowIs(state: string): Promise<void> {
  return page
    .locator('.about .badge')
    .filter({ hasText: new RegExp(`${state}$`) })
    .waitFor();
}

/** Waits until a rollout is in that state. */
async function until(rollout: string, state: string): Promise<void> {
  await estate.until(`${rollout} ${state}`, async () =>
    (await estate.api().rollout(rollout)).state === state ? true : undefined,
  );
}

async function trail(kind: string, subject: string): Promise<{ readonly by: string; readonly text: string }> {
  const found = (await estate.api().audit({ limit: 1000 })).find(
    (entry) => entry.kind === kind && entry.subject === subject,
  );
  assert.ok(found, `${kind} of ${subject} is in the trail`);
  return found;
}

test('signs the first person in, while the console is still being built too, and asks the runner to look', async () => {
  const link = (await estate.api().makeSignInLink()).url;
  url = new URL(link).origin;
  await page.goto(link);
  await say('Your name', 'Ada');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Estate', exact: true }).waitFor();
  // While it was being built, the page itself was answered with 503.
  complaints.length = 0;
  await press('Sync');
  await status('The repositories are looked at.');
});

test('approves, rejects and breaks the glass of what waits', async () => {
  const first = await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
  await open(`/rollouts/${encodeURIComponent(first.id)}`);
  await press('Approve');
  await nowIs('succeeded');
  assert.equal((await trail('approve', first.id)).by, 'Ada');

  const second = await rolloutBeforeProd('rejected');
  await say('Reason', 'not today');
  await press('Reject');
  await page
    .getByText(/rejected by Ada: not today/)
    .first()
    .waitFor();
  await until(second, (await estate.api().rollout(second)).state);
  assert.equal((await trail('reject', second)).by, 'Ada');

  const third = await rolloutBeforeProd('glass');
  await say('Reason', 'the shop is down and nobody is awake');
  await press('Break glass');
  await nowIs('succeeded');
  assert.equal((await trail('break-glass', third)).by, 'Ada');
});

test('cancels an update while it is at a resource, and retries it', async () => {
  await estate.push('slow', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'glass', two: 'b', slow: 'x' }, { match: 'slow', milliseconds: 4000 }),
  });
  const commit = await estate.merge('slow');
  const at = { repository: 'estate', stack: 'journey/dev', kind: 'update' };
  const run = await estate.until('the update', async () =>
    (await estate.api().runs(at)).find((found) => found.commit === commit),
  );
  await open(`/runs/${run.id}`);
  await page
    .getByLabel('Steps')
    .getByText(/ update$/)
    .waitFor();
  await press('Cancel');
  await page.locator('.about').getByText('cancelled by Ada').waitFor();
  assert.equal((await trail('cancel', run.id)).by, 'Ada');
  await until(run.rollout!, 'waiting');
  await press('Retry');
  await nowIs('succeeded');
  await page.locator('.about').getByText('attempt 2').waitFor();
});

test('finds drift, puts it back, unlocks, and opens the change that takes a stack back', async () => {
  await desk('set', '*ConfigMap*two', 'metadata.labels.team', 'somebody');
  await open('/stacks/estate/journey/dev');
  await press('Look for drift');
  await status('It is looked at');
  await press('Put back');
  await status('It is put back where');
  await estate.until('the correction', async () =>
    (await estate.api().runs({ stack: 'journey/dev', kind: 'correction', state: 'succeeded' })).length > 0
      ? true
      : undefined,
  );
  await page.getByRole('button', { name: 'Put back' }).waitFor({ state: 'detached' });
  await press('Unlock');
  await status('Unlock: nothing was left.');
  assert.equal((await trail('unlock', 'journey/dev')).by, 'Ada');
  await say(/To take the stack back/, 'slow is too slow');
  await press(/^Take back to/);
  await status(/The change .+ takes it back/);
});

async function desk(...args: readonly string[]): Promise<void> {
  const file = join(estate.folder, 'data/pulumi-home/sandbox/organization-journey-dev.sqlite');
  const program = join(PACKAGE_FOLDER, 'providers/sandbox/desk.ts');
  await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', program, file, ...args]);
}

test('promotes a version', async () => {
  await open('/promotions');
  await press('Promote');
  await status('one: dev → prod is queued.');
  await page.getByRole('heading', { name: /one: dev → prod .*(proposed|nothing)/ }).waitFor();
});

test('makes a token that works, takes it away, and signs out', async () => {
  await open('/account');
  await say('What it is for', 'a script');
  await press('Make a token');
  const token = await page.getByRole('status').locator('code').innerText();
  const ask = async () => (await fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${token}` } })).status;
  assert.equal(await ask(), 200);
  await press('Remove');
  await page.getByText('There are none.').waitFor();
  assert.equal(await ask(), 401);
  await press('Sign out');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  const [cookie] = await context.cookies();
  const again = cookie && { headers: { cookie: `${cookie.name}=${cookie.value}` } };
  assert.equal((await fetch(`${url}/api/status`, again)).status, 401);
  assert.deepEqual(complaints, []);
});
