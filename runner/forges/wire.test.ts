import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { after, afterEach, before, describe, type TestContext, test } from 'node:test';
import type { Forge } from '../core/forge.ts';
import { COMMENT_MARKER } from '../core/report-text.ts';
import { createGitHubForge } from './github/forge.ts';
import { createGitLabForge } from './gitlab/forge.ts';
import { startWireServer, type WireServer } from './wire-server.ts';

/** What cannot run here is asked at the wire: every call, its body and its order, and no other one. */
let wire: WireServer;
before(async () => {
  wire = await startWireServer();
});
afterEach(() => wire.verify());
after(() => wire.close());

const pull = (more: object = {}) => ({
  ...{ number: 7, title: 'More', state: 'open', merged: false, user: { login: 'ada' } },
  head: { ref: 'more', sha: 'h', repo: { id: 1 } },
  base: { ref: 'main', sha: 'b', repo: { id: 1 } },
  ...more,
});

describe('GitHub', () => {
  const REPOSITORY = '/api/v3/repos/o/r';
  const open = (): Forge => createGitHubForge({ url: wire.url, repository: 'o/r', base: 'main', token: 't' });

  test('lists the changes into the base branch on all pages, and tells forks', async () => {
    const next = `${wire.url}${REPOSITORY}/pulls?state=open&base=main&per_page=100&page=2`;
    const fork = pull({ number: 9, head: { ref: 'x', sha: 'f', repo: { id: 2 } } });
    const gone = pull({ number: 10, user: null, head: { ref: 'x', sha: 'g', repo: null } });
    wire.expect(
      {
        call: `GET ${REPOSITORY}/pulls?state=open&base=main&per_page=100`,
        answer: [pull()],
        headers: { link: `<${next}>; rel="next"` },
      },
      { call: `GET ${REPOSITORY}/pulls?state=open&base=main&per_page=100&page=2`, answer: [fork, gone] },
    );
    const found = await open().proposals!.list();
    assert.deepEqual(
      found.map(({ name, author, fork: isFork, ref }) => ({ name, author, isFork, ref })),
      [
        { name: '7', author: 'ada', isFork: false, ref: 'refs/pull/7/head' },
        { name: '9', author: 'ada', isFork: true, ref: 'refs/pull/9/head' },
        { name: '10', author: '', isFork: true, ref: 'refs/pull/10/head' },
      ],
    );
    assert.equal(wire.seen.at(-1)!.authorization, 'Bearer t');
  });

  test('puts one comment, edits it, and sends nothing for the same text', async () => {
    const forge = open();
    const put = (text: string) => forge.putComment({ change: '7', commit: 'h', text: `${COMMENT_MARKER} ${text}` });
    const others = [
      { id: 1, body: COMMENT_MARKER, user: { login: 'mallory' } },
      { id: 2, body: null, user: null },
    ];
    wire.expect(
      { call: 'GET /api/v3/user', answer: { login: 'bot' } },
      { call: `GET ${REPOSITORY}/issues/7/comments?per_page=100`, answer: others },
      {
        call: `POST ${REPOSITORY}/issues/7/comments`,
        body: { body: `${COMMENT_MARKER} one` },
        answer: { id: 3, body: '', user: null },
      },
      { call: `PATCH ${REPOSITORY}/issues/comments/3`, body: { body: `${COMMENT_MARKER} two` } },
    );
    await put('one');
    await put('two');
    await put('two');
  });

  test('sets a status, reacts, asks for a permission, merges a head and proposes a branch', async () => {
    const forge = open();
    wire.expect(
      {
        call: `POST ${REPOSITORY}/statuses/h`,
        status: 201,
        body: { state: 'pending', context: 'mainstay', description: 'x', target_url: 'https://a' },
      },
      { call: `POST ${REPOSITORY}/issues/comments/3/reactions`, body: { content: '+1' } },
      { call: `GET ${REPOSITORY}/collaborators/ada/permission`, answer: { permission: 'write' } },
      { call: `GET ${REPOSITORY}/collaborators/nobody/permission`, status: 404 },
      { call: `GET ${REPOSITORY}`, answer: { allow_merge_commit: true, allow_squash_merge: true } },
      { call: `PUT ${REPOSITORY}/pulls/7/merge`, body: { sha: 'h', merge_method: 'merge' } },
      { call: `GET ${REPOSITORY}`, answer: { allow_merge_commit: false, allow_squash_merge: false } },
      {
        call: `PUT ${REPOSITORY}/pulls/7/merge`,
        status: 409,
        answer: { message: 'Head branch was modified' },
        body: { sha: 'h', merge_method: 'rebase' },
      },
      { call: `GET ${REPOSITORY}/pulls/7`, answer: pull() },
      { call: `GET ${REPOSITORY}/pulls?state=open&base=main&per_page=100&head=o%3Ax`, answer: [] },
      {
        call: `POST ${REPOSITORY}/pulls`,
        body: { title: 'T', body: 'B', head: 'x', base: 'main' },
        answer: pull({ number: 11 }),
      },
      { call: `GET ${REPOSITORY}/pulls/11`, answer: pull({ state: 'closed', merged_at: '2026-01-01T00:00:00Z' }) },
    );
    await forge.setStatus({ commit: 'h', context: 'mainstay', state: 'pending', text: 'x', link: 'https://a' });
    await forge.proposals!.react({ change: '7', id: '3' }, 'done');
    assert.equal(await forge.proposals!.permissionOf('ada'), 'write');
    assert.equal(await forge.proposals!.permissionOf('nobody'), 'none');
    await forge.mergeChange('7', 'h');
    await assert.rejects(forge.mergeChange('7', 'h'), { kind: 'conflict' });
    assert.equal(await forge.openChange({ branch: 'x', title: 'T', text: 'B' }), '11');
    assert.equal(await forge.proposals!.endOf('11'), 'merged');
  });

  /** An App's key, and its forge at a time that the test moves. */
  function openApp(context: TestContext, key: { readonly privateKey: KeyObject }) {
    context.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-01-01T00:00:00Z') });
    const app = { appId: '12', privateKey: key.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString() };
    return createGitHubForge({ url: wire.url, repository: 'o/r', base: 'main', app });
  }
  const rsaKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
  const installed = { call: `GET ${REPOSITORY}/installation`, answer: { id: 5 } };
  const issued = (token: string, expires_at: string) => ({
    ...{ call: 'POST /api/v3/app/installations/5/access_tokens', body: { repositories: ['r'] }, status: 201 },
    answer: { token, expires_at },
  });

  test('signs in as an App, once an hour, for this repository alone', async (context) => {
    const key = rsaKey();
    const forge = openApp(context, key);
    wire.expect(
      installed,
      issued('first-token', '2026-01-01T01:00:00Z'),
      issued('second-token', '2026-01-01T02:00:00Z'),
    );
    assert.equal(await forge.token(), 'first-token');
    const [header, payload, signature] = String(wire.seen.at(-2)!.authorization).slice(7).split('.');
    const signed = Buffer.from(`${header}.${payload}`);
    assert.ok(verify('RSA-SHA256', signed, key.publicKey, Buffer.from(signature!, 'base64url')));
    const { iat, exp, iss } = JSON.parse(Buffer.from(payload!, 'base64url').toString());
    assert.equal(iss, '12');
    assert.ok(iat < Date.now() / 1000 && exp > Date.now() / 1000 && exp - iat <= 600);
    context.mock.timers.tick(50 * 60_000);
    assert.equal(await forge.token(), 'first-token');
    context.mock.timers.tick(6 * 60_000);
    assert.equal(await forge.token(), 'second-token');
    wire.expect({ call: `GET ${REPOSITORY}/pulls/7`, answer: pull() });
    assert.equal(await forge.proposals!.endOf('7'), 'open');
    assert.equal(wire.seen.at(-1)!.authorization, 'Bearer second-token');
  });

  test('signs in as an App where the clocks differ, and says when GitHub does not take it', async (context) => {
    const forge = openApp(context, rsaKey());
    const message = "'Expiration time' claim ('exp') is too far in the future";
    const date = 'Thu, 01 Jan 2026 01:00:00 GMT';
    wire.expect({ ...installed, status: 401, answer: { message }, headers: { date } }, installed, {
      ...issued('', ''),
      ...{ status: 401, answer: { message: 'A JSON web token could not be decoded' } },
    });
    await assert.rejects(forge.token(), { kind: 'user', message: /does not take the token: A JSON web token/ });
    const payload = String(wire.seen.at(-2)!.authorization).split('.')[1]!;
    assert.ok(JSON.parse(Buffer.from(payload, 'base64url').toString()).exp > Date.parse(date) / 1000);
  });

  test("says that an App's key is none before it asks for anything", async () => {
    const app = { appId: '12', privateKey: 'not a key' };
    const forge = createGitHubForge({ url: wire.url, repository: 'o/r', base: 'main', app });
    await assert.rejects(forge.token(), { kind: 'user', message: /private key is none/ });
  });
});

describe('GitLab', () => {
  const PROJECT = '/api/v4/projects/g%2Fs%2Fr';
  const open = (): Forge => createGitLabForge({ url: wire.url, repository: 'g/s/r', base: 'main', token: 't' });
  const request = (more: object = {}) => ({
    ...{ iid: 7, title: 'More', state: 'opened', sha: 'h', author: { username: 'ada' }, target_branch: 'main' },
    ...{ source_project_id: 1, target_project_id: 1, ...more },
  });

  test('lists merge requests, tells forks, and leaves out one that has no head yet', async () => {
    const answer = [request(), request({ iid: 8, source_project_id: 2 }), request({ iid: 9, sha: null })];
    wire.expect({ call: `GET ${PROJECT}/merge_requests?state=opened&target_branch=main&per_page=100`, answer });
    const found = await open().proposals!.list();
    assert.deepEqual(
      found.map(({ name, fork, ref }) => ({ name, fork, ref })),
      [
        { name: '7', fork: false, ref: 'refs/merge-requests/7/head' },
        { name: '8', fork: true, ref: 'refs/merge-requests/8/head' },
      ],
    );
    assert.equal(wire.seen.at(-1)!['private-token'], 't');
  });

  test('takes a status that is what it was for done', async () => {
    const status = { commit: 'h', context: 'mainstay', state: 'failure' as const, text: 'x', link: undefined };
    const message = 'Cannot transition status via :enqueue from :pending (Reason(s): ...)';
    const body = { state: 'failed', name: 'mainstay', description: 'x' };
    wire.expect(
      { call: `POST ${PROJECT}/statuses/h`, status: 400, answer: { message }, body },
      { call: `POST ${PROJECT}/statuses/h`, status: 400, answer: { message: 'description is too long' } },
    );
    await open().setStatus(status);
    await assert.rejects(open().setStatus(status), { kind: 'user', message: /too long/ });
  });

  test('knows permissions by level, inherited ones too', async () => {
    const { permissionOf } = open().proposals!;
    for (const [level, expected] of [
      [50, 'admin'],
      [40, 'admin'],
      [30, 'write'],
      [20, 'read'],
      [5, 'none'],
    ] as const) {
      wire.expect(
        { call: 'GET /api/v4/users?username=ada', answer: [{ id: 3 }] },
        { call: `GET ${PROJECT}/members/all/3`, answer: { access_level: level } },
      );
      assert.equal(await permissionOf('ada'), expected);
    }
    wire.expect({ call: 'GET /api/v4/users?username=nobody', answer: [] });
    assert.equal(await permissionOf('nobody'), 'none');
    wire.expect(
      { call: 'GET /api/v4/users?username=eve', answer: [{ id: 4 }] },
      { call: `GET ${PROJECT}/members/all/4`, status: 404 },
    );
    assert.equal(await permissionOf('eve'), 'none');
  });

  test('puts comments and issues in place, reacts, merges and proposes', async () => {
    const forge = open();
    const notes = `${PROJECT}/merge_requests/7/notes`;
    const marked = '<!-- mainstay:issue drift -->\ntext';
    wire.expect(
      { call: 'GET /api/v4/user', answer: { username: 'bot' } },
      { call: `GET ${notes}?per_page=100`, answer: [{ id: 4, body: COMMENT_MARKER, author: { username: 'bot' } }] },
      { call: `PUT ${notes}/4`, body: { body: `${COMMENT_MARKER} new` } },
      { call: `POST ${notes}/5/award_emoji`, body: { name: 'eyes' } },
      {
        call: `POST ${notes}/5/award_emoji`,
        status: 404,
        answer: { message: 'Award Emoji Name has already been taken' },
      },
      { call: `GET ${PROJECT}/issues?state=opened&scope=created_by_me&per_page=100`, answer: [] },
      {
        call: `POST ${PROJECT}/issues`,
        body: { title: 'T', description: marked },
        answer: { iid: 2, description: marked, author: null },
      },
      { call: `GET ${PROJECT}/issues/2/notes?per_page=100`, answer: [] },
      { call: `POST ${PROJECT}/issues/2/notes`, body: { body: 'Gone.' } },
      { call: `PUT ${PROJECT}/issues/2`, body: { state_event: 'close' } },
      { call: `PUT ${PROJECT}/merge_requests/7/merge`, status: 405, answer: { message: '405 Method Not Allowed' } },
      { call: `GET ${PROJECT}/merge_requests/7`, answer: request() },
      {
        call: `GET ${PROJECT}/merge_requests?state=opened&target_branch=main&source_branch=x`,
        answer: [request({ iid: 8 })],
      },
    );
    await forge.putComment({ change: '7', commit: 'h', text: `${COMMENT_MARKER} new` });
    await forge.proposals!.react({ change: '7', id: '5' }, 'seen');
    await forge.proposals!.react({ change: '7', id: '5' }, 'seen');
    const issue = await forge.putIssue!({ key: 'drift', title: 'T', text: 'text' });
    await forge.closeIssue!(issue, 'Gone.');
    await assert.rejects(forge.mergeChange('7', 'h'), { kind: 'conflict' });
    assert.equal(await forge.openChange({ branch: 'x', title: 'T', text: 'B' }), '8');
  });
});
