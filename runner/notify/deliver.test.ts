import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import { redactor } from '../../foundation/redact.ts';
import { NOTICE_KINDS, type NoticeStore } from '../core/notice.ts';
import type { Outcome } from '../core/run.ts';
import type { RunStore } from '../core/run-store.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { type RunningPostgres, startEmbeddedPostgres } from '../store/embedded-postgres.ts';
import { migrate } from '../store/migrations.ts';
import { createNoticeTables } from '../store/notice-tables.ts';
import { createPostgresRunStore } from '../store/postgres-run-store.ts';
import type { ChannelSettings } from './channels.ts';
import { deliverDue, MOST_ATTEMPTS, startDelivering } from './deliver.ts';

interface Got {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const RUN = {
  repository: 'shop',
  stack: 'shop/dev',
  kind: 'update',
  change: undefined,
  rollout: undefined,
  commit: '0123456789abcdef',
  reasons: [],
} as const;

describe('telling people what happened', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-notify-'));
  chmodSync(folder, 0o755);
  const got: Got[] = [];
  let status = 200;
  let server: Server;
  let postgres: RunningPostgres;
  let database: Database;
  let store: RunStore;
  let notices: NoticeStore;
  const context = () => ({ notices, log: silentLog, link: (path: string) => `https://mainstay.example.org/${path}` });

  before(async () => {
    server = createServer((incoming, outgoing) => {
      let body = '';
      incoming.on('data', (chunk) => {
        body += chunk;
      });
      incoming.on('end', () => {
        got.push({ path: incoming.url ?? '', headers: incoming.headers, body });
        outgoing.writeHead(status).end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), log: silentLog });
    database = openDatabase(postgres.url, silentLog);
    await migrate(database.pool);
    store = createPostgresRunStore(database);
    notices = createNoticeTables(database);
  });
  after(async () => {
    await database.close();
    await postgres.end();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  /** A channel of its own that begins now: what happened in other tests is none of its. */
  async function channel(name: string, more: Partial<ChannelSettings> = {}): Promise<ChannelSettings> {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
    const made = { name, kind: 'webhook', url, secret: 's3cret', on: NOTICE_KINDS, everySeconds: 1, ...more };
    await notices.collect(name, []);
    return made as ChannelSettings;
  }

  const at = (name: string) => got.filter(({ path }) => path === `/${name}`);
  const told = (one: Got | undefined) =>
    (
      JSON.parse(one?.body ?? '{"notices":[]}') as {
        readonly notices: { kind: string; text: string; link: string; sandbox: boolean }[];
      }
    ).notices;

  /** As if the channel's time had come. */
  async function later(name: string): Promise<void> {
    await database.change(`update notice_channel set taken = null where name = $1`, [name]);
    await database.change(`update notice set due = now() where channel = $1 and state = 'waiting'`, [name]);
  }

  async function failRun(id: string, summary = 'the image does not exist'): Promise<void> {
    await store.runs.add({ ...RUN, id });
    await store.runs.set(id, { outcome: { sandbox: true } as unknown as Outcome });
    await store.runs.set(id, { state: 'failed', summary, endedAt: new Date() });
  }

  it('signs what it posts to a webhook, and tells each thing once', async () => {
    const hook = await channel('hook');
    await failRun('run-1');
    await deliverDue(hook, context());
    await later('hook');
    await deliverDue(hook, context());
    const [first, ...rest] = at('hook');
    assert.equal(rest.length, 0);
    const signature = createHmac('sha256', 's3cret').update(first!.body).digest('hex');
    assert.equal(first!.headers['x-mainstay-signature-256'], `sha256=${signature}`);
    assert.match(String(first!.headers['x-mainstay-delivery']), /^[0-9a-f]{32}$/);
    const [notice] = told(first);
    assert.deepEqual(
      [notice?.kind, notice?.text, notice?.link, notice?.sandbox],
      [
        'run-failed',
        'update of shop/dev failed: the image does not exist',
        'https://mainstay.example.org/runs/run-1',
        true,
      ],
    );
  });

  it('tells of rollouts, of what waits for approval, of drift that comes and goes, and of a broken glass', async () => {
    const hook = await channel('all');
    await database.change(
      `insert into rollout (id, repository, commit, state, summary, stages, changes, ended_at)
       values ('shop@2', 'shop', 'abcdef0123', 'succeeded', 'all of 3', '[]', '[]', now())`,
    );
    await database.change(
      `insert into rollout (id, repository, commit, state, stages, changes, waits) values ('shop@3', 'shop', 'fedcba9876', 'waiting', '[]', '[]', $1)`,
      [JSON.stringify({ for: 'approval', environment: 'prod', text: 'waits for an approval of prod' })],
    );
    const audit = { repository: 'shop', by: 'mainstay' };
    await store.audit.add({
      ...audit,
      kind: 'drift',
      subject: 'shop/dev',
      text: '1 differs',
      detail: { state: 'drifted' },
    });
    await store.audit.add({
      ...audit,
      kind: 'drift',
      subject: 'shop/dev',
      text: 'nothing differs',
      detail: { state: 'none' },
    });
    await store.audit.add({
      ...audit,
      kind: 'break-glass',
      subject: 'shop@3',
      by: 'ann',
      text: 'break-glass prod: it burns',
    });
    await deliverDue(hook, context());
    const notices = told(at('all')[0]);
    assert.deepEqual(notices.map(({ kind, text, link }) => [kind, text, link.split('.org/')[1]]).toSorted(), [
      ['approval-wanted', 'rollout of fedcba98 waits for an approval of prod', 'rollouts/shop@3'],
      ['break-glass', 'break-glass prod: it burns by ann', 'rollouts/shop@3'],
      ['drift-found', 'drift of shop/dev: 1 differs', 'drift'],
      ['drift-gone', 'drift of shop/dev: nothing differs', 'drift'],
      ['rollout-finished', 'rollout of abcdef01 succeeded: all of 3', 'rollouts/shop@2'],
    ]);
    // What still waits is told to channels that begin later, too.
    await database.change(`update rollout set state = 'running' where id = 'shop@3'`);
  });

  it('tells only what a channel asks for, and nothing of before it was there', async () => {
    await failRun('run-before');
    const hook = await channel('some', { on: ['drift-found', 'run-failed'] });
    await store.audit.add({ repository: 'shop', by: 'ann', kind: 'break-glass', subject: 'shop@3', text: 'x' });
    await failRun('run-after');
    await deliverDue(hook, context());
    assert.deepEqual(
      told(at('some')[0]).map(({ link }) => link.split('/').at(-1)),
      ['run-after'],
    );
  });

  it('puts together what happens in a short time', async () => {
    const hook = await channel('grouped', { everySeconds: 3600 });
    await failRun('run-a');
    await deliverDue(hook, context());
    await failRun('run-b');
    await failRun('run-c');
    await deliverDue(hook, context());
    assert.equal(at('grouped').length, 1, 'not again so soon');
    await later('grouped');
    await deliverDue(hook, context());
    assert.deepEqual(
      at('grouped').map((one) => told(one).length),
      [1, 2],
    );
  });

  it('tries again what is not taken, and gives up in the end', async () => {
    const hook = await channel('down');
    await failRun('run-down');
    status = 503;
    try {
      for (let attempt = 1; attempt <= MOST_ATTEMPTS + 2; attempt += 1) {
        await deliverDue(hook, context());
        const { waiting } = await notices.counts('down');
        assert.equal(waiting, attempt < MOST_ATTEMPTS ? 1 : 0);
        await later('down');
      }
    } finally {
      status = 200;
    }
    assert.equal(at('down').length, MOST_ATTEMPTS);
    assert.equal(new Set(at('down').map(({ headers }) => headers['x-mainstay-delivery'])).size, 1, 'one delivery');
    assert.deepEqual(await notices.counts('down'), { waiting: 0, sent: 0, 'given-up': 1 });
  });

  it('goes on with what an earlier life took and did not finish, and lets one runner send it', async () => {
    const hook = await channel('taken');
    await failRun('run-taken');
    await notices.collect('taken', NOTICE_KINDS);
    const options = { most: 20, leaseSeconds: 30, everySeconds: 1 };
    assert.equal((await notices.take('taken', options)).length, 1);
    await deliverDue(hook, context());
    assert.equal(at('taken').length, 0, 'somebody else has it');
    await later('taken');
    await Promise.all([deliverDue(hook, context()), deliverDue(hook, context()), deliverDue(hook, context())]);
    assert.equal(at('taken').length, 1);
  });

  it('writes for Slack, and lets no text make a mention or a link; no secret leaves', async () => {
    redactor.add('hunter2-of-notices');
    const slack = await channel('slack', { kind: 'slack' });
    await failRun('run-slack', 'see <!channel> & <https://evil.example|here> hunter2-of-notices');
    const stop = startDelivering([slack], context());
    try {
      const deadline = performance.now() + 60_000;
      while (at('slack').length === 0 && performance.now() < deadline)
        await new Promise((resume) => setTimeout(resume, 50));
    } finally {
      await stop();
    }
    const { text } = JSON.parse(at('slack')[0]!.body) as { readonly text: string };
    assert.match(text, /^:x: \*shop\* \(sandbox\) update of shop\/dev failed: see &lt;!channel&gt; &amp; &lt;https:/);
    assert.match(text, / <https:\/\/mainstay\.example\.org\/runs\/run-slack\|look>$/);
    assert.doesNotMatch(text, /hunter2/);
    assert.equal(at('slack')[0]!.headers['x-mainstay-signature-256'], undefined);
  });
});
