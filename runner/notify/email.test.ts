import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { type Log, silentLog } from '../../foundation/log.ts';
import { redactor } from '../../foundation/redact.ts';
import { type Certificate, makeCertificate } from '../../test/servers/certificates.ts';
import type { Delivery, NoticeStore } from '../core/notice.ts';
import type { EmailSettings, ToldNotice } from './channels.ts';
import { deliverDue, MOST_ATTEMPTS } from './deliver.ts';
import { emailFor, sendEmail } from './email.ts';

/** On a real mail server, that speaks over the wire. */
interface Got {
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  readonly text: string;
}

const folder = mkdtempSync(join(tmpdir(), 'mainstay-email-'));
let certificate: Certificate;
const servers: SMTPServer[] = [];
let got: Got[] = [];

before(async () => {
  certificate = await makeCertificate(folder);
});
afterEach(async () => {
  got = [];
  for (const server of servers.splice(0)) await new Promise<void>((closed) => server.close(() => closed()));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Knows the user `mainstay`; refuses mail to `nobody@`. Resolves to its port. */
async function startServer(options: SMTPServerOptions = {}): Promise<number> {
  const server = new SMTPServer({
    ...{ key: certificate.key, cert: certificate.certificate, authOptional: true, logger: false },
    onAuth: ({ username, password }, _session, done) =>
      username === 'mainstay' && password === 'the-password'
        ? done(null, { user: username })
        : done(new Error('5.7.8 no such user')),
    onRcptTo: ({ address }, _session, done) => done(address.startsWith('nobody@') ? new Error('no such box') : null),
    onData: (stream, session, done) => {
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        got.push({ to, user: session.user as string | undefined, secure: session.secure, text });
        done();
      });
    },
    ...options,
  });
  servers.push(server);
  server.on('error', () => {});
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return (server.server.address() as AddressInfo).port;
}

function channel(port: number, more: Partial<EmailSettings> = {}): EmailSettings {
  return {
    ...{ name: 'people', kind: 'email', on: ['run-failed'], everySeconds: 1, host: '127.0.0.1', port },
    ...{ tls: 'starttls', ca: certificate.certificate, from: 'Mainstay <mainstay@example.org>' },
    ...{ to: ['ada@example.org', 'Grace <grace@example.org>'], ...more },
  };
}

const NOTICE: ToldNotice = {
  ...{ key: 'run 1', kind: 'run-failed', repository: 'shop', subject: '1', sandbox: false, at: '2026-11-21T13:00:00Z' },
  ...{ text: 'update of shop/prod failed: <b>no</b> image', link: 'https://mainstay.example.org/runs/1' },
};
const MESSAGE = { notices: [NOTICE], delivery: 'f'.repeat(32), log: silentLog };

test('gives a message to the server, by TLS and signed in, in text and HTML', async () => {
  for (const tls of ['starttls', 'implicit'] as const) {
    const port = await startServer({ secure: tls === 'implicit' });
    await sendEmail(channel(port, { tls, username: 'mainstay', password: 'the-password' }), MESSAGE);
    const [one, ...more] = got.splice(0);
    assert.equal(more.length, 0);
    assert.deepEqual([one?.secure, one?.user, one?.to], [true, 'mainstay', ['ada@example.org', 'grace@example.org']]);
    const text = one!.text;
    assert.match(text, /^From: Mainstay <mainstay@example\.org>\r?$/m);
    assert.match(text, /^Subject: \[Mainstay\] shop: update of shop\/prod failed: <b>no<\/b> image\r?$/m);
    assert.match(text, /^Message-ID: <f{32}@example\.org>\r?$/m);
    assert.match(text, /^Auto-Submitted: auto-generated\r?$/m);
    assert.match(text, /Content-Type: text\/plain/);
    assert.match(text, /Content-Type: text\/html/);
    assert.match(text, /&lt;b&gt;no&lt;\/b&gt; image/);
  }
});

test('says many things in one message, one line of a subject whatever they are', () => {
  const evil = { ...NOTICE, text: 'two\r\nBcc: eve@example.org', repository: 'till', sandbox: true };
  const one = emailFor(channel(25), { notices: [evil], delivery: 'd' });
  assert.equal(one.subject, '[Mainstay] till (sandbox): two Bcc: eve@example.org');
  const many = emailFor(channel(25), { notices: [NOTICE, evil, { ...NOTICE, kind: 'break-glass' }], delivery: 'd' });
  assert.equal(many.subject, '[Mainstay] shop, till: 2 failed runs, 1 BROKEN GLASS');
  assert.match(String(many.text), /^failed run, till \(sandbox\), 2026-11-21T13:00:00Z$/m);
  const long = emailFor(channel(25), { notices: [{ ...NOTICE, text: 'x'.repeat(500) }], delivery: 'd' });
  assert.equal(long.subject?.length, 150);
});

test('sends no word to a server that offers no TLS, or whose certificate nobody vouches for', async () => {
  const plain = await startServer({ disabledCommands: ['STARTTLS'] });
  await assert.rejects(sendEmail(channel(plain), MESSAGE), /STARTTLS/);
  const port = await startServer();
  await assert.rejects(sendEmail(channel(port, { ca: undefined }), MESSAGE), /self-signed certificate/);
  assert.equal(got.length, 0);
  await sendEmail(channel(plain, { tls: 'none' }), MESSAGE);
  assert.deepEqual([got.length, got[0]?.secure], [1, false]);
});

test('says which addresses the server refused, and fails where it refused all', async () => {
  const port = await startServer();
  const warned: unknown[] = [];
  const log = Object.assign(Object.create(silentLog) as Log, { warn: (data: unknown) => void warned.push(data) });
  await sendEmail(channel(port, { to: ['nobody@example.org', 'ada@example.org'] }), { ...MESSAGE, log });
  assert.deepEqual(got[0]?.to, ['ada@example.org']);
  assert.deepEqual(warned, [{ channel: 'people', rejected: ['nobody@example.org'] }]);
  await assert.rejects(sendEmail(channel(port, { to: ['nobody@example.org'] }), MESSAGE), /no such box|rejected/);
});

/** Notices in memory: what became of each. */
function noticesOf(count: number) {
  const ends: unknown[] = [];
  let attempts = 0;
  const notice = { ...NOTICE, path: 'runs/1', link: undefined };
  const store: Pick<NoticeStore, 'collect' | 'take' | 'sent' | 'failed'> = {
    collect: async () => 0,
    take: async () => {
      attempts += 1;
      return Array.from({ length: count }, (_, number): Delivery => ({ number, notice, attempts }));
    },
    sent: async (numbers) => void ends.push(['sent', numbers]),
    failed: async (number, { problem, againSeconds }) => void ends.push(['failed', number, problem, againSeconds]),
  };
  const context = {
    notices: store as NoticeStore,
    log: silentLog,
    link: (path: string) => `https://m.example/${path}`,
  };
  return { ends, context, attempt: (next: number) => (attempts = next - 1) };
}

test('tries again as other channels do, and shows no secret in why', async () => {
  const port = await startServer();
  redactor.add('wrong-password-of-the-server');
  const wrong = channel(port, { username: 'mainstay', password: 'wrong-password-of-the-server' });
  const { ends, context, attempt } = noticesOf(1);
  await deliverDue(wrong, context);
  attempt(MOST_ATTEMPTS);
  await deliverDue(wrong, context);
  const [first, last] = ends as (readonly [string, number, string, number | undefined])[];
  assert.deepEqual([first?.[0], first?.[3], last?.[3]], ['failed', 10, undefined]);
  assert.match(first![2], /Invalid login: .*no such user/);
  assert.doesNotMatch(JSON.stringify(ends), /wrong-password/);
  const good = noticesOf(3);
  await deliverDue(channel(port), good.context);
  assert.deepEqual(good.ends, [['sent', [0, 1, 2]]]);
  assert.match(got[0]!.text, /^Subject: \[Mainstay\] shop: 3 failed runs\r?$/m);
  const closed = noticesOf(1);
  await deliverDue(channel(9), closed.context);
  assert.match(JSON.stringify(closed.ends), /ECONNREFUSED/);
});
